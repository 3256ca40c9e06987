#include "gateway/store/sqlite_notice_writer.h"

#include <tuple>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/check.h"
#include "gateway/base/status_macros.h"
#include "gateway/store/sqlite_notice_rows.h"

namespace chayan::store {
namespace {

constexpr size_t kSubjectBytes = std::tuple_size_v<SubjectKey>;

absl::string_view Bytes(const std::array<uint8_t, 16>& key) {
  return {reinterpret_cast<const char*>(key.data()), key.size()};
}

absl::string_view Bytes(const std::optional<Uuid>& id) {
  return id.has_value() ? id->raw() : absl::string_view();
}

std::string Joined(const std::vector<SubjectKey>& subjects) {
  std::string joined;
  for (const SubjectKey& subject : subjects) {
    // A second place in the same queue would wait for the first for ever.
    for (size_t at = 0; at < joined.size(); at += kSubjectBytes) {
      CHAYAN_CHECK(absl::string_view(joined).substr(at, kSubjectBytes) != Bytes(subject));
    }
    absl::StrAppend(&joined, Bytes(subject));
  }
  CHAYAN_CHECK(!joined.empty());
  return joined;
}

// Errors concern people's cases: they name neither ids nor values.
absl::Status Conflict(absl::string_view what) { return absl::AbortedError(what); }

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteNoticeWriter>> SqliteNoticeWriter::Prepare(
    Connection& connection) {
  std::unique_ptr<SqliteNoticeWriter> writer(new SqliteNoticeWriter(connection));
  const std::string in_period = SelectInPeriod();
  const std::pair<Statement*, absl::string_view> statements[] = {
      {&writer->find_request_, "SELECT ordinal FROM notice WHERE request_key = ?"},
      {&writer->next_ordinal_, "SELECT coalesce(max(ordinal), 0) + 1 FROM notice"},
      {&writer->insert_notice_,
       "INSERT INTO notice (ordinal, entry, id, request_key, request_digest, kind, publisher, "
       "system, acting_for, time_ms, test, follows, followed_by, exception_owner, answer, "
       "first_seq, deliveries) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, x'', ?, ?, ?, ?)"},
      {&writer->follow_, "UPDATE notice SET followed_by = ? WHERE id = ? AND followed_by = x''"},
      {&writer->next_seq_, "SELECT coalesce(max(seq), 0) + 1 FROM delivery"},
      {&writer->insert_delivery_,
       "INSERT INTO delivery (seq, id, notice, publisher, recipient, subscription, subjects, "
       "state, bulk, hosted, holds, due_ms, ready_ms, expire_ms, acknowledge_by_ms, attempts, "
       "blockers, earlier_missing, lease, reason, settlement, scheduled, fetch_by_ms) "
       "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1, ?8, ?9, ?10, ?11, ?11, ?12, ?13, 0, ?14, 0, x'', "
       "x'', x'', ?15, ?16)"},
      {&writer->insert_payload_,
       "INSERT INTO delivery_payload (seq, key_id, wrapped_secret, sealed, shred_ms) "
       "VALUES (?, ?, ?, ?, 0)"},
      {&writer->in_period_, in_period},
      {&writer->find_place_,
       "SELECT seq, notice, state, holds, sent, blockers, "
       "publisher, recipient, subjects FROM delivery WHERE id = ?"},
      {&writer->move_, "UPDATE delivery SET state = ?, lease = x'', reason = ? WHERE seq = ?"},
      {&writer->schedule_,
       "UPDATE delivery SET due_ms = ?1, ready_ms = ?1, expire_ms = ?2, attempts = 0, "
       "blockers = blockers + ?3, fetch_by_ms = ?5 WHERE seq = ?4"},
      {&writer->keep_settlement_, "UPDATE delivery SET settlement = ? WHERE seq = ?"},
      {&writer->insert_step_,
       "INSERT INTO delivery_step (seq, step, time_ms, state, reason, entry) "
       "SELECT ?1, coalesce(max(step), 0) + 1, ?2, ?3, ?4, ?5 FROM delivery_step WHERE seq = ?1"},
      {&writer->insert_event_,
       "INSERT INTO notice_event (publisher, time_ms, seq, state) VALUES (?, ?, ?, ?)"},
      {&writer->shred_, "UPDATE delivery_payload SET shred_ms = ? WHERE seq = ?"},
      {&writer->last_turn_,
       "SELECT max(turn) FROM delivery_queue WHERE recipient = ? AND subject = ?"},
      {&writer->enter_,
       "INSERT INTO delivery_queue (recipient, subject, turn, seq) VALUES (?, ?, ?, ?)"},
      {&writer->turn_of_,
       "SELECT turn FROM delivery_queue WHERE recipient = ? AND subject = ? AND seq = ?"},
      {&writer->first_of_,
       "SELECT seq FROM delivery_queue WHERE recipient = ? AND subject = ? ORDER BY turn LIMIT 1"},
      {&writer->leave_,
       "DELETE FROM delivery_queue WHERE recipient = ? AND subject = ? AND turn = ?"},
      {&writer->unblock_, "UPDATE delivery SET blockers = blockers - 1 WHERE seq = ?"},
      {&writer->tell_missing_,
       "UPDATE delivery SET earlier_missing = 1 WHERE seq IN (SELECT seq FROM delivery_queue "
       "WHERE recipient = ? AND subject = ? AND turn > ?)"},
      {&writer->count_,
       "INSERT INTO delivery_count (recipient, state, count) VALUES (?1, ?2, max(?3, 0)) "
       "ON CONFLICT (recipient, state) DO UPDATE SET count = count + ?3"},
      {&writer->insert_frame_, "INSERT INTO frame (entry, items) VALUES (?, ?)"},
  };
  for (const auto& [statement, sql] : statements) {
    CHAYAN_ASSIGN_OR_RETURN(*statement, connection.Prepare(sql));
  }
  return writer;
}

absl::Status SqliteNoticeWriter::Apply(const NoticeChange& change, uint64_t entry) {
  counts_.clear();
  for (const StateStep& step : change.steps) CHAYAN_RETURN_IF_ERROR(Take(step, entry));
  for (const NewNotice& notice : change.notices) CHAYAN_RETURN_IF_ERROR(Add(notice, entry));
  if (!change.frame.empty()) CHAYAN_RETURN_IF_ERROR(KeepFrame(change.frame, entry));
  return WriteCounts();
}

absl::Status SqliteNoticeWriter::KeepFrame(const std::vector<crypto::Digest>& items,
                                           uint64_t entry) {
  std::string joined;
  joined.reserve(items.size() * crypto::Digest::kSize);
  for (const crypto::Digest& item : items) absl::StrAppend(&joined, item.raw());
  return insert_frame_.Bind(1, static_cast<int64_t>(entry)).Bind(2, joined).Run();
}

absl::StatusOr<int64_t> SqliteNoticeWriter::Ask(Statement& statement, int64_t otherwise) {
  const absl::Cleanup resetter = [&statement] { statement.Reset(); };
  CHAYAN_ASSIGN_OR_RETURN(const bool row, statement.Step());
  return row ? statement.Integer(0) : otherwise;
}

// --- steps -------------------------------------------------------------------------------------

absl::StatusOr<SqliteNoticeWriter::Place> SqliteNoticeWriter::FindPlace(const Uuid& delivery) {
  const absl::Cleanup resetter = [this] { find_place_.Reset(); };
  CHAYAN_ASSIGN_OR_RETURN(const bool row, find_place_.Bind(1, delivery.raw()).Step());
  if (!row) return Conflict("there is no such delivery");
  return Place{.seq = find_place_.Integer(0),
               .notice = find_place_.Integer(1),
               .state = static_cast<DeliveryState>(find_place_.Integer(2)),
               .holds = find_place_.Integer(3) != 0,
               .sent = find_place_.Integer(4) != 0,
               .blockers = find_place_.Integer(5),
               .publisher = std::string(find_place_.Blob(6)),
               .recipient = std::string(find_place_.Blob(7)),
               .subjects = std::string(find_place_.Blob(8))};
}

absl::Status SqliteNoticeWriter::Take(const StateStep& step, uint64_t entry) {
  CHAYAN_ASSIGN_OR_RETURN(const Place place, FindPlace(step.delivery));
  if (place.state != step.from) return Conflict("the delivery is in another state by now");
  if (!MayStep(step.from, step.to)) return Conflict("a delivery takes no such step");
  const bool leaves = step.to == DeliveryState::kDelivered || step.to == DeliveryState::kHandedOver;
  if (leaves && place.blockers > 0) return Conflict("an earlier delivery of a subject comes first");
  if (step.unsent && place.sent) return Conflict("the delivery was sent by now");
  move_.Bind(1, static_cast<int64_t>(step.to)).Bind(2, step.reason).Bind(3, place.seq);
  CHAYAN_RETURN_IF_ERROR(move_.Run());
  if (!step.settlement.empty()) {
    keep_settlement_.Bind(1, step.settlement).Bind(2, place.seq);
    CHAYAN_RETURN_IF_ERROR(keep_settlement_.Run());
  }
  CHAYAN_RETURN_IF_ERROR(KeepPayload(place, step));
  CHAYAN_RETURN_IF_ERROR(MoveInQueues(place, step));
  Count(place.recipient, step.from, -1);
  Count(place.recipient, step.to, 1);
  return KeepStep(place, step, entry);
}

absl::Status SqliteNoticeWriter::KeepStep(const Place& place, const StateStep& step,
                                          uint64_t entry) {
  insert_step_.Bind(1, place.seq)
      .Bind(2, step.time_ms)
      .Bind(3, static_cast<int64_t>(step.to))
      .Bind(4, step.reason)
      .Bind(5, static_cast<int64_t>(entry));
  CHAYAN_RETURN_IF_ERROR(insert_step_.Run());
  insert_event_.Bind(1, place.publisher)
      .Bind(2, step.time_ms)
      .Bind(3, place.seq)
      .Bind(4, static_cast<int64_t>(step.to));
  return insert_event_.Run();
}

absl::Status SqliteNoticeWriter::KeepPayload(const Place& place, const StateStep& step) {
  const bool again = step.to == DeliveryState::kScheduled;
  if (step.shred_ms == 0 && !again) return absl::OkStatus();
  shred_.Bind(1, again ? int64_t{0} : step.shred_ms).Bind(2, place.seq);
  CHAYAN_RETURN_IF_ERROR(shred_.Run());
  if (again && connection_.changes() == 0) return Conflict("the delivery's payload was shredded");
  return absl::OkStatus();
}

absl::Status SqliteNoticeWriter::MoveInQueues(const Place& place, const StateStep& step) {
  // A dead one that holds keeps its place.
  const bool stands = place.state == DeliveryState::kScheduled ||
                      (place.state == DeliveryState::kDead && place.holds);
  const bool will_stand =
      step.to == DeliveryState::kScheduled || (step.to == DeliveryState::kDead && place.holds);
  if (stands && !will_stand) {
    CHAYAN_RETURN_IF_ERROR(Leave(place, /*missing=*/step.to == DeliveryState::kDead));
  }
  if (step.to != DeliveryState::kScheduled) return absl::OkStatus();
  int64_t blockers = 0;
  if (!stands) {
    CHAYAN_ASSIGN_OR_RETURN(blockers, Enter(place.seq, place.recipient, place.subjects));
  }
  schedule_.Bind(1, step.due_ms).Bind(2, step.expire_ms).Bind(3, blockers).Bind(4, place.seq);
  return schedule_.Bind(5, step.fetch_by_ms).Run();
}

// --- notices -----------------------------------------------------------------------------------

absl::Status SqliteNoticeWriter::Add(const NewNotice& notice, uint64_t entry) {
  find_request_.Bind(1, Bytes(notice.request_key));
  CHAYAN_ASSIGN_OR_RETURN(const int64_t taken, Ask(find_request_, 0));
  if (taken != 0) return absl::AlreadyExistsError("the request was taken before");
  if (notice.follows.has_value()) CHAYAN_RETURN_IF_ERROR(Follow(notice));
  CHAYAN_ASSIGN_OR_RETURN(const int64_t ordinal, Ask(next_ordinal_, 1));
  CHAYAN_ASSIGN_OR_RETURN(const int64_t first_seq, Ask(next_seq_, 1));
  insert_notice_.Bind(1, ordinal)
      .Bind(2, static_cast<int64_t>(entry))
      .Bind(3, notice.id.raw())
      .Bind(4, Bytes(notice.request_key))
      .Bind(5, notice.request_digest.raw())
      .Bind(6, notice.kind)
      .Bind(7, notice.publisher)
      .Bind(8, notice.system)
      .Bind(9, notice.acting_for)
      .Bind(10, notice.time_ms)
      .Bind(11, int64_t{notice.test})
      .Bind(12, Bytes(notice.follows))
      .Bind(13, notice.exception_owner)
      .Bind(14, notice.answer)
      .Bind(15, first_seq)
      .Bind(16, static_cast<int64_t>(notice.deliveries.size()));
  CHAYAN_RETURN_IF_ERROR(insert_notice_.Run());
  int64_t seq = first_seq;
  for (const NewDelivery& delivery : notice.deliveries) {
    CHAYAN_RETURN_IF_ERROR(AddDelivery(notice, ordinal, delivery, seq++));
  }
  return absl::OkStatus();
}

absl::Status SqliteNoticeWriter::Follow(const NewNotice& notice) {
  follow_.Bind(1, notice.id.raw()).Bind(2, notice.follows->raw());
  CHAYAN_RETURN_IF_ERROR(follow_.Run());
  if (connection_.changes() == 1) return absl::OkStatus();
  return Conflict("the notice to follow is not there, or was replaced or undone by now");
}

absl::Status SqliteNoticeWriter::AddDelivery(const NewNotice& notice, int64_t ordinal,
                                             const NewDelivery& delivery, int64_t seq) {
  if (delivery.alone_in_period) CHAYAN_RETURN_IF_ERROR(CheckAlone(delivery));
  const std::string subjects = Joined(delivery.subjects);
  CHAYAN_ASSIGN_OR_RETURN(const int64_t blockers, Enter(seq, delivery.recipient, subjects));
  insert_delivery_.Bind(1, seq)
      .Bind(2, delivery.id.raw())
      .Bind(3, ordinal)
      .Bind(4, notice.publisher)
      .Bind(5, delivery.recipient)
      .Bind(6, delivery.subscription)
      .Bind(7, subjects)
      .Bind(8, int64_t{delivery.bulk})
      .Bind(9, int64_t{delivery.hosted})
      .Bind(10, int64_t{delivery.holds})
      .Bind(11, delivery.due_ms)
      .Bind(12, delivery.expire_ms)
      .Bind(13, delivery.acknowledge_by_ms)
      .Bind(14, blockers)
      .Bind(15, int64_t{delivery.alone_in_period})
      .Bind(16, delivery.fetch_by_ms);
  CHAYAN_RETURN_IF_ERROR(insert_delivery_.Run());
  insert_payload_.Bind(1, seq)
      .Bind(2, delivery.payload.key_id)
      .Bind(3, delivery.payload.wrapped_secret)
      .Bind(4, delivery.payload.sealed);
  CHAYAN_RETURN_IF_ERROR(insert_payload_.Run());
  Count(delivery.recipient, DeliveryState::kScheduled, 1);
  return absl::OkStatus();
}

absl::Status SqliteNoticeWriter::CheckAlone(const NewDelivery& delivery) {
  in_period_.Bind(1, delivery.recipient)
      .Bind(2, Bytes(delivery.subjects.front()))
      .Bind(3, delivery.subscription)
      .Bind(4, delivery.due_ms);
  CHAYAN_ASSIGN_OR_RETURN(const int64_t other, Ask(in_period_, 0));
  return other == 0 ? absl::OkStatus() : Conflict("another delivery of the period waits by now");
}

// --- queues ------------------------------------------------------------------------------------

absl::StatusOr<int64_t> SqliteNoticeWriter::Enter(int64_t seq, absl::string_view recipient,
                                                  absl::string_view subjects) {
  int64_t blockers = 0;
  for (; !subjects.empty(); subjects.remove_prefix(kSubjectBytes)) {
    const absl::string_view subject = subjects.substr(0, kSubjectBytes);
    last_turn_.Bind(1, recipient).Bind(2, subject);
    CHAYAN_ASSIGN_OR_RETURN(const int64_t last, Ask(last_turn_, 0));  // NULL reads as 0
    if (last != 0) ++blockers;
    enter_.Bind(1, recipient).Bind(2, subject).Bind(3, last + 1).Bind(4, seq);
    CHAYAN_RETURN_IF_ERROR(enter_.Run());
  }
  return blockers;
}

absl::Status SqliteNoticeWriter::Leave(const Place& place, bool missing) {
  const absl::string_view subjects = place.subjects;
  for (size_t at = 0; at < subjects.size(); at += kSubjectBytes) {
    CHAYAN_RETURN_IF_ERROR(LeaveQueue(place, subjects.substr(at, kSubjectBytes), missing));
  }
  return absl::OkStatus();
}

absl::Status SqliteNoticeWriter::LeaveQueue(const Place& place, absl::string_view subject,
                                            bool missing) {
  turn_of_.Bind(1, place.recipient).Bind(2, subject).Bind(3, place.seq);
  CHAYAN_ASSIGN_OR_RETURN(const int64_t turn, Ask(turn_of_, 0));
  if (turn == 0) return absl::DataLossError("store: a delivery that waits stands in no queue");
  first_of_.Bind(1, place.recipient).Bind(2, subject);
  CHAYAN_ASSIGN_OR_RETURN(const int64_t first, Ask(first_of_, 0));
  leave_.Bind(1, place.recipient).Bind(2, subject).Bind(3, turn);
  CHAYAN_RETURN_IF_ERROR(leave_.Run());
  if (missing) {
    tell_missing_.Bind(1, place.recipient).Bind(2, subject).Bind(3, turn);
    CHAYAN_RETURN_IF_ERROR(tell_missing_.Run());
  }
  // One that was not first blocked nobody: the first does.
  if (first != place.seq) return unblock_.Bind(1, place.seq).Run();
  first_of_.Bind(1, place.recipient).Bind(2, subject);
  CHAYAN_ASSIGN_OR_RETURN(const int64_t next, Ask(first_of_, 0));
  return next == 0 ? absl::OkStatus() : unblock_.Bind(1, next).Run();
}

absl::Status SqliteNoticeWriter::WriteCounts() {
  for (const auto& [of, difference] : counts_) {
    if (difference == 0) continue;
    const auto& [recipient, state] = of;
    count_.Bind(1, recipient).Bind(2, static_cast<int64_t>(state)).Bind(3, difference);
    CHAYAN_RETURN_IF_ERROR(count_.Run());
  }
  return absl::OkStatus();
}

}  // namespace chayan::store
