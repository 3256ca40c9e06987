#include "gateway/notice/publication.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "gateway/base/diag.h"
#include "gateway/base/status_macros.h"
#include "gateway/base/wire.h"
#include "gateway/log/search_key.h"
#include "gateway/notice/notice_detail.h"
#include "gateway/notice/step.h"
#include "gateway/rpc/recorded.h"
#include "gateway/verify/limits.h"
#include "gateway/verify/plain_wire.h"
#include "gateway/verify/response.h"
#include "gateway/verify/value_form.h"

namespace chayan::notice {
namespace {

using policy::Refused;

// Plans that something else overtook, one after another, until the caller is told to come again.
constexpr int kPlansMax = 8;

const verify::PlainWire& WireOf(Publication::How how) {
  static const auto* const publish = new verify::PlainWire(*v1::PublishNoticeRequest::descriptor());
  static const auto* const supersede =
      new verify::PlainWire(*v1::SupersedeNoticeRequest::descriptor());
  static const auto* const reverse = new verify::PlainWire(*v1::ReverseNoticeRequest::descriptor());
  switch (how) {
    case Publication::How::kSupersede:
      return *supersede;
    case Publication::How::kReverse:
      return *reverse;
    case Publication::How::kPublish:
    case Publication::How::kPublishInBulk:
      break;
  }
  return *publish;
}

template <typename Message>
bool ParseAs(absl::string_view bytes, Message& message) {
  return message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

// What stands in the request of a reversal; the rest comes from the notice it undoes.
void TakeReversal(const v1::ReverseNoticeRequest& reversal, v1::PublishNoticeRequest& request) {
  request.set_request_id(reversal.request_id());
  request.set_acting_for(reversal.acting_for());
  *request.mutable_purpose() = reversal.purpose();
  if (reversal.has_effective_date()) *request.mutable_effective_date() = reversal.effective_date();
}

policy::Refusal NoSuchNotice() {
  return Refused(v1::ERROR_REASON_NOTICE_NOT_FOUND,
                 "notice_id: the caller's member published no such notice");
}

log::EntryType TypeOf(const policy::Refusal& refusal) {
  const absl::StatusCode code = refusal.code();
  const bool denied =
      code == absl::StatusCode::kPermissionDenied || code == absl::StatusCode::kUnauthenticated;
  return denied ? log::EntryType::kDenied : log::EntryType::kFailed;
}

}  // namespace

const verify::PlainWire& NoticeWire() { return WireOf(Publication::How::kPublish); }

store::RequestKey RequestKeyOf(const policy::Caller& caller, absl::string_view method,
                               absl::string_view request_id) {
  const crypto::Digest digest =
      crypto::Sha256({caller.member, "/", caller.system, "/", method, "/", request_id});
  store::RequestKey key;
  std::copy_n(digest.bytes.begin(), key.size(), key.begin());
  return key;
}

void Publication::Start(const Collaborators& with, How how, std::shared_ptr<rpc::UnaryCall> call,
                        std::function<void()> accepted) {
  std::make_shared<Publication>(with, how, std::move(call), std::move(accepted))->Run();
}

Publication::Publication(const Collaborators& with, How how, std::shared_ptr<rpc::UnaryCall> call,
                         std::function<void()> accepted)
    : with_(with), how_(how), call_(std::move(call)), accepted_(std::move(accepted)) {}

void Publication::Run() {
  snapshot_ = with_.registry();
  if (!Parse() || !IsNew() || !FindFollowed() || !Permit() || !CheckForm()) return;
  Record();
}

bool Publication::Parse() {
  const absl::string_view bytes = call_->request();
  if (bytes.size() > verify::kQuestionBytesMax) {
    Refuse(Refused(v1::ERROR_REASON_MESSAGE_TOO_LARGE,
                   absl::StrCat("a notice has at most ", verify::kQuestionBytesMax, " bytes"),
                   {{"bytes_max", absl::StrCat(verify::kQuestionBytesMax)}}));
    return false;
  }
  v1::SupersedeNoticeRequest supersede;
  v1::ReverseNoticeRequest reverse;
  const bool parsed = how_ == How::kSupersede ? ParseAs(bytes, supersede)
                      : how_ == How::kReverse ? ParseAs(bytes, reverse)
                                              : ParseAs(bytes, request_);
  if (!parsed || !WireOf(how_).Accepts(bytes)) {
    request_.Clear();
    Refuse(Refused(v1::ERROR_REASON_MESSAGE_MALFORMED,
                   "the request is not of this method, or has a field that this gateway does not "
                   "know or that is there twice; use its version of the protos"));
    return false;
  }
  if (how_ == How::kSupersede) {
    request_ = std::move(*supersede.mutable_replacement());
    followed_id_ = supersede.notice_id();
  } else if (how_ == How::kReverse) {
    TakeReversal(reverse, request_);
    followed_id_ = reverse.notice_id();
  }
  request_key_ = RequestKeyOf(call_->caller(), call_->method(), request_.request_id());
  return true;
}

bool Publication::IsNew() {
  const absl::StatusOr<store::StoredNotice> before = with_.notices.FindRequest(request_key_);
  if (absl::IsNotFound(before.status())) return true;
  if (!before.ok()) {
    FailInternal(before.status());
  } else if (before->request_digest == crypto::Sha256(call_->request())) {
    AnswerAgain(*before);
  } else {
    Refuse(Refused(v1::ERROR_REASON_REQUEST_ID_REUSED,
                   "request_id was used before with another notice; make a new one for each"));
  }
  return false;
}

bool Publication::FindFollowed() {
  if (how_ == How::kPublish || how_ == How::kPublishInBulk) return true;
  const absl::StatusOr<Uuid> id = Uuid::FromText(followed_id_);
  absl::StatusOr<store::StoredNotice> notice =
      id.ok() ? with_.notices.FindNotice(*id) : absl::NotFoundError("no id");
  if (absl::IsNotFound(notice.status()) ||
      (notice.ok() && notice->publisher != call_->caller().member)) {
    Refuse(NoSuchNotice());
    return false;
  }
  if (!notice.ok()) {
    FailInternal(notice.status());
    return false;
  }
  if (notice->followed_by.has_value()) {
    Refuse(Refused(v1::ERROR_REASON_NOTICE_FOLLOWED,
                   "notice_id: the notice was replaced or undone already; follow the one that "
                   "followed it"));
    return false;
  }
  absl::StatusOr<std::vector<store::StoredDelivery>> deliveries =
      AllDeliveries(with_.notices, notice->ordinal);
  if (!deliveries.ok()) {
    FailInternal(deliveries.status());
    return false;
  }
  followed_ = Followed{.notice = *std::move(notice),
                       .deliveries = *std::move(deliveries),
                       .reversed = how_ == How::kReverse};
  if (how_ == How::kReverse) {
    request_.set_notice_kind(followed_->notice.kind);
    request_.set_test(followed_->notice.test);
  }
  return true;
}

bool Publication::Permit() {
  policy::NoticeDecision decision = policy::DecideNotice(
      call_->caller(),
      {request_.acting_for(), request_.purpose(), request_.notice_kind(), in_bulk()}, *snapshot_,
      with_.clock.Now());
  if (auto* refusal = std::get_if<policy::Refusal>(&decision)) {
    Refuse(std::move(*refusal));
    return false;
  }
  permit_ = std::get<policy::NoticePermit>(std::move(decision));
  return true;
}

bool Publication::CheckForm() {
  if (how_ == How::kReverse && !TakeFromFollowed()) return false;
  checked_ =
      CheckNotice(request_, *permit_.kind, call_->caller().member, *snapshot_, with_.ordering);
  std::vector<policy::FieldViolation> violations = std::move(checked_.violations);
  if (how_ == How::kReverse) {
    // What the notice said is no fault of the reversal's, also where the kind has changed since.
    std::erase_if(violations, [](const policy::FieldViolation& violation) {
      return violation.field != "request_id" && violation.field != "effective_date" &&
             violation.field.rfind("purpose.", 0) != 0;
    });
  } else if (how_ == How::kSupersede && request_.notice_kind() != followed_->notice.kind) {
    violations.push_back({"replacement.notice_kind", "is another than that of the notice"});
  }
  if (violations.empty()) return true;
  Refuse(verify::RefuseForms(std::move(violations)));
  return false;
}

// Whom the notice was about, and by what its recipients were found, from its sealed part.
bool Publication::TakeFromFollowed() {
  absl::StatusOr<v1::EntryDetail> detail = OpenNoticeDetail(with_, followed_->notice);
  if (absl::IsNotFound(detail.status())) {
    Refuse(Refused(v1::ERROR_REASON_DETAIL_ERASED,
                   "notice_id: whom the notice was about was erased; publish a new notice"));
    return false;
  }
  if (!detail.ok()) {
    FailInternal(detail.status());
    return false;
  }
  *request_.mutable_subjects() = std::move(*detail->mutable_notice_subjects());
  *request_.mutable_routing() = std::move(*detail->mutable_notice_routing());
  return true;
}

void Publication::Record() {
  absl::StatusOr<Plan> plan =
      MakePlan(with_, {.request = request_,
                       .subjects = checked_.subjects,
                       .kind = *permit_.kind,
                       .snapshot = *snapshot_,
                       .publisher = call_->caller().member,
                       .now = with_.clock.Now(),
                       .followed = followed_.has_value() ? &*followed_ : nullptr,
                       .bulk = in_bulk()});
  if (!plan.ok()) return FailInternal(plan.status());
  auto change = std::make_shared<store::NoticeChange>();
  store::NewNotice& notice = plan->notice;
  notice.request_key = request_key_;
  notice.request_digest = crypto::Sha256(call_->request());
  notice.system = call_->caller().system;
  detail_.clear_notice_recipients();
  for (v1::NoticeRecipient& recipient : plan->recipients) {
    *detail_.add_notice_recipients() = std::move(recipient);
  }
  std::string answer = notice.answer;
  absl::StatusOr<log::VaultOutput> sealed = Seal(notice.id, answer);
  if (!sealed.ok()) return FailInternal(sealed.status());

  log::Submission submission;
  submission.entry = NewEntry(log::EntryType::kNotice, notice.id);
  submission.entry.outcome = notice.exception_owner.empty() ? "ACCEPTED" : "EXCEPTION";
  if (notice.test) submission.entry.reason = "TEST";
  if (followed_.has_value()) submission.entry.ref = followed_->notice.entry;
  submission.entry.c_req = sealed->c_req;
  submission.entry.c_res = sealed->c_res;
  submission.entry.c_detail = sealed->c_detail;
  submission.vault = std::move(sealed->row);
  change->steps = std::move(plan->steps);
  change->notices.push_back(std::move(notice));
  submission.change = std::move(change);
  submission.done = [self = shared_from_this(), answer = std::move(answer),
                     request_opening = std::move(sealed->request_opening),
                     response_opening = std::move(sealed->response_opening)](
                        absl::StatusOr<log::Committed> committed) mutable {
    self->OnCommitted(std::move(answer), std::move(request_opening), std::move(response_opening),
                      std::move(committed));
  };
  with_.committer.Submit(std::move(submission));
}

void Publication::OnCommitted(std::string answer, std::string request_opening,
                              std::string response_opening,
                              absl::StatusOr<log::Committed> committed) {
  if (committed.ok()) {
    log::VaultOutput openings;
    openings.request_opening = std::move(request_opening);
    openings.response_opening = std::move(response_opening);
    Reply(answer, verify::EncodeReceipt({*committed, openings, nullptr}));
    return accepted_();
  }
  const bool overtaken =
      absl::IsAborted(committed.status()) || absl::IsAlreadyExists(committed.status());
  if (!overtaken) return call_->Fail(rpc::LogUnavailable(committed.status()));
  // Of a twin that was faster, the answer is there now; of a plan that no longer fits, a new one is
  // made.
  if (++plans_ < kPlansMax && with_.thread.Run([self = shared_from_this()] { self->Run(); })) {
    return;
  }
  policy::Refusal refusal = Refused(v1::ERROR_REASON_OVERLOADED,
                                    "too much happens to this notice's subjects at once; nothing "
                                    "was accepted, try again");
  refusal.retry_delay = absl::Seconds(1);
  call_->Fail(refusal);
}

void Publication::AnswerAgain(const store::StoredNotice& notice) {
  const absl::StatusOr<Taken> again = ProveAgain(with_, notice.entry);
  if (!again.ok()) return FailInternal(again.status());
  // Once the sealed part was erased the entry proves that there was a notice, and no more.
  Reply(notice.answer, verify::EncodeReceipt({again->committed, again->openings, nullptr}));
}

void Publication::Reply(absl::string_view answer, std::string receipt) {
  using View = v1::PublishNoticeResponseView;
  std::string response;
  wire::AppendText(response, View::kRequestIdFieldNumber, request_.request_id());
  // Of a oneof, so it is there even when it is empty.
  wire::AppendBytes(response, View::kNoticeFieldNumber, answer);
  wire::AppendText(response, View::kReceiptFieldNumber, receipt);
  if (how_ == How::kPublish || in_bulk()) return call_->Reply(std::move(response));
  const int field = how_ == How::kSupersede
                        ? int{v1::SupersedeNoticeResponse::kReplacementFieldNumber}
                        : int{v1::ReverseNoticeResponse::kReversalFieldNumber};
  std::string wrapped;
  wire::AppendBytes(wrapped, field, response);
  call_->Reply(std::move(wrapped));
}

void Publication::Refuse(policy::Refusal refusal) {
  const Uuid id = Uuid::Version7(with_.clock.Now(), with_.random);
  for (const auto& violation : refusal.violations) detail_.add_refused_fields(violation.field);
  log::Submission submission;
  submission.entry = NewEntry(TypeOf(refusal), id);
  submission.entry.reason = refusal.reason_name();
  std::string status_bytes = refusal.ToStatusBytes();
  absl::StatusOr<log::VaultOutput> sealed = Seal(id, status_bytes);
  if (!sealed.ok()) return call_->Fail(rpc::LogUnavailable(sealed.status()));
  submission.entry.c_req = sealed->c_req;
  submission.entry.c_res = sealed->c_res;
  submission.entry.c_detail = sealed->c_detail;
  submission.vault = std::move(sealed->row);
  submission.done =
      [call = call_, refusal = std::move(refusal), status_bytes = std::move(status_bytes),
       openings = *std::move(sealed)](absl::StatusOr<log::Committed> committed) mutable {
        if (!committed.ok()) return call->Fail(rpc::LogUnavailable(committed.status()));
        call->Fail(refusal, std::move(status_bytes),
                   verify::EncodeReceipt({*committed, openings, nullptr}));
      };
  with_.committer.Submit(std::move(submission));
}

void Publication::FailInternal(const absl::Status& cause) {
  diag::Error("notice.publish_fault", {{"cause", std::string(cause.message())}});
  Refuse(Refused(v1::ERROR_REASON_INTERNAL,
                 "the notice was not accepted by our own fault; the operator has been told"));
}

log::Entry Publication::NewEntry(log::EntryType type, const Uuid& id) {
  const v1::Purpose& purpose = request_.purpose();
  log::Entry entry = rpc::EntryOf(call_->caller(), call_->method(), type, id);
  entry.acting_for = KnownOrUnknown(snapshot_->FindMember(request_.acting_for()) != nullptr,
                                    "acting_for", request_.acting_for());
  entry.kind = KnownOrUnknown(snapshot_->FindNoticeKind(request_.notice_kind()) != nullptr,
                              "notice_kind", request_.notice_kind());
  entry.basis = KnownOrUnknown(snapshot_->HasLegalBasis(purpose.legal_basis()),
                               "purpose.legal_basis", purpose.legal_basis());
  entry.person_proof = std::string(policy::ProofName(permit_.person_proof));
  entry.grant = permit_.grant;
  entry.registry = snapshot_->digest();
  entry.ms =
      static_cast<uint32_t>(absl::ToInt64Milliseconds(with_.clock.Elapsed() - call_->arrival()));
  return entry;
}

std::string Publication::KnownOrUnknown(bool known, absl::string_view field,
                                        const std::string& text) {
  if (text.empty() || known) return text;
  (*detail_.mutable_unknown_codes())[std::string(field)] = text;
  return "unknown";
}

absl::StatusOr<log::VaultOutput> Publication::Seal(const Uuid& id, absl::string_view response) {
  const v1::Purpose& purpose = request_.purpose();
  detail_.set_request_id(request_.request_id());
  detail_.set_person_id(purpose.person().id());
  detail_.set_person_role(purpose.person().role());
  detail_.set_case_number(purpose.case_number());
  detail_.set_reason(purpose.reason());
  *detail_.mutable_notice_subjects() = request_.subjects();
  if (request_.has_routing()) *detail_.mutable_notice_routing() = request_.routing();
  const std::string detail = detail_.SerializeAsString();
  log::VaultInput input;
  input.id = id;
  input.retention_class =
      permit_.kind == nullptr ? v1::RETENTION_CLASS_FIVE_YEARS : permit_.kind->retention_class();
  input.request = call_->request();
  input.response = response;
  input.detail = detail;
  input.more_subjects = checked_.numbers;
  if (input.more_subjects.empty()) {
    // Refused before its values were looked at: who tried to tell of whom is found all the same.
    for (const v1::NoticeSubject& subject : request_.subjects()) {
      absl::StatusOr<std::string> number = log::SubjectKey(subject.identifier());
      if (number.ok()) input.more_subjects.push_back(*std::move(number));
    }
  }
  input.person = log::PersonKey(call_->caller().member, purpose.person().id());
  input.case_number = log::CaseKey(request_.acting_for(), purpose.case_number());
  return with_.vault.Seal(input);
}

}  // namespace chayan::notice
