#include "gateway/verify/exchange.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "gateway/base/diag.h"
#include "gateway/log/search_key.h"
#include "gateway/rpc/recorded.h"
#include "gateway/verify/answer.h"
#include "gateway/verify/limits.h"
#include "gateway/verify/next_step.h"
#include "gateway/verify/plain_wire.h"
#include "gateway/verify/response.h"
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

v1::RetentionClass RetentionOf(const registry::Kind* kind) {
  return kind == nullptr ? v1::RETENTION_CLASS_FIVE_YEARS : kind->proto->retention_class();
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
  // Weak: neither the twins nor the call keep an exchange alive.
  const Twins::Entered entered = with_.twins.Enter(
      key, request_digest_, asker_, [weak = weak_from_this()](std::shared_ptr<Asker> last) {
        if (std::shared_ptr<Exchange> self = weak.lock()) self->Abandon(std::move(last));
      });
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
  asker_->OnCancel([twins = &with_.twins, key, ticket = entered.ticket, asker = asker_.get()] {
    Twins::Left left = twins->Leave(key, ticket, asker);
    if (left.abandon) return left.abandon(std::move(left.asker));
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

void Exchange::Record(log::Entry entry, Told told) {
  if (holder_ != nullptr) entry.holder = holder_->id();
  if (const auto* signature = HolderSignature()) {
    entry.hsig = tlog::HolderSignatureDigest(*signature);
  }
  entry.ref = forward_index_;
  const absl::Duration known = with_.clock.Elapsed();
  const absl::Duration shown =
      floored_ > absl::ZeroDuration() ? floored_ : known - asker_->arrival();
  entry.ms = static_cast<uint32_t>(absl::ToInt64Milliseconds(shown));
  absl::StatusOr<log::VaultOutput> sealed =
      Seal(told.refusal.has_value() ? told.status_bytes : told.answer);
  submitted_ = with_.clock.Elapsed();
  metrics::Observe(with_.stages, metrics::Stage::kSeal, submitted_ - known);
  if (!sealed.ok()) return Release(std::move(told), {}, sealed.status());
  entry.c_req = sealed->c_req;
  entry.c_res = sealed->c_res;
  entry.c_detail = sealed->c_detail;
  store::VaultRow row = std::move(sealed->row);
  with_.book.grants.RecordBegins(charge_);
  with_.committer.Submit(
      {.entry = std::move(entry),
       .vault = std::move(row),
       .registry = std::nullopt,
       .done =
           [self = shared_from_this(), told = std::move(told),
            openings = *std::move(sealed)](absl::StatusOr<log::Committed> committed) mutable {
             // The worker writes and frees what it made: it is still in its core's cache, and the
             // committer goes on to the next batch.
             Asker& asker = *self->asker_;
             asker.Post([self = std::move(self), told = std::move(told),
                         openings = std::move(openings),
                         committed = std::move(committed)]() mutable {
               self->Release(std::move(told), openings, std::move(committed));
             });
           },
       .tallies = charge_.Submit()});
}

void Exchange::Release(Told told, const log::VaultOutput& sealed,
                       absl::StatusOr<log::Committed> committed) {
  charge_.Settle(committed.ok());
  if (!committed.ok()) {
    // Fail closed: what is not recorded is not answered.
    return TellFailure({rpc::LogUnavailable(committed.status()), {}, {}, request_->request_id()});
  }
  const absl::Duration start = with_.clock.Elapsed();
  metrics::Observe(with_.stages, metrics::Stage::kCommit, start - submitted_);
  if (holder_part_.signature.has_value())
    with_.links.Recorded(holder_part_.link, id_, committed->index);
  if (!told.refusal.has_value()) {
    TellAnswer(told, sealed, *committed);
    metrics::Observe(with_.stages, metrics::Stage::kRelease, with_.clock.Elapsed() - start);
    return;
  }
  TellFailure({*std::move(told.refusal), std::move(told.status_bytes),
               EncodeReceipt({*committed, sealed, HolderSignature()}), request_->request_id()});
}

void Exchange::TellAnswer(const Told& told, const log::VaultOutput& sealed,
                          const log::Committed& committed) {
  const v1::DocumentKind& kind = *permit_.kind->proto;
  const absl::Time now = with_.clock.Now();
  const std::string next_step =
      registry::IsAnsweredAtDesk(kind)
          ? AskDesk(kind, holder_, snapshot_->calendar(), now).SerializeAsString()
          : NextStepBytes({told.outcome, told.forwarded, told.lock}, kind, holder_, now);
  auto response = std::make_shared<const std::string>(EncodeResponse(
      request_->request_id(), told.answer, {committed, sealed, HolderSignature()}, next_step));
  const bool keep = told.outcome != v1::OUTCOME_SOURCE_DOWN;
  for (const auto& asker : TakeWaiting(response, keep)) asker->Answer(response);
}

void Exchange::TellFailure(const Failure& failure) {
  for (const auto& asker : TakeWaiting(nullptr, /*keep=*/false)) asker->Fail(failure);
}

std::vector<std::shared_ptr<Asker>> Exchange::TakeWaiting(
    std::shared_ptr<const std::string> response, bool keep) {
  if (!twin_key_.has_value()) return {asker_};
  std::vector<std::shared_ptr<Asker>> waiting =
      with_.twins.Complete(*twin_key_, twin_ticket_, std::move(response), keep);
  if (abandoned_) waiting.push_back(abandoned_by_);
  return waiting;
}

log::Entry Exchange::NewEntry(log::EntryType type) {
  const v1::Purpose& purpose = request_->purpose();
  log::Entry entry = rpc::EntryOf(asker_->caller(), asker_->method(), type, id_);
  entry.acting_for = KnownOrUnknown(snapshot_->FindMember(request_->acting_for()) != nullptr,
                                    "acting_for", request_->acting_for());
  entry.kind = KnownOrUnknown(snapshot_->FindKind(request_->document_kind()) != nullptr,
                              "document_kind", request_->document_kind());
  entry.purpose = KnownOrUnknown(snapshot_->HasPurpose(purpose.purpose_code()),
                                 "purpose.purpose_code", purpose.purpose_code());
  entry.basis = KnownOrUnknown(snapshot_->HasLegalBasis(purpose.legal_basis()),
                               "purpose.legal_basis", purpose.legal_basis());
  entry.person_proof = std::string(policy::ProofName(permit_.person_proof));
  entry.grant = permit_.grant;
  entry.registry = snapshot_->digest();
  return entry;
}

std::string Exchange::KnownOrUnknown(bool known, absl::string_view field, absl::string_view text) {
  if (text.empty()) return {};
  if (known) return std::string(text);
  (*detail_->mutable_unknown_codes())[std::string(field)] = std::string(text);
  return "unknown";
}

absl::StatusOr<log::VaultOutput> Exchange::Seal(absl::string_view response) {
  const v1::Purpose& purpose = request_->purpose();
  const std::string detail = DetailBytes();
  log::VaultInput input;
  input.id = id_;
  input.retention_class = RetentionOf(permit_.kind);
  input.request = asker_->request();
  input.response = response;
  input.detail = detail;
  input.subject = question_.subject_number;
  if (input.subject.empty()) {
    // Refused before its values were looked at: who tried to ask about whom is found all the same.
    absl::StatusOr<std::string> subject = log::SubjectKey(request_->subject().identifier());
    if (subject.ok()) input.subject = *std::move(subject);
  }
  input.person = log::PersonKey(asker_->caller().member, purpose.person().id());
  input.case_number = log::CaseKey(request_->acting_for(), purpose.case_number());
  absl::StatusOr<log::VaultOutput> sealed = with_.vault.Seal(input);
  if (!sealed.ok())
    diag::Error("verify.vault_fault", {{"cause", std::string(sealed.status().message())}});
  return sealed;
}

std::string Exchange::DetailBytes() {
  const v1::Purpose& purpose = request_->purpose();
  detail_->set_request_id(request_->request_id());
  detail_->set_person_id(purpose.person().id());
  detail_->set_person_role(purpose.person().role());
  detail_->set_case_number(purpose.case_number());
  detail_->set_reason(purpose.reason());
  if (purpose.has_approver()) {
    detail_->set_approver_id(purpose.approver().id());
    detail_->set_approver_role(purpose.approver().role());
  }
  if (request_->has_subject())
    detail_->unsafe_arena_set_allocated_subject(request_->mutable_subject());
  if (request_->has_as_of_date())
    detail_->unsafe_arena_set_allocated_as_of_date(request_->mutable_as_of_date());
  if (detail_->verdicts().empty()) {
    for (const v1::Claim& claim : request_->claims())
      detail_->add_verdicts()->set_code(claim.code());
  }
  return detail_->SerializeAsString();
}

}  // namespace chayan::verify
