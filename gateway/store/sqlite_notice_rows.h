// Rows of notices and deliveries as SQLite has them. Private to this room.
#ifndef CHAYAN_GATEWAY_STORE_SQLITE_NOTICE_ROWS_H_
#define CHAYAN_GATEWAY_STORE_SQLITE_NOTICE_ROWS_H_

#include <string>

#include "absl/status/statusor.h"
#include "gateway/store/connection.h"
#include "gateway/store/notices.h"

namespace chayan::store {

// Columns that the functions below read, in their order.
inline constexpr char kNoticeColumns[] =
    "ordinal, entry, id, request_digest, kind, publisher, system, acting_for, time_ms, test, "
    "follows, followed_by, exception_owner, answer";
inline constexpr char kDeliveryColumns[] =
    "d.seq, d.id, d.notice, d.recipient, d.subscription, d.state, d.bulk, d.hosted, d.holds, "
    "d.due_ms, d.ready_ms, d.expire_ms, d.acknowledge_by_ms, d.attempts, d.blockers, "
    "d.earlier_missing, d.lease, d.reason, d.settlement, d.subjects, d.sent, d.fetch_by_ms";
inline constexpr int kDeliveryColumnCount = 22;

// The row a statement stands on. DATA_LOSS when it is malformed.
absl::StatusOr<StoredNotice> NoticeFromRow(const Statement& row);
absl::StatusOr<StoredDelivery> DeliveryFromRow(const Statement& row);
absl::StatusOr<StoredFrame> FrameFromRow(const Statement& row);  // entry, items

// The delivery of subscription `?3`, due at `?4`, that still waits in the queue of recipient `?1`
// and subject `?2`, which is its first one.
std::string SelectInPeriod();

// The first row of the lane behind that of `?1` (recipient), `?2` (subscription) and `?3` (bulk):
// the one that is ready first. One column a comparison: that of row values would read all of the
// lane before.
std::string SelectNextLane();

}  // namespace chayan::store

#endif  // CHAYAN_GATEWAY_STORE_SQLITE_NOTICE_ROWS_H_
