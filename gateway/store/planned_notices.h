// Notices whose every byte follows from a number, and the change that brings them. For tests alone.
#ifndef CHAYAN_GATEWAY_STORE_PLANNED_NOTICES_H_
#define CHAYAN_GATEWAY_STORE_PLANNED_NOTICES_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gateway/store/conformance.h"
#include "gateway/store/notices.h"

namespace chayan::store {

Uuid PlannedId(uint64_t number);
SubjectKey PlannedSubject(uint64_t number);
SealedPayload PlannedPayload(uint64_t number);

// Notice `number` of hro-taipei, with request key and digest of its number and no delivery.
NewNotice PlannedNotice(uint64_t number);
// Delivery `number` of nhi's subscription "nhi-death", due at once, about the subjects.
NewDelivery PlannedDelivery(uint64_t number, const std::vector<uint64_t>& subjects);
// Notice `number` with delivery `number`.
NewNotice PlannedNotice(uint64_t number, const std::vector<uint64_t>& subjects);
StateStep PlannedStep(uint64_t delivery, DeliveryState from, DeliveryState to);

// Appends one entry that does this.
Appended AppendChange(Store& store, NoticeChange change);

// Gives the batch notices by their index: every third entry brings one with a delivery, the next
// one delivers it, but for every third of them.
void AddPlannedNotices(const Head& old, Batch& batch);
// OK when the store holds exactly these, up to its head.
absl::Status CheckPlannedNotices(Store& store);

}  // namespace chayan::store

#endif  // CHAYAN_GATEWAY_STORE_PLANNED_NOTICES_H_
