#include "gateway/verify/exchange.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "gateway/base/diag.h"
#include "gateway/rpc/recorded.h"
#include "gateway/verify/answer.h"
#include "gateway/verify/limits.h"
#include "gateway/verify/next_step.h"
#include "gateway/verify/plain_wire.h"
#include "gateway/verify/value_form.h"

namespace chayan::verify {
namespace {

using policy::Refused;

// The first arena block holds a usual question with its detail without another allocation.
constexpr size_t kArenaBlockBytes = 4096;

google::protobuf::ArenaOptions ArenaSettings() {
  google::protobuf::ArenaOptions options;
  options.start_block_size = kArenaBlockBytes;
  return options;
}

policy::Refusal GivenUp() {
  return Refused(v1::ERROR_REASON_CANCELLED, "the caller gave up before the outcome was known");
}

// Refusals of a right are `denied`; what could not be understood or done is `failed`.
log::EntryType TypeOf(const policy::Refusal& refusal) {
  switch (refusal.code()) {
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kResourceExhausted:
      return log::EntryType::kDenied;
    default:
      return log::EntryType::kFailed;
  }
}

}  // namespace

void Exchange::Start(const Collaborators& with, std::shared_ptr<Asker> asker) {
  std::make_shared<Exchange>(with, std::move(asker))->Run();
}

Exchange::Exchange(const Collaborators& with, std::shared_ptr<Asker> asker)
    : with_(with),
      asker_(std::move(asker)),
      id_(Uuid::Version7(with.clock.Now(), with.random)),
      snapshot_(with.registry()),
      arena_(ArenaSettings()),
      request_(google::protobuf::Arena::CreateMessage<v1::VerifyDocumentRequest>(&arena_)),
      detail_(google::protobuf::Arena::CreateMessage<v1::EntryDetail>(&arena_)),
      charge_(*with.book.ledger) {}

void Exchange::Run() {
  if (!Parse() || !Permit() || !CheckAndRoute() || !EnterTwins() || !Count()) return;
  if (registry::IsAnsweredAtDesk(*permit_.kind->proto)) {
    ReferToDesk();
  } else if (permit_.kind->proto->log_before_forward()) {
    RecordForward();
  } else {
    AskHolder();
  }
}

bool Exchange::Parse() {
  const absl::string_view bytes = asker_->request();
  if (bytes.size() > kQuestionBytesMax) {
    policy::Refusal refusal =
        Refused(v1::ERROR_REASON_MESSAGE_TOO_LARGE,
                absl::StrCat("a question has at most ", kQuestionBytesMax, " bytes"));
    refusal.metadata = {{"bytes_max", absl::StrCat(kQuestionBytesMax)}};
    Refuse(std::move(refusal));
    return false;
  }
  if (!request_->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    request_->Clear();
    Refuse(Refused(v1::ERROR_REASON_MESSAGE_MALFORMED,
                   "the request is not a valid VerifyDocumentRequest"));
    return false;
  }
  static const PlainWire& plain = *new PlainWire(*v1::VerifyDocumentRequest::descriptor());
  if (!plain.Accepts(bytes)) {
    Refuse(Refused(v1::ERROR_REASON_MESSAGE_MALFORMED,
                   "the request has a field that this gateway does not know, or one that is there "
                   "twice; use its "
                   "version of the protos"));
    return false;
  }
  return true;
}

bool Exchange::Permit() {
  const policy::Caller& caller = asker_->caller();
  if (auto refusal = with_.book.locks.CheckSystem(caller, *snapshot_)) {
    Refuse(*std::move(refusal));
    return false;
  }
  policy::Decision decision =
      policy::Decide(caller, *request_, *snapshot_, with_.clock.Now(), with_.book.grants);
  if (auto* refusal = std::get_if<policy::Refusal>(&decision)) {
    with_.book.locks.CountDenial(caller, charge_);
    Refuse(std::move(*refusal));
    return false;
  }
  permit_ = std::get<policy::Permit>(std::move(decision));
  if (auto refusal =
          with_.book.locks.CheckPerson(caller, request_->purpose().person().id(), *snapshot_)) {
    Refuse(*std::move(refusal));
    return false;
  }
  return true;
}

bool Exchange::CheckAndRoute() {
  question_ = CheckQuestion(*request_, *permit_.kind);
  if (!question_.violations.empty()) {
    Refuse(RefuseForms(std::move(question_.violations)));
    return false;
  }
  holder_ = snapshot_->FindHolder(request_->document_kind(), question_.area);
  if (holder_ == nullptr) {
    policy::Refusal refusal =
        Refused(v1::ERROR_REASON_NO_ROUTE,
                absl::StrCat("no holder is responsible for this value of the claim \"",
                             permit_.kind->proto->routing_claim(), "\"; check what was typed"));
    refusal.metadata = {{"claim", permit_.kind->proto->routing_claim()}};
    for (int i = 0; i < request_->claims_size(); ++i) {
      if (request_->claims(i).code() != permit_.kind->proto->routing_claim()) continue;
      refusal.violations.push_back(
          {absl::StrCat("claims[", i, "].text"), "no holder is responsible for this value"});
    }
    Refuse(std::move(refusal));
    return false;
  }
  return true;
}

bool Exchange::EnterTwins() {
  const policy::Caller& caller = asker_->caller();
  const Twins::Key key = crypto::Sha256(
      {caller.member, "/", caller.system, "/", asker_->method(), "/", request_->request_id()});
  request_digest_ = crypto::Sha256(asker_->request());
  const Twins::Entered entered = with_.twins.Enter(key, request_digest_, asker_, weak_from_this());
  switch (entered.kind) {
    case Twins::Entered::Kind::kKept:
      asker_->Answer(entered.response);
      return false;
    case Twins::Entered::Kind::kReused:
      Refuse(Refused(
          v1::ERROR_REASON_REQUEST_ID_REUSED,
          "request_id was used before with another question; make a new one for each question"));
      return false;
    case Twins::Entered::Kind::kJoined:
    case Twins::Entered::Kind::kFirst:
      break;
  }
  // The call does not keep an exchange alive either.
  asker_->OnCancel([twins = &with_.twins, key, ticket = entered.ticket, asker = asker_.get()] {
    Twins::Left left = twins->Leave(key, ticket, asker);
    if (left.question != nullptr) return left.question->Abandon(std::move(left.asker));
    // Others wait on; the entry of what they wait for records the question.
    if (left.asker != nullptr) left.asker->Fail({GivenUp(), {}, {}, {}});
  });
  if (entered.kind == Twins::Entered::Kind::kJoined) return false;
  twin_key_ = key;
  twin_ticket_ = entered.ticket;
  return true;
}

bool Exchange::Count() {
  if (const auto lock = with_.book.locks.Find(Attempt()); lock.has_value()) {
    AnswerLocked(*lock);
    return false;
  }
  policy::Refusal refusal;
  const v1::Member& member = *snapshot_->FindMember(asker_->caller().member);
  if (!with_.book.grants.Use(permit_, member, charge_, refusal)) {
    Refuse(std::move(refusal));
    return false;
  }
  with_.book.locks.CountQuestion(asker_->caller(), request_->purpose().person().id(), *snapshot_,
                                 charge_);
  return true;
}

tally::Attempt Exchange::Attempt() const {
  return {.kind = *permit_.kind->proto,
          .caller = asker_->caller(),
          .person_id = request_->purpose().person().id(),
          .subject_number = question_.subject_number,
          .method = asker_->method(),
          .request_id = request_->request_id()};
}

void Exchange::RecordForward() {
  absl::StatusOr<log::VaultOutput> sealed = Seal(/*response=*/{});
  if (!sealed.ok()) {
    return TellFailure(
        {Refused(v1::ERROR_REASON_LOG_UNAVAILABLE, "the log cannot be written; nothing was asked"),
         {},
         {},
         request_->request_id()});
  }
  log::Entry entry = NewEntry(log::EntryType::kForward);
  entry.holder = holder_->id();
  entry.c_req = sealed->c_req;
  entry.c_detail = sealed->c_detail;
  with_.committer.Submit(
      {.entry = std::move(entry),
       .vault = std::move(sealed->row),
       .registry = std::nullopt,
       .done =
           [self = shared_from_this()](absl::StatusOr<log::Committed> committed) {
             self->charge_.Settle(committed.ok());
             if (!committed.ok()) {
               return self->TellFailure(
                   {rpc::LogUnavailable(committed.status()), {}, {}, self->request_->request_id()});
             }
             self->forward_index_ = committed->index;
             self->AskHolder();
           },
       .tallies = charge_.Submit()});
}

void Exchange::AskHolder() {
  // Of a closed log nothing is asked that could not be recorded.
  if (const absl::Status taking = with_.committer.CheckTaking(); !taking.ok()) {
    return TellFailure({rpc::LogUnavailable(taking), {}, {}, request_->request_id()});
  }
  const v1::DocumentKind& kind = *permit_.kind->proto;
  asked_ = with_.clock.Elapsed();
  const absl::Duration spent = asked_ - asker_->arrival();
  metrics::Observe(with_.stages, metrics::Stage::kDecide, spent);
  const absl::Duration left = asker_->timeout() - spent - kReturnMargin;
  if (left <= absl::ZeroDuration()) {
    return Refuse(
        Refused(v1::ERROR_REASON_DEADLINE_TOO_SHORT,
                absl::StrCat("the deadline leaves no time to ask the holder; allow at least ",
                             absl::FormatDuration(kReturnMargin), " and the holder's own time")));
  }
  const absl::Duration holder_timeout = kind.holder_timeout_ms() == 0
                                            ? kHolderTimeoutDefault
                                            : absl::Milliseconds(kind.holder_timeout_ms());
  if (abandoned_) return Refuse(GivenUp());
  link::Ask ask;
  ask.exchange_id = id_;
  ask.holder = holder_->id();
  ask.kind = kind.code();
  ask.area = question_.area;
  ask.request = asker_->request();
  ask.request_digest = request_digest_;
  ask.caller = &asker_->caller();
  ask.acting_for = request_->acting_for();
  ask.permit = &permit_;
  ask.share = snapshot_->FindMember(asker_->caller().member)->share();
  ask.timeout = std::min(left, holder_timeout);
  ask.repeatable = kind.repeatable();
  ask.check_signature = kind.verify_every_signature();
  ask.done = [self = shared_from_this()](link::Reply reply) { self->OnReply(std::move(reply)); };
  with_.links.Ask(std::move(ask));
  // Given up between the look above and now: Abandon found nothing to take back.
  if (abandoned_ && with_.links.Cancel(id_)) Refuse(GivenUp());
}

void Exchange::OnReply(link::Reply reply) {
  switch (reply.kind) {
    case link::Reply::Kind::kNoLink:
      return SourceDown("NO_LINK", /*forwarded=*/false);
    case link::Reply::Kind::kOverloaded:
      return SourceDown("HOLDER_BUSY", /*forwarded=*/false);
    case link::Reply::Kind::kTimedOut:
      return SourceDown("TIMED_OUT", /*forwarded=*/true);
    case link::Reply::Kind::kLinkLost:
      return SourceDown("LINK_LOST", /*forwarded=*/true);
    case link::Reply::Kind::kAnswered:
      break;
  }
  metrics::Observe(with_.stages, metrics::Stage::kHolder, with_.clock.Elapsed() - asked_);
  holder_part_ = {std::move(reply.signature), reply.link};
  auto* answer = google::protobuf::Arena::CreateMessage<v1::VerificationAnswer>(&arena_);
  absl::Status fault =
      CheckAnswerBytes(reply.answer, reply.restricted, *request_, permit_, *answer);
  if (!fault.ok()) {
    diag::Error("verify.holder_fault", {{"holder", holder_->id()},
                                        {"kind", permit_.kind->proto->code()},
                                        {"exchange", id_.ToText()},
                                        {"fault", std::string(fault.message())}});
    return Refuse(Refused(
        v1::ERROR_REASON_HOLDER_FAULT,
        "the holder's answer was withheld because it does not fit the question; the operator has "
        "been told"));
  }
  // Both live on the arena: what only the detail still needs changes hands without a copy.
  detail_->mutable_verdicts()->UnsafeArenaSwap(answer->mutable_verdicts());
  for (const auto& field : answer->released_fields()) detail_->add_released_fields(field.code());
  detail_->set_true_outcome(answer->outcome());
  detail_->set_restricted(reply.restricted);
  if (answer->has_as_of_time())
    detail_->unsafe_arena_set_allocated_as_of_time(answer->mutable_as_of_time());

  const absl::Duration floor =
      answer->outcome() == v1::OUTCOME_NOT_COMPARED
          ? absl::Milliseconds(permit_.kind->proto->not_compared_floor_ms())
          : absl::ZeroDuration();
  const absl::Duration due = asker_->arrival() + floor;
  if (due <= with_.clock.Elapsed()) return Conclude(*answer, std::move(reply.answer));
  // Whatever kept the holder from comparing, its entry and its answer come at the same time.
  floored_ = floor;
  with_.delays.Add(due, [self = shared_from_this(), answer, bytes = std::move(reply.answer)] {
    self->asker_->Post([self, answer, bytes] { self->Conclude(*answer, bytes); });
  });
}

void Exchange::Conclude(const v1::VerificationAnswer& answer, std::string bytes) {
  const policy::Caller& caller = asker_->caller();
  const std::string& person_id = request_->purpose().person().id();
  const bool mismatch = answer.outcome() == v1::OUTCOME_MISMATCH;
  if (mismatch || answer.outcome() == v1::OUTCOME_NOT_FOUND) {
    with_.book.locks.CountMiss(caller, person_id, charge_);
  }
  // Of several guesses at once, those that come after the lock closed tell nothing.
  if (const auto lock = with_.book.locks.Find(Attempt()); lock.has_value()) {
    holder_part_.withheld = true;
    return AnswerLocked(*lock);
  }
  Told told = {std::move(bytes), std::nullopt, {}, answer.outcome(), answer.forwarded()};
  if (mismatch && !question_.subject_number.empty()) {
    told.lock = with_.book.locks.CountMismatch(Attempt(), charge_);
  }
  log::Entry entry = NewEntry(log::EntryType::kVerification);
  entry.by = answer.answered_by() == v1::ANSWER_SOURCE_HOLDER ? "holder" : "gateway";
  entry.outcome = std::string(OutcomeName(answer.outcome()));
  Record(std::move(entry), std::move(told));
}

void Exchange::AnswerLocked(const tally::Lock& lock) {
  const bool asked = holder_part_.withheld;
  if (!asked) detail_->set_true_outcome(v1::OUTCOME_LOCKED);
  log::Entry entry = NewEntry(log::EntryType::kVerification);
  entry.by = "gateway";
  entry.outcome = std::string(OutcomeName(v1::OUTCOME_LOCKED));
  entry.reason =
      lock.scope == v1::LOCK_SCOPE_SUBJECT ? "SUBJECT_LOCKED" : "PERSON_LOCKED_OUT_OF_SUBJECT";
  Record(std::move(entry), {LockedAnswer(request_->request_id()),
                            std::nullopt,
                            {},
                            v1::OUTCOME_LOCKED,
                            /*forwarded=*/asked,
                            with_.book.locks.Show(lock)});
}

void Exchange::Abandon(std::shared_ptr<Asker> last) {
  abandoned_by_ = std::move(last);
  abandoned_ = true;
  // False: not asked yet, and AskHolder will see; or the answer is on its way already and is
  // recorded as what it is.
  if (with_.links.Cancel(id_)) Refuse(GivenUp());
}

void Exchange::SourceDown(absl::string_view cause, bool forwarded) {
  detail_->set_true_outcome(v1::OUTCOME_SOURCE_DOWN);
  log::Entry entry = NewEntry(log::EntryType::kVerification);
  entry.by = "gateway";
  entry.outcome = std::string(OutcomeName(v1::OUTCOME_SOURCE_DOWN));
  entry.reason = std::string(cause);
  Record(std::move(entry), {SourceDownAnswer(request_->request_id(), forwarded),
                            std::nullopt,
                            {},
                            v1::OUTCOME_SOURCE_DOWN,
                            forwarded});
}

void Exchange::ReferToDesk() {
  detail_->set_true_outcome(v1::OUTCOME_NOT_COMPARED);
  log::Entry entry = NewEntry(log::EntryType::kVerification);
  entry.by = "gateway";
  entry.outcome = std::string(OutcomeName(v1::OUTCOME_NOT_COMPARED));
  entry.reason = "ANSWERED_AT_DESK";
  Record(std::move(entry), {AskDeskAnswer(request_->request_id()),
                            std::nullopt,
                            {},
                            v1::OUTCOME_NOT_COMPARED,
                            /*forwarded=*/false});
}

void Exchange::Refuse(policy::Refusal refusal) {
  for (const auto& violation : refusal.violations) detail_->add_refused_fields(violation.field);
  log::Entry entry = NewEntry(TypeOf(refusal));
  entry.reason = refusal.reason_name();
  refusal.metadata.emplace_back("exchange", id_.ToText());
  std::string status_bytes = refusal.ToStatusBytes();
  Record(std::move(entry), {{}, std::move(refusal), std::move(status_bytes)});
}

}  // namespace chayan::verify
