#include "adapters/sdk/inbox.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "chayan/v1/notice_service.pb.h"
#include "gateway/base/status_macros.h"

namespace chayan::sdk {
namespace {

constexpr char kSchema[] = R"(
  CREATE TABLE IF NOT EXISTS inbox (
    delivery BLOB PRIMARY KEY,
    notice BLOB NOT NULL,
    receipt BLOB NOT NULL,
    receipt_entry INTEGER,
    settlement BLOB NOT NULL,
    settlement_entry INTEGER,
    time_ms INTEGER NOT NULL
  ) WITHOUT ROWID;
  DROP INDEX IF EXISTS inbox_unrecorded;
  CREATE INDEX IF NOT EXISTS inbox_to_record ON inbox (delivery)
    WHERE receipt_entry IS NULL OR (length(settlement) > 0 AND settlement_entry IS NULL);
  CREATE INDEX IF NOT EXISTS inbox_time ON inbox (time_ms);
  CREATE TABLE IF NOT EXISTS inbox_refused (
    delivery BLOB PRIMARY KEY,
    reason BLOB NOT NULL
  ) WITHOUT ROWID;
)";

constexpr char kColumns[] =
    "delivery, notice, receipt, settlement, COALESCE(receipt_entry, -1), "
    "COALESCE(settlement_entry, -1), "
    "COALESCE((SELECT reason FROM inbox_refused WHERE delivery = inbox.delivery), x'')";

std::optional<uint64_t> EntryOf(int64_t column) {
  return column < 0 ? std::nullopt : std::optional<uint64_t>(static_cast<uint64_t>(column));
}

absl::StatusOr<TakenNotice> FromRow(const store::Statement& row) {
  TakenNotice taken;
  CHAYAN_ASSIGN_OR_RETURN(taken.delivery_id, Uuid::FromRaw(row.Blob(0)));
  CHAYAN_ASSIGN_OR_RETURN(taken.notice_digest, crypto::Digest::FromRaw(row.Blob(1)));
  taken.receipt = std::string(row.Blob(2));
  taken.settlement = std::string(row.Blob(3));
  taken.receipt_entry = EntryOf(row.Integer(4));
  taken.settlement_entry = EntryOf(row.Integer(5));
  taken.refusal = std::string(row.Blob(6));
  return taken;
}

// What counts for nothing may be said otherwise, and a rejection that is in the log may be followed
// by an acknowledgement.
bool MaySayOtherwise(const TakenNotice& taken, const std::string& settlement) {
  if (taken.settlement.empty() || !taken.refusal.empty()) return true;
  v1::DeliveryReceipt before, after;
  return taken.settlement_entry.has_value() && before.ParseFromString(taken.settlement) &&
         after.ParseFromString(settlement) && before.state() == v1::DELIVERY_STATE_REJECTED &&
         after.state() == v1::DELIVERY_STATE_ACKNOWLEDGED;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Inbox>> Inbox::Open(const std::string& path) {
  auto connection = store::Connection::OpenOrMake(path, kSchema);
  if (!connection.ok()) return Annotate(connection.status(), "inbox");
  std::unique_ptr<Inbox> inbox(new Inbox(*std::move(connection)));
  absl::MutexLock lock(&inbox->mu_);
  if (const absl::Status status = inbox->Prepare(); !status.ok()) {
    return Annotate(status, absl::StrCat("inbox ", path));
  }
  return inbox;
}

absl::Status Inbox::Prepare() {
  CHAYAN_ASSIGN_OR_RETURN(find_, connection_.Prepare(absl::StrCat(
                                     "SELECT ", kColumns, " FROM inbox WHERE delivery = ?")));
  CHAYAN_ASSIGN_OR_RETURN(
      keep_,
      connection_.Prepare(
          "INSERT INTO inbox (delivery, notice, receipt, settlement, time_ms) "
          "VALUES (?, ?, ?, ?, ?) ON CONFLICT (delivery) DO UPDATE SET notice = excluded.notice, "
          "receipt = excluded.receipt, receipt_entry = NULL, settlement = CASE WHEN "
          "length(excluded.settlement) = 0 AND settlement_entry IS NULL THEN settlement ELSE "
          "excluded.settlement END, settlement_entry = NULL, time_ms = excluded.time_ms"));
  // The entry of a settlement before it takes the place of the receipt's: said again, it is not
  // taken for this one's.
  CHAYAN_ASSIGN_OR_RETURN(
      settle_, connection_.Prepare("UPDATE inbox SET settlement = ?2, receipt_entry = "
                                   "COALESCE(settlement_entry, receipt_entry), settlement_entry = "
                                   "NULL WHERE delivery = ?1"));
  CHAYAN_ASSIGN_OR_RETURN(
      refuse_,
      connection_.Prepare("INSERT OR REPLACE INTO inbox_refused (delivery, reason) VALUES (?, ?)"));
  CHAYAN_ASSIGN_OR_RETURN(accept_,
                          connection_.Prepare("DELETE FROM inbox_refused WHERE delivery = ?"));
  CHAYAN_ASSIGN_OR_RETURN(
      receipt_recorded_,
      connection_.Prepare("UPDATE inbox SET receipt_entry = ?2 WHERE delivery = ?1"));
  CHAYAN_ASSIGN_OR_RETURN(
      settlement_recorded_,
      connection_.Prepare("UPDATE inbox SET settlement_entry = ?2 WHERE delivery = ?1"));
  CHAYAN_ASSIGN_OR_RETURN(
      unrecorded_, connection_.Prepare(absl::StrCat(
                       "SELECT ", kColumns,
                       " FROM inbox WHERE (receipt_entry IS NULL OR (length(settlement) > 0 AND "
                       "settlement_entry IS NULL)) AND delivery > ? ORDER BY delivery LIMIT ?")));
  CHAYAN_ASSIGN_OR_RETURN(
      forget_,
      connection_.Prepare("DELETE FROM inbox WHERE time_ms < ? AND receipt_entry IS NOT NULL AND "
                          "(length(settlement) = 0 OR settlement_entry IS NOT NULL)"));
  return absl::OkStatus();
}

absl::StatusOr<std::optional<TakenNotice>> Inbox::Read(const Uuid& delivery_id) {
  CHAYAN_ASSIGN_OR_RETURN(const bool found, find_.Bind(1, delivery_id.raw()).Step());
  if (!found) return std::nullopt;
  absl::StatusOr<TakenNotice> taken = FromRow(find_);
  find_.Reset();
  return taken;
}

absl::StatusOr<std::optional<TakenNotice>> Inbox::Find(const Uuid& delivery_id) {
  absl::MutexLock lock(&mu_);
  return Read(delivery_id);
}

absl::Status Inbox::Keep(const std::vector<TakenNotice>& taken, absl::Time now) {
  absl::MutexLock lock(&mu_);
  return connection_.Transact([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) -> absl::Status {
    for (const TakenNotice& one : taken) {
      CHAYAN_RETURN_IF_ERROR(keep_.Bind(1, one.delivery_id.raw())
                                 .Bind(2, one.notice_digest.raw())
                                 .Bind(3, one.receipt)
                                 .Bind(4, one.settlement)
                                 .Bind(5, absl::ToUnixMillis(now))
                                 .Run());
      CHAYAN_RETURN_IF_ERROR(accept_.Bind(1, one.delivery_id.raw()).Run());
    }
    return absl::OkStatus();
  });
}

absl::StatusOr<Inbox::Settled> Inbox::Settle(const Uuid& delivery_id,
                                             const std::string& settlement) {
  absl::MutexLock lock(&mu_);
  CHAYAN_ASSIGN_OR_RETURN(std::optional<TakenNotice> taken, Read(delivery_id));
  if (!taken.has_value()) return absl::NotFoundError("no such notice was taken here");
  const bool is_new = taken->settlement != settlement;
  if (is_new) {
    if (!MaySayOtherwise(*taken, settlement)) {
      return absl::FailedPreconditionError("the office said something else of it before");
    }
    const absl::Status status =
        connection_.Transact([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) -> absl::Status {
          CHAYAN_RETURN_IF_ERROR(settle_.Bind(1, delivery_id.raw()).Bind(2, settlement).Run());
          return accept_.Bind(1, delivery_id.raw()).Run();
        });
    CHAYAN_RETURN_IF_ERROR(status);
    taken->settlement = settlement;
    if (taken->settlement_entry.has_value()) {
      taken->receipt_entry = std::exchange(taken->settlement_entry, std::nullopt);
    }
    taken->refusal.clear();
  }
  return Settled{*std::move(taken), is_new};
}

absl::Status Inbox::RecordOne(const RecordedWord& word, std::vector<TakenNotice>& next) {
  CHAYAN_ASSIGN_OR_RETURN(std::optional<TakenNotice> taken, Read(word.delivery_id));
  if (!taken.has_value() || taken->Unrecorded() == nullptr || taken->receipt_entry == word.entry) {
    return absl::OkStatus();
  }
  const absl::string_view id = word.delivery_id.raw();
  const bool of_receipt = !taken->receipt_entry.has_value();
  store::Statement& update = of_receipt ? receipt_recorded_ : settlement_recorded_;
  CHAYAN_RETURN_IF_ERROR(update.Bind(1, id).Bind(2, static_cast<int64_t>(word.entry)).Run());
  if (word.refusal.empty()) {
    CHAYAN_RETURN_IF_ERROR(accept_.Bind(1, id).Run());
  } else {
    CHAYAN_RETURN_IF_ERROR(refuse_.Bind(1, id).Bind(2, word.refusal).Run());
  }
  taken->receipt_entry = word.entry;
  if (of_receipt && taken->Unrecorded() != nullptr) next.push_back(*std::move(taken));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<TakenNotice>> Inbox::Recorded(const std::vector<RecordedWord>& words) {
  std::vector<TakenNotice> next;
  absl::MutexLock lock(&mu_);
  const absl::Status status =
      connection_.Transact([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) -> absl::Status {
        for (const RecordedWord& word : words) CHAYAN_RETURN_IF_ERROR(RecordOne(word, next));
        return absl::OkStatus();
      });
  CHAYAN_RETURN_IF_ERROR(status);
  return next;
}

absl::StatusOr<std::vector<TakenNotice>> Inbox::Unrecorded(const Uuid& after, size_t count_max) {
  std::vector<TakenNotice> all;
  absl::MutexLock lock(&mu_);
  unrecorded_.Bind(1, after.raw()).Bind(2, static_cast<int64_t>(count_max));
  while (true) {
    CHAYAN_ASSIGN_OR_RETURN(const bool row, unrecorded_.Step());
    if (!row) return all;
    absl::StatusOr<TakenNotice> taken = FromRow(unrecorded_);
    if (!taken.ok()) {
      unrecorded_.Reset();
      return taken.status();
    }
    all.push_back(*std::move(taken));
  }
}

absl::Status Inbox::Forget(absl::Time now) {
  absl::MutexLock lock(&mu_);
  CHAYAN_RETURN_IF_ERROR(forget_.Bind(1, absl::ToUnixMillis(now - kRememberedFor)).Run());
  return connection_.Run(
      "DELETE FROM inbox_refused WHERE delivery NOT IN (SELECT delivery FROM inbox)");
}

}  // namespace chayan::sdk
