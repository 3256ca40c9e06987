#include "adapters/sdk/inbox.h"

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
  CREATE INDEX IF NOT EXISTS inbox_unrecorded ON inbox (time_ms)
    WHERE receipt_entry IS NULL OR (length(settlement) > 0 AND settlement_entry IS NULL);
  CREATE INDEX IF NOT EXISTS inbox_time ON inbox (time_ms);
)";

constexpr char kColumns[] =
    "delivery, notice, receipt, settlement, COALESCE(receipt_entry, -1), "
    "COALESCE(settlement_entry, -1)";

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
  return taken;
}

// A rejection that is in the log may be followed by an acknowledgement.
bool MayThinkAgain(const TakenNotice& taken, const std::string& settlement) {
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
      keep_, connection_.Prepare("INSERT OR REPLACE INTO inbox (delivery, notice, receipt, "
                                 "settlement, time_ms) VALUES (?, ?, ?, ?, ?)"));
  CHAYAN_ASSIGN_OR_RETURN(
      settle_, connection_.Prepare("UPDATE inbox SET settlement = ?2, settlement_entry = NULL "
                                   "WHERE delivery = ?1"));
  CHAYAN_ASSIGN_OR_RETURN(
      receipt_recorded_,
      connection_.Prepare("UPDATE inbox SET receipt_entry = ?2 WHERE delivery = ?1"));
  CHAYAN_ASSIGN_OR_RETURN(
      settlement_recorded_,
      connection_.Prepare("UPDATE inbox SET settlement_entry = ?2 WHERE delivery = ?1"));
  CHAYAN_ASSIGN_OR_RETURN(
      unrecorded_, connection_.Prepare(absl::StrCat(
                       "SELECT ", kColumns,
                       " FROM inbox WHERE receipt_entry IS NULL OR (length(settlement) > 0 AND "
                       "settlement_entry IS NULL) ORDER BY time_ms LIMIT ?")));
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
    }
    return absl::OkStatus();
  });
}

absl::StatusOr<std::optional<TakenNotice>> Inbox::Settle(const Uuid& delivery_id,
                                                         const std::string& settlement) {
  absl::MutexLock lock(&mu_);
  CHAYAN_ASSIGN_OR_RETURN(std::optional<TakenNotice> taken, Read(delivery_id));
  if (!taken.has_value()) return absl::NotFoundError("no such notice was taken here");
  if (taken->settlement == settlement) return std::nullopt;
  if (!taken->settlement.empty() && !MayThinkAgain(*taken, settlement)) {
    return absl::FailedPreconditionError("the office said something else of it before");
  }
  CHAYAN_RETURN_IF_ERROR(settle_.Bind(1, delivery_id.raw()).Bind(2, settlement).Run());
  taken->settlement = settlement;
  taken->settlement_entry.reset();
  return taken->receipt_entry.has_value() ? std::move(taken) : std::nullopt;
}

absl::StatusOr<std::vector<TakenNotice>> Inbox::Recorded(
    const std::vector<std::pair<Uuid, uint64_t>>& entries) {
  std::vector<TakenNotice> next;
  absl::MutexLock lock(&mu_);
  const absl::Status status = connection_.Transact([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(
                                                       mu_) -> absl::Status {
    for (const auto& [id, entry] : entries) {
      CHAYAN_ASSIGN_OR_RETURN(std::optional<TakenNotice> taken, Read(id));
      if (!taken.has_value() || taken->Unrecorded() == nullptr || taken->receipt_entry == entry) {
        continue;
      }
      const bool of_receipt = !taken->receipt_entry.has_value();
      store::Statement& update = of_receipt ? receipt_recorded_ : settlement_recorded_;
      CHAYAN_RETURN_IF_ERROR(update.Bind(1, id.raw()).Bind(2, static_cast<int64_t>(entry)).Run());
      taken->receipt_entry = entry;
      if (of_receipt && taken->Unrecorded() != nullptr) next.push_back(*std::move(taken));
    }
    return absl::OkStatus();
  });
  CHAYAN_RETURN_IF_ERROR(status);
  return next;
}

absl::StatusOr<std::vector<TakenNotice>> Inbox::Unrecorded(size_t count_max) {
  std::vector<TakenNotice> all;
  absl::MutexLock lock(&mu_);
  unrecorded_.Bind(1, static_cast<int64_t>(count_max));
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
  return forget_.Bind(1, absl::ToUnixMillis(now - kRememberedFor)).Run();
}

}  // namespace chayan::sdk
