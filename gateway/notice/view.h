// Notices and deliveries as those who have to do with them see them. No payload.
#ifndef CHAYAN_GATEWAY_NOTICE_VIEW_H_
#define CHAYAN_GATEWAY_NOTICE_VIEW_H_

#include <optional>

#include "absl/status/statusor.h"
#include "chayan/v1/notice_service.pb.h"
#include "gateway/notice/collaborators.h"
#include "gateway/registry/snapshot.h"

namespace chayan::notice {

// Where a delivery stands, without its steps; what its recipient said of it is opened.
absl::StatusOr<v1::DeliveryStatus> StatusOf(const Collaborators& with,
                                            const store::StoredNotice& notice,
                                            const store::StoredDelivery& delivery);
// The same once the recipient has said this, at `time`.
v1::DeliveryStatus StatusAfter(const Collaborators& with, const store::StoredNotice& notice,
                               const store::StoredDelivery& delivery,
                               const v1::DeliveryReceipt& said, absl::Time time);
// The same with its history, from its scheduling on.
absl::StatusOr<v1::DeliveryStatus> HistoryOf(const Collaborators& with,
                                             const store::StoredNotice& notice,
                                             const store::StoredDelivery& delivery);
absl::StatusOr<v1::NoticeStatus> StatusOf(const Collaborators& with,
                                          const store::StoredNotice& notice);

}  // namespace chayan::notice

#endif  // CHAYAN_GATEWAY_NOTICE_VIEW_H_
