// Rows of notices and deliveries as SQLite has them. Private to this room.
#ifndef CHAYAN_GATEWAY_STORE_SQLITE_NOTICE_ROWS_H_
#define CHAYAN_GATEWAY_STORE_SQLITE_NOTICE_ROWS_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateway/base/status_macros.h"
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
absl::StatusOr<int64_t> FirstInteger(const Statement& row);
// Three columns, from `column` on: key_id, wrapped_secret, sealed.
SealedPayload PayloadFromRow(const Statement& row, int column);

// All rows of a statement, read by `read`.
template <typename Row, typename Read>
absl::StatusOr<std::vector<Row>> ReadAll(Statement& statement, Read read) {
  const absl::Cleanup resetter = [&statement] { statement.Reset(); };
  std::vector<Row> rows;
  while (true) {
    CHAYAN_ASSIGN_OR_RETURN(const bool more, statement.Step());
    if (!more) return rows;
    absl::StatusOr<Row> row = read(statement);
    CHAYAN_RETURN_IF_ERROR(row.status());
    rows.push_back(*std::move(row));
  }
}

// The one row of a statement. NOT_FOUND when it has none.
template <typename Row, typename Read>
absl::StatusOr<Row> ReadOne(Statement& statement, Read read) {
  const absl::Cleanup resetter = [&statement] { statement.Reset(); };
  CHAYAN_ASSIGN_OR_RETURN(const bool row, statement.Step());
  if (!row) return absl::NotFoundError("the store has no such notice or delivery");
  return read(statement);
}

// What a page may have, at most kNoticePageMax.
int64_t PageOf(size_t count);

// The delivery of subscription `?3`, due at `?4`, that still waits in the queue of recipient `?1`
// and subject `?2`, which is its first one.
std::string SelectInPeriod();

// The first row of the lane behind that of `?1` (recipient), `?2` (subscription) and `?3` (bulk):
// the one that is ready first. One column a comparison: that of row values would read all of the
// lane before.
std::string SelectNextLane();

}  // namespace chayan::store

#endif  // CHAYAN_GATEWAY_STORE_SQLITE_NOTICE_ROWS_H_
