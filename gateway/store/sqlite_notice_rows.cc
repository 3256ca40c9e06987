#include "gateway/store/sqlite_notice_rows.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "gateway/base/status_macros.h"
#include "gateway/store/rows.h"

namespace chayan::store {
namespace {

absl::StatusOr<Uuid> IdFrom(absl::string_view bytes) {
  absl::StatusOr<Uuid> id = Uuid::FromRaw(bytes);
  if (!id.ok()) return Damaged("an id of a notice or a delivery");
  return id;
}

absl::StatusOr<std::optional<Uuid>> OptionalIdFrom(absl::string_view bytes) {
  if (bytes.empty()) return std::nullopt;
  CHAYAN_ASSIGN_OR_RETURN(const Uuid id, IdFrom(bytes));
  return id;
}

}  // namespace

absl::StatusOr<StoredNotice> NoticeFromRow(const Statement& row) {
  StoredNotice notice;
  notice.ordinal = row.Integer(0);
  notice.entry = static_cast<uint64_t>(row.Integer(1));
  CHAYAN_ASSIGN_OR_RETURN(notice.id, IdFrom(row.Blob(2)));
  const absl::string_view digest = row.Blob(3);
  if (digest.size() != notice.request_digest.bytes.size()) return Damaged("a request's digest");
  std::copy(digest.begin(), digest.end(), notice.request_digest.bytes.begin());
  notice.kind = std::string(row.Blob(4));
  notice.publisher = std::string(row.Blob(5));
  notice.system = std::string(row.Blob(6));
  notice.acting_for = std::string(row.Blob(7));
  notice.time_ms = row.Integer(8);
  notice.test = row.Integer(9) != 0;
  CHAYAN_ASSIGN_OR_RETURN(notice.follows, OptionalIdFrom(row.Blob(10)));
  CHAYAN_ASSIGN_OR_RETURN(notice.followed_by, OptionalIdFrom(row.Blob(11)));
  notice.exception_owner = std::string(row.Blob(12));
  notice.answer = std::string(row.Blob(13));
  return notice;
}

absl::StatusOr<StoredDelivery> DeliveryFromRow(const Statement& row) {
  StoredDelivery delivery;
  delivery.seq = row.Integer(0);
  CHAYAN_ASSIGN_OR_RETURN(delivery.id, IdFrom(row.Blob(1)));
  delivery.notice = row.Integer(2);
  delivery.recipient = std::string(row.Blob(3));
  delivery.subscription = std::string(row.Blob(4));
  const int64_t state = row.Integer(5);
  if (state < 1 || state > kDeliveryStates) return Damaged("a delivery's state");
  delivery.state = static_cast<DeliveryState>(state);
  delivery.bulk = row.Integer(6) != 0;
  delivery.hosted = row.Integer(7) != 0;
  delivery.holds = row.Integer(8) != 0;
  delivery.due_ms = row.Integer(9);
  delivery.ready_ms = row.Integer(10);
  delivery.expire_ms = row.Integer(11);
  delivery.acknowledge_by_ms = row.Integer(12);
  delivery.attempts = static_cast<uint32_t>(row.Integer(13));
  delivery.blockers = static_cast<uint32_t>(row.Integer(14));
  delivery.earlier_missing = row.Integer(15) != 0;
  delivery.lease = std::string(row.Blob(16));
  delivery.reason = std::string(row.Blob(17));
  delivery.settlement = std::string(row.Blob(18));
  absl::string_view subjects = row.Blob(19);
  for (SubjectKey key; subjects.size() >= key.size(); subjects.remove_prefix(key.size())) {
    std::copy_n(subjects.begin(), key.size(), key.begin());
    delivery.subjects.push_back(key);
  }
  if (!subjects.empty()) return Damaged("a delivery's subjects");
  delivery.sent = row.Integer(20) != 0;
  delivery.fetch_by_ms = row.Integer(21);
  return delivery;
}

absl::StatusOr<StoredFrame> FrameFromRow(const Statement& row) {
  StoredFrame frame;
  frame.entry = static_cast<uint64_t>(row.Integer(0));
  absl::string_view items = row.Blob(1);
  for (; items.size() >= crypto::Digest::kSize; items.remove_prefix(crypto::Digest::kSize)) {
    CHAYAN_ASSIGN_OR_RETURN(const crypto::Digest item,
                            crypto::Digest::FromRaw(items.substr(0, crypto::Digest::kSize)));
    frame.items.push_back(item);
  }
  if (!items.empty() || frame.items.empty()) return Damaged("the items of a frame");
  return frame;
}

int64_t PageOf(size_t count) { return static_cast<int64_t>(std::min(count, kNoticePageMax)); }

absl::StatusOr<int64_t> FirstInteger(const Statement& row) { return row.Integer(0); }

SealedPayload PayloadFromRow(const Statement& row, int column) {
  return {.key_id = std::string(row.Blob(column)),
          .wrapped_secret = std::string(row.Blob(column + 1)),
          .sealed = std::string(row.Blob(column + 2))};
}

std::string SelectInPeriod() {
  return absl::StrCat("SELECT ", kDeliveryColumns,
                      " FROM delivery_queue q JOIN delivery d ON d.seq = q.seq "
                      "WHERE q.recipient = ?1 AND q.subject = ?2 AND d.subscription = ?3 "
                      "AND d.due_ms = ?4 AND d.state = 1 AND substr(d.subjects, 1, 16) = ?2 "
                      "ORDER BY q.turn DESC LIMIT 1");
}

std::string SelectNextLane() {
  const auto first_where = [](const char* behind) {
    return absl::StrCat(
        "SELECT * FROM (SELECT recipient, subscription, bulk, ready_ms FROM delivery INDEXED BY "
        "delivery_ready WHERE state = 1 AND blockers = 0 AND ",
        behind, " ORDER BY recipient, subscription, bulk, ready_ms LIMIT 1)");
  };
  return absl::StrCat(first_where("recipient = ?1 AND subscription = ?2 AND bulk > ?3"),
                      " UNION ALL ", first_where("recipient = ?1 AND subscription > ?2"),
                      " UNION ALL ", first_where("recipient > ?1"), " LIMIT 1");
}

}  // namespace chayan::store
