// Legal holds: what must be kept although it could be erased.
#ifndef CHAYAN_GATEWAY_AUDIT_HOLDS_H_
#define CHAYAN_GATEWAY_AUDIT_HOLDS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/statusor.h"
#include "gateway/audit/audit_call.h"

namespace chayan::audit {

// Each answers one call. On the reading thread, so that no two changes of state cross.
void PlaceHold(const Collaborators& with, AuditCall call);
void LiftHold(const Collaborators& with, AuditCall call);
void ListHolds(const Collaborators& with, AuditCall call);

// Whether a hold keeps the entry.
absl::StatusOr<bool> IsHeld(store::Store& store, uint64_t index);
// The entries held, by the vault key that their hold keeps.
absl::StatusOr<absl::btree_map<std::string, std::vector<uint64_t>>> HeldByKey(store::Store& store);

}  // namespace chayan::audit

#endif  // CHAYAN_GATEWAY_AUDIT_HOLDS_H_
