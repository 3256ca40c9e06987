#include "gateway/store/sqlite_notices.h"

#include <sqlite3.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/status_macros.h"
#include "gateway/store/sqlite_notice_rows.h"

namespace chayan::store {
namespace {

absl::string_view Bytes(const std::array<uint8_t, 16>& key) {
  return {reinterpret_cast<const char*>(key.data()), key.size()};
}

absl::StatusOr<StoredNotice> ReadNoticeRow(Statement& statement) {
  return ReadOne<StoredNotice>(statement, NoticeFromRow);
}

absl::StatusOr<StoredDelivery> ReadDeliveryRow(Statement& statement) {
  return ReadOne<StoredDelivery>(statement, DeliveryFromRow);
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteNotices>> SqliteNotices::Open(
    const std::string& path, absl::Mutex& write_mu, std::function<absl::Status()> check) {
  CHAYAN_ASSIGN_OR_RETURN(auto lender, SqliteNoticeLender::Open(path, write_mu, std::move(check)));
  std::unique_ptr<SqliteNotices> result(new SqliteNotices(std::move(lender)));
  absl::MutexLock lock(&result->mu_);
  CHAYAN_RETURN_IF_ERROR(result->OpenReader(path));
  return result;
}

absl::Status SqliteNotices::OpenReader(const std::string& path) {
  CHAYAN_ASSIGN_OR_RETURN(reader_, Connection::Open(path, Connection::Mode::kReadOnly));
  CHAYAN_RETURN_IF_ERROR(reader_.Run("PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF"));
  const std::string notice = absl::StrCat("SELECT ", kNoticeColumns, " FROM notice WHERE ");
  const std::string delivery = absl::StrCat("SELECT ", kDeliveryColumns, " FROM delivery d WHERE ");
  const auto seqs = [](const char* side) {
    return absl::StrCat("SELECT seq FROM delivery WHERE ", side,
                        " = ? AND state = ? AND seq > ? ORDER BY seq LIMIT ?");
  };
  const std::pair<Statement*, std::string> statements[] = {
      {&by_request_, notice + "request_key = ?"},
      {&by_id_, notice + "id = ?"},
      {&by_ordinal_, notice + "ordinal = ?"},
      {&delivery_by_id_, delivery + "d.id = ?"},
      {&delivery_by_seq_, delivery + "d.seq = ?"},
      {&payload_, "SELECT key_id, wrapped_secret, sealed FROM delivery_payload WHERE seq = ?"},
      {&of_notice_, absl::StrCat("SELECT ", kDeliveryColumns,
                                 " FROM notice n JOIN delivery d ON d.seq >= max(n.first_seq, ?2) "
                                 "AND d.seq < n.first_seq + n.deliveries WHERE n.ordinal = ?1 "
                                 "ORDER BY d.seq LIMIT ?3")},
      {&steps_,
       "SELECT time_ms, state, reason, entry FROM delivery_step WHERE seq = ? ORDER BY step LIMIT "
       "?"},
      {&of_recipient_, seqs("recipient")},
      {&of_publisher_, seqs("publisher")},
      {&events_,
       "SELECT event, time_ms, seq, state, kind FROM notice_event WHERE publisher = ? AND event > "
       "? "
       "ORDER BY event LIMIT ?"},
      {&count_,
       "SELECT state, count FROM delivery_count WHERE recipient = ? AND count > 0 ORDER BY state"},
      {&in_period_, SelectInPeriod()},
      {&next_lane_, SelectNextLane()},
      {&last_event_, "SELECT coalesce(max(event), 0) FROM notice_event"},
      {&exceptions_, notice +
                         "exception_owner = ? AND exception_owner <> x'' AND ordinal > ? ORDER BY "
                         "ordinal LIMIT ?"},
      {&oldest_due_,
       "SELECT due_ms FROM delivery WHERE recipient = ? AND state = 1 ORDER BY due_ms LIMIT 1"},
      {&expired_, delivery + "d.state = 1 AND d.expire_ms <= ? ORDER BY d.expire_ms LIMIT ?"},
      {&unsettled_, delivery + "d.state IN (1, 2, 3) AND d.warned = ? AND d.acknowledge_by_ms <= ? "
                               "ORDER BY d.acknowledge_by_ms LIMIT ?"},
      {&unfetched_, delivery + "d.state = 1 AND d.fetch_by_ms > 0 AND d.fetch_by_ms <= ? "
                               "ORDER BY d.fetch_by_ms LIMIT ?"},
      {&in_ended_period_,
       "SELECT 1 FROM delivery WHERE subscription = ? AND due_ms = ? AND scheduled = 1 LIMIT 1"},
      {&frames_,
       "SELECT entry, items FROM frame WHERE entry >= ? AND entry < ? ORDER BY entry LIMIT ?"},
      {&to_shred_,
       "SELECT seq FROM delivery_payload WHERE shred_ms > 0 AND shred_ms <= ? ORDER BY shred_ms "
       "LIMIT ?"},
  };
  for (const auto& [statement, sql] : statements) {
    CHAYAN_ASSIGN_OR_RETURN(*statement, reader_.Prepare(sql));
  }
  return absl::OkStatus();
}

// --- reads -------------------------------------------------------------------------------------

absl::StatusOr<StoredNotice> SqliteNotices::FindRequest(const RequestKey& key) {
  absl::MutexLock lock(&mu_);
  return ReadNoticeRow(by_request_.Bind(1, Bytes(key)));
}

absl::StatusOr<StoredNotice> SqliteNotices::FindNotice(const Uuid& id) {
  absl::MutexLock lock(&mu_);
  return ReadNoticeRow(by_id_.Bind(1, id.raw()));
}

absl::StatusOr<StoredNotice> SqliteNotices::ReadNotice(int64_t ordinal) {
  absl::MutexLock lock(&mu_);
  return ReadNoticeRow(by_ordinal_.Bind(1, ordinal));
}

absl::StatusOr<StoredDelivery> SqliteNotices::FindDelivery(const Uuid& id) {
  absl::MutexLock lock(&mu_);
  return ReadDeliveryRow(delivery_by_id_.Bind(1, id.raw()));
}

absl::StatusOr<StoredDelivery> SqliteNotices::ReadDelivery(int64_t seq) {
  absl::MutexLock lock(&mu_);
  return ReadDeliveryRow(delivery_by_seq_.Bind(1, seq));
}

absl::StatusOr<SealedPayload> SqliteNotices::ReadPayload(int64_t seq) {
  absl::MutexLock lock(&mu_);
  return ReadOne<SealedPayload>(
      payload_.Bind(1, seq),
      [](const Statement& row) -> absl::StatusOr<SealedPayload> { return PayloadFromRow(row, 0); });
}

absl::StatusOr<std::vector<StoredDelivery>> SqliteNotices::DeliveriesOf(int64_t notice,
                                                                        int64_t after_seq) {
  absl::MutexLock lock(&mu_);
  of_notice_.Bind(1, notice).Bind(2, after_seq + 1).Bind(3, PageOf(kNoticePageMax));
  return ReadAll<StoredDelivery>(of_notice_, DeliveryFromRow);
}

absl::StatusOr<std::vector<StoredStep>> SqliteNotices::Steps(int64_t seq) {
  absl::MutexLock lock(&mu_);
  steps_.Bind(1, seq).Bind(2, PageOf(kNoticePageMax));
  return ReadAll<StoredStep>(steps_, [](const Statement& row) -> absl::StatusOr<StoredStep> {
    return StoredStep{.time_ms = row.Integer(0),
                      .state = static_cast<DeliveryState>(row.Integer(1)),
                      .reason = std::string(row.Blob(2)),
                      .entry = static_cast<uint64_t>(row.Integer(3))};
  });
}

absl::Status SqliteNotices::AddSeqs(const DeliveryQuery& query, DeliveryState state, size_t count,
                                    std::vector<int64_t>& seqs) {
  Statement& select = query.side == DeliverySide::kRecipient ? of_recipient_ : of_publisher_;
  select.Bind(1, query.member)
      .Bind(2, static_cast<int64_t>(state))
      .Bind(3, query.after_seq)
      .Bind(4, static_cast<int64_t>(count));
  absl::StatusOr<std::vector<int64_t>> some = ReadAll<int64_t>(select, FirstInteger);
  CHAYAN_RETURN_IF_ERROR(some.status());
  seqs.insert(seqs.end(), some->begin(), some->end());
  return absl::OkStatus();
}

// Each state is a range of an index; the oldest of all are picked from their oldest.
absl::StatusOr<std::vector<StoredDelivery>> SqliteNotices::List(const DeliveryQuery& query) {
  std::vector<DeliveryState> states = query.states;
  for (int state = 1; query.states.empty() && state <= kDeliveryStates; ++state) {
    states.push_back(static_cast<DeliveryState>(state));
  }
  const auto count = static_cast<size_t>(PageOf(query.count));
  absl::MutexLock lock(&mu_);
  std::vector<int64_t> seqs;
  for (const DeliveryState state : states) {
    CHAYAN_RETURN_IF_ERROR(AddSeqs(query, state, count, seqs));
  }
  std::sort(seqs.begin(), seqs.end());
  seqs.erase(std::unique(seqs.begin(), seqs.end()), seqs.end());
  if (seqs.size() > count) seqs.resize(count);
  std::vector<StoredDelivery> deliveries;
  deliveries.reserve(seqs.size());
  for (const int64_t seq : seqs) {
    CHAYAN_ASSIGN_OR_RETURN(StoredDelivery delivery,
                            ReadDeliveryRow(delivery_by_seq_.Bind(1, seq)));
    deliveries.push_back(std::move(delivery));
  }
  return deliveries;
}

absl::StatusOr<std::vector<NoticeEvent>> SqliteNotices::Events(const std::string& publisher,
                                                               int64_t after_event, size_t count) {
  absl::MutexLock lock(&mu_);
  events_.Bind(1, publisher).Bind(2, after_event).Bind(3, PageOf(count));
  return ReadAll<NoticeEvent>(events_, [](const Statement& row) -> absl::StatusOr<NoticeEvent> {
    return NoticeEvent{.event = row.Integer(0),
                       .time_ms = row.Integer(1),
                       .seq = row.Integer(2),
                       .state = static_cast<DeliveryState>(row.Integer(3)),
                       .kind = static_cast<NoticeEventKind>(row.Integer(4))};
  });
}

absl::StatusOr<std::vector<DeliveryCount>> SqliteNotices::Count(const std::string& recipient) {
  absl::MutexLock lock(&mu_);
  return ReadAll<DeliveryCount>(
      count_.Bind(1, recipient), [](const Statement& row) -> absl::StatusOr<DeliveryCount> {
        return DeliveryCount{.state = static_cast<DeliveryState>(row.Integer(0)),
                             .count = static_cast<uint64_t>(row.Integer(1))};
      });
}

absl::StatusOr<StoredDelivery> SqliteNotices::FindInPeriod(const std::string& recipient,
                                                           const std::string& subscription,
                                                           const SubjectKey& first_subject,
                                                           int64_t due_ms) {
  absl::MutexLock lock(&mu_);
  in_period_.Bind(1, recipient).Bind(2, Bytes(first_subject)).Bind(3, subscription).Bind(4, due_ms);
  return ReadDeliveryRow(in_period_);
}

absl::StatusOr<std::vector<DueLane>> SqliteNotices::Due(int64_t now_ms) {
  absl::MutexLock lock(&mu_);
  std::vector<DueLane> due;
  DueLane lane;
  while (true) {
    const absl::Cleanup resetter = [this]()
                                       ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { next_lane_.Reset(); };
    next_lane_.Bind(1, lane.recipient).Bind(2, lane.subscription).Bind(3, int64_t{lane.bulk});
    CHAYAN_ASSIGN_OR_RETURN(const bool row, next_lane_.Step());
    if (!row) return due;
    DueLane next = {.recipient = std::string(next_lane_.Blob(0)),
                    .subscription = std::string(next_lane_.Blob(1)),
                    .bulk = next_lane_.Integer(2) != 0};
    if (next_lane_.Integer(3) <= now_ms) due.push_back(next);
    next_lane_.Reset();  // before what is bound to it goes
    lane = std::move(next);
  }
}

absl::StatusOr<std::vector<int64_t>> SqliteNotices::DueToShred(int64_t now_ms, size_t count) {
  absl::MutexLock lock(&mu_);
  to_shred_.Bind(1, now_ms).Bind(2, PageOf(count));
  return ReadAll<int64_t>(to_shred_, FirstInteger);
}

absl::StatusOr<int64_t> SqliteNotices::LastEvent() {
  absl::MutexLock lock(&mu_);
  return ReadOne<int64_t>(last_event_, FirstInteger);
}

absl::StatusOr<std::vector<StoredNotice>> SqliteNotices::Exceptions(const std::string& owner,
                                                                    int64_t after_ordinal,
                                                                    size_t count) {
  absl::MutexLock lock(&mu_);
  exceptions_.Bind(1, owner).Bind(2, after_ordinal).Bind(3, PageOf(count));
  return ReadAll<StoredNotice>(exceptions_, NoticeFromRow);
}

absl::StatusOr<int64_t> SqliteNotices::OldestDue(const std::string& recipient) {
  absl::MutexLock lock(&mu_);
  return ReadOne<int64_t>(oldest_due_.Bind(1, recipient), FirstInteger);
}

absl::StatusOr<std::vector<StoredDelivery>> SqliteNotices::Expired(int64_t now_ms, size_t count) {
  absl::MutexLock lock(&mu_);
  return ReadAll<StoredDelivery>(expired_.Bind(1, now_ms).Bind(2, PageOf(count)), DeliveryFromRow);
}

// Each number before the warning's own is a range of the index.
absl::StatusOr<std::vector<StoredDelivery>> SqliteNotices::Unsettled(NoticeEventKind warning,
                                                                     int64_t until_ms,
                                                                     size_t count) {
  absl::MutexLock lock(&mu_);
  std::vector<StoredDelivery> deliveries;
  for (int64_t warned = 0; warned < static_cast<int64_t>(warning); ++warned) {
    unsettled_.Bind(1, warned).Bind(2, until_ms).Bind(3, PageOf(count));
    absl::StatusOr<std::vector<StoredDelivery>> some =
        ReadAll<StoredDelivery>(unsettled_, DeliveryFromRow);
    CHAYAN_RETURN_IF_ERROR(some.status());
    deliveries.insert(deliveries.end(), std::make_move_iterator(some->begin()),
                      std::make_move_iterator(some->end()));
  }
  if (deliveries.size() > count) deliveries.resize(count);
  return deliveries;
}

absl::StatusOr<std::vector<StoredDelivery>> SqliteNotices::Unfetched(int64_t now_ms, size_t count) {
  absl::MutexLock lock(&mu_);
  return ReadAll<StoredDelivery>(unfetched_.Bind(1, now_ms).Bind(2, PageOf(count)),
                                 DeliveryFromRow);
}

absl::StatusOr<bool> SqliteNotices::HadInPeriod(const std::string& subscription, int64_t due_ms) {
  absl::MutexLock lock(&mu_);
  const absl::Cleanup resetter = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    in_ended_period_.Reset();
  };
  return in_ended_period_.Bind(1, subscription).Bind(2, due_ms).Step();
}

absl::StatusOr<std::vector<StoredFrame>> SqliteNotices::Frames(uint64_t first, uint64_t end,
                                                               size_t count) {
  absl::MutexLock lock(&mu_);
  frames_.Bind(1, static_cast<int64_t>(first))
      .Bind(2, static_cast<int64_t>(end))
      .Bind(3, PageOf(count));
  return ReadAll<StoredFrame>(frames_, FrameFromRow);
}

void SqliteNotices::KeepLogOnClose() {
  lender_->KeepLogOnClose();
  absl::MutexLock lock(&mu_);
  sqlite3_db_config(reader_.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

}  // namespace chayan::store
