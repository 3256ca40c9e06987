#include "gateway/store/sqlite_notice_lender.h"

#include <sqlite3.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/base/check.h"
#include "gateway/base/status_macros.h"
#include "gateway/store/sqlite_notice_rows.h"

namespace chayan::store {

absl::StatusOr<std::unique_ptr<SqliteNoticeLender>> SqliteNoticeLender::Open(
    const std::string& path, absl::Mutex& write_mu, std::function<absl::Status()> check) {
  std::unique_ptr<SqliteNoticeLender> result(new SqliteNoticeLender(write_mu, std::move(check)));
  absl::MutexLock lock(&result->mu_);
  CHAYAN_RETURN_IF_ERROR(result->Prepare(path));
  return result;
}

absl::Status SqliteNoticeLender::Prepare(const std::string& path) {
  CHAYAN_ASSIGN_OR_RETURN(connection_, Connection::Open(path, Connection::Mode::kReadWrite));
  CHAYAN_RETURN_IF_ERROR(
      connection_.Run("PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0; "
                      "PRAGMA secure_delete = ON; PRAGMA cell_size_check = ON; "
                      "PRAGMA trusted_schema = OFF"));
  const std::pair<Statement*, std::string> statements[] = {
      {&begin_, "BEGIN IMMEDIATE"},
      {&commit_, "COMMIT"},
      {&rollback_, "ROLLBACK"},
      {&ready_, absl::StrCat("SELECT ", kDeliveryColumns,
                             ", p.key_id, p.wrapped_secret, p.sealed FROM delivery d "
                             "INDEXED BY delivery_ready JOIN delivery_payload p ON p.seq = d.seq "
                             "WHERE d.recipient = ? AND d.subscription = ? AND d.bulk = ? "
                             "AND d.state = 1 AND d.blockers = 0 AND d.ready_ms <= ? "
                             "ORDER BY d.ready_ms LIMIT ?")},
      {&lend_, "UPDATE delivery SET lease = ?, ready_ms = ?, sent = 1 WHERE seq = ?"},
      {&put_off_,
       "UPDATE delivery SET lease = x'', ready_ms = ?, attempts = attempts + (length(?2) > 0), "
       "reason = CASE WHEN length(?2) > 0 THEN ?2 ELSE reason END "
       "WHERE seq = ?3 AND state = 1 AND lease = ?4"},
      {&shred_, "DELETE FROM delivery_payload WHERE seq = ?"},
      {&end_leases_,
       "UPDATE delivery SET lease = x'', ready_ms = min(ready_ms, ?) "
       "WHERE lease = ? AND lease <> x'' AND state = 1"},
      {&make_ready_,
       "UPDATE delivery SET ready_ms = ?4 WHERE seq >= ?1 AND seq < ?2 AND state = 1 AND "
       "due_ms <= ?3 AND ready_ms > ?4"},
      {&last_seq_, "SELECT coalesce(max(seq), 0) FROM delivery"},
      {&warn_unfetched_, "UPDATE delivery SET fetch_by_ms = 0 WHERE seq = ? AND fetch_by_ms > 0"},
      {&warn_, "UPDATE delivery SET warned = ?1 WHERE seq = ?2 AND warned < ?1"},
      {&insert_warning_,
       "INSERT INTO notice_event (publisher, time_ms, seq, state, kind) "
       "SELECT publisher, ?, seq, state, ? FROM delivery WHERE seq = ?"},
  };
  for (const auto& [statement, sql] : statements) {
    CHAYAN_ASSIGN_OR_RETURN(*statement, connection_.Prepare(sql));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Claimed>> SqliteNoticeLender::SelectReady(const ClaimRequest& request) {
  ready_.Bind(1, request.lane.recipient)
      .Bind(2, request.lane.subscription)
      .Bind(3, int64_t{request.lane.bulk})
      .Bind(4, request.now_ms)
      .Bind(5, PageOf(request.count));
  return ReadAll<Claimed>(ready_, [](const Statement& row) -> absl::StatusOr<Claimed> {
    CHAYAN_ASSIGN_OR_RETURN(StoredDelivery delivery, DeliveryFromRow(row));
    return Claimed{.delivery = std::move(delivery),
                   .payload = PayloadFromRow(row, kDeliveryColumnCount)};
  });
}

absl::Status SqliteNoticeLender::Lend(const ClaimRequest& request, std::vector<Claimed>& claimed) {
  CHAYAN_RETURN_IF_ERROR(begin_.Run());
  absl::StatusOr<std::vector<Claimed>> ready = SelectReady(request);
  absl::Status status = ready.status();
  for (size_t i = 0; status.ok() && i < ready->size(); ++i) {
    StoredDelivery& delivery = (*ready)[i].delivery;
    delivery.lease = request.gateway;
    delivery.ready_ms = request.until_ms;
    lend_.Bind(1, delivery.lease).Bind(2, delivery.ready_ms).Bind(3, delivery.seq);
    status = lend_.Run();
  }
  if (status.ok()) status = commit_.Run();
  if (status.ok()) {
    claimed = *std::move(ready);
  } else if (connection_.in_transaction()) {
    CHAYAN_RETURN_IF_ERROR(rollback_.Run());
  }
  return status;
}

absl::StatusOr<std::vector<Claimed>> SqliteNoticeLender::Claim(const ClaimRequest& request) {
  CHAYAN_CHECK(!request.gateway.empty() && request.until_ms > request.now_ms);
  CHAYAN_RETURN_IF_ERROR(check_());
  absl::MutexLock lock(&mu_);
  absl::MutexLock write_lock(&write_mu_);
  std::vector<Claimed> claimed;
  CHAYAN_RETURN_IF_ERROR(Annotate(Lend(request, claimed), "claim deliveries"));
  return claimed;
}

absl::Status SqliteNoticeLender::PutOff(int64_t seq, const std::string& gateway, int64_t ready_ms,
                                        absl::string_view failed) {
  CHAYAN_RETURN_IF_ERROR(check_());
  absl::MutexLock lock(&mu_);
  absl::MutexLock write_lock(&write_mu_);
  put_off_.Bind(1, ready_ms).Bind(2, failed).Bind(3, seq).Bind(4, gateway);
  CHAYAN_RETURN_IF_ERROR(Annotate(put_off_.Run(), "put a delivery off"));
  if (connection_.changes() == 1) return absl::OkStatus();
  return absl::NotFoundError("the delivery is not under this gateway's lease any more");
}

absl::Status SqliteNoticeLender::EndLeases(const std::string& gateway, int64_t now_ms) {
  CHAYAN_RETURN_IF_ERROR(check_());
  absl::MutexLock lock(&mu_);
  absl::MutexLock write_lock(&write_mu_);
  return Annotate(end_leases_.Bind(1, now_ms).Bind(2, gateway).Run(), "end leases");
}

absl::StatusOr<int64_t> SqliteNoticeLender::MakeReady(int64_t first_seq, size_t count,
                                                      int64_t due_by_ms, int64_t now_ms) {
  CHAYAN_RETURN_IF_ERROR(check_());
  absl::MutexLock lock(&mu_);
  absl::MutexLock write_lock(&write_mu_);
  const int64_t end = first_seq + static_cast<int64_t>(count);
  make_ready_.Bind(1, first_seq).Bind(2, end).Bind(3, due_by_ms).Bind(4, now_ms);
  CHAYAN_RETURN_IF_ERROR(Annotate(make_ready_.Run(), "make deliveries ready"));
  CHAYAN_ASSIGN_OR_RETURN(const int64_t last, ReadOne<int64_t>(last_seq_, FirstInteger));
  return end > last ? 0 : end;
}

absl::Status SqliteNoticeLender::Warn(int64_t seq, NoticeEventKind warning, int64_t time_ms) {
  CHAYAN_RETURN_IF_ERROR(check_());
  absl::MutexLock lock(&mu_);
  absl::MutexLock write_lock(&write_mu_);
  const auto number = static_cast<int64_t>(warning);
  absl::Status status = begin_.Run();
  if (status.ok()) {
    status = warning == NoticeEventKind::kNotFetched ? warn_unfetched_.Bind(1, seq).Run()
                                                     : warn_.Bind(1, number).Bind(2, seq).Run();
  }
  if (status.ok() && connection_.changes() == 1) {
    status = insert_warning_.Bind(1, time_ms).Bind(2, number).Bind(3, seq).Run();
  }
  if (status.ok()) status = commit_.Run();
  if (!status.ok() && connection_.in_transaction()) CHAYAN_RETURN_IF_ERROR(rollback_.Run());
  return Annotate(status, "keep a warning");
}

absl::Status SqliteNoticeLender::Shred(int64_t seq) {
  CHAYAN_RETURN_IF_ERROR(check_());
  absl::MutexLock lock(&mu_);
  absl::MutexLock write_lock(&write_mu_);
  return Annotate(shred_.Bind(1, seq).Run(), "shred a payload");
}

void SqliteNoticeLender::KeepLogOnClose() {
  absl::MutexLock lock(&mu_);
  sqlite3_db_config(connection_.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

}  // namespace chayan::store
