#include "gateway/notice/recipient_calls.h"

#include <string>
#include <utility>
#include <variant>

#include "chayan/v1/notice_service.pb.h"
#include "gateway/base/status_macros.h"
#include "gateway/base/wire.h"
#include "gateway/log/search_key.h"
#include "gateway/notice/payload.h"
#include "gateway/notice/recorded_call.h"
#include "gateway/notice/schedule.h"
#include "gateway/notice/view.h"
#include "gateway/rpc/recorded.h"
#include "gateway/rpc/request.h"
#include "gateway/verify/limits.h"
#include "gateway/verify/response.h"
#include "gateway/verify/value_form.h"

namespace chayan::notice {
namespace {

using policy::Refused;
using store::DeliveryState;

policy::Refusal PayloadGone() {
  return Refused(v1::ERROR_REASON_PAYLOAD_GONE,
                 "what the delivery carried was shredded; publish the notice again");
}

// The delivery of that id with its notice.
struct Found {
  store::StoredDelivery delivery{};
  store::StoredNotice notice{};
};
absl::StatusOr<Found> Find(const Collaborators& with, const std::string& delivery_id) {
  const absl::StatusOr<Uuid> id = Uuid::FromText(delivery_id);
  if (!id.ok()) return absl::NotFoundError("no id");
  Found found;
  CHAYAN_ASSIGN_OR_RETURN(found.delivery, with.notices.FindDelivery(*id));
  CHAYAN_ASSIGN_OR_RETURN(found.notice, with.notices.ReadNotice(found.delivery.notice));
  return found;
}

// A response whose first committed field is number 2, and its receipt number 3.
std::string EncodeProved(absl::string_view committed_bytes, const Taken& taken) {
  static_assert(int{v1::AcknowledgeNoticeResponse::kDeliveryFieldNumber} == 2 &&
                int{v1::ReplayDeliveryResponse::kDeliveryFieldNumber} == 2 &&
                int{v1::FetchNoticeDetailResponse::kNoticeFieldNumber} == 2);
  std::string response;
  wire::AppendBytes(response, v1::AcknowledgeNoticeResponse::kDeliveryFieldNumber, committed_bytes);
  wire::AppendText(response, v1::AcknowledgeNoticeResponse::kReceiptFieldNumber,
                   verify::EncodeReceipt({taken.committed, taken.openings, nullptr}));
  return response;
}

std::vector<policy::FieldViolation> CheckFetch(const v1::FetchNoticeDetailRequest& request) {
  verify::Violations violations;
  const v1::Purpose& purpose = request.purpose();
  verify::CheckPurpose(purpose, violations);
  if (purpose.person().id().empty()) {
    violations.Add("purpose.person.id", "is missing; a fetch names who makes it");
  }
  if (purpose.case_number().empty()) {
    violations.Add("purpose.case_number", "is missing; a fetch names its file");
  }
  return std::move(violations).Take();
}

// Only what was sent can be fetched.
bool WasSent(const store::StoredDelivery& delivery) {
  switch (delivery.state) {
    case DeliveryState::kDelivered:
    case DeliveryState::kHandedOver:
    case DeliveryState::kAcknowledged:
    case DeliveryState::kRejected:
      return true;
    case DeliveryState::kScheduled:
      return !delivery.lease.empty();
    default:
      return false;
  }
}

absl::StatusOr<std::string> WholeNotice(const Collaborators& with, const Found& found) {
  CHAYAN_ASSIGN_OR_RETURN(const store::SealedPayload payload,
                          with.notices.ReadPayload(found.delivery.seq));
  CHAYAN_ASSIGN_OR_RETURN(const std::string opened,
                          OpenPayload(with.vault, found.delivery.id, payload));
  return WholeBytes(
      opened, {.earlier_missing = found.delivery.earlier_missing, .entry = found.notice.entry});
}

}  // namespace

void AcknowledgeNotice(const Collaborators& with, Settler& settler,
                       std::shared_ptr<rpc::UnaryCall> call) {
  v1::AcknowledgeNoticeRequest request;
  if (auto refusal = rpc::ReadRequest(*call, request)) {
    return FailCall(with, std::move(call), *std::move(refusal));
  }
  if (request.acknowledgement().state() != v1::DELIVERY_STATE_ACKNOWLEDGED &&
      request.acknowledgement().state() != v1::DELIVERY_STATE_REJECTED) {
    return FailCall(with, std::move(call),
                    policy::RefusedField(v1::ERROR_REASON_FIELD_INVALID, "acknowledgement.state",
                                         "write ACKNOWLEDGED or REJECTED"));
  }
  Said said;
  said.caller = call->caller();
  said.method = std::string(call->method());
  said.receipt = request.acknowledgement().SerializeAsString();
  said.request = std::string(call->request());
  said.done = [&with, call](std::variant<Settled, policy::Refusal> outcome) {
    if (auto* refusal = std::get_if<policy::Refusal>(&outcome)) {
      return FailCall(with, call, std::move(*refusal));
    }
    const Settled& settled = std::get<Settled>(outcome);
    call->Reply(EncodeProved(settled.answer, settled.taken));
  };
  settler.Take(std::move(said));
}

void FetchNoticeDetail(const Collaborators& with, std::shared_ptr<rpc::UnaryCall> call) {
  v1::FetchNoticeDetailRequest request;
  if (auto refusal = rpc::ReadRequest(*call, request)) {
    return FailCall(with, std::move(call), *std::move(refusal));
  }
  std::vector<policy::FieldViolation> violations = CheckFetch(request);
  if (!violations.empty()) {
    return FailCall(with, std::move(call), verify::RefuseForms(std::move(violations)));
  }
  const absl::StatusOr<Found> found = Find(with, request.delivery_id());
  if (!found.ok() && !absl::IsNotFound(found.status())) {
    return FailCall(with, std::move(call), StoreFault(found.status()));
  }
  if (!found.ok() || found->delivery.recipient != call->caller().member ||
      !WasSent(found->delivery)) {
    return FailCall(with, std::move(call), NoSuchDelivery());
  }
  const absl::StatusOr<std::string> whole = WholeNotice(with, *found);
  if (absl::IsNotFound(whole.status())) return FailCall(with, std::move(call), PayloadGone());
  if (!whole.ok()) return FailCall(with, std::move(call), StoreFault(whole.status()));

  v1::DeliveredNotice notice;
  v1::EntryDetail detail;
  detail.set_person_id(request.purpose().person().id());
  detail.set_person_role(request.purpose().person().role());
  detail.set_case_number(request.purpose().case_number());
  detail.set_reason(request.purpose().reason());
  if (notice.ParseFromString(*whole)) *detail.mutable_notice_subjects() = notice.subjects();
  const std::string detail_bytes = detail.SerializeAsString();
  log::Submission submission;
  submission.entry = CallEntry(with, *call, log::EntryType::kRead);
  submission.entry.kind = found->notice.kind;
  submission.entry.ref = found->notice.entry;
  log::VaultInput input;
  input.id = submission.entry.id;
  input.retention_class = v1::RETENTION_CLASS_FIVE_YEARS;
  input.request = call->request();
  input.response = *whole;
  input.detail = detail_bytes;
  for (const v1::NoticeSubject& subject : detail.notice_subjects()) {
    absl::StatusOr<std::string> number = log::SubjectKey(subject.identifier());
    if (number.ok()) input.more_subjects.push_back(*std::move(number));
  }
  input.person = log::PersonKey(call->caller().member, detail.person_id());
  input.case_number = log::CaseKey(call->caller().member, detail.case_number());
  absl::StatusOr<log::VaultOutput> sealed = with.vault.Seal(input);
  if (!sealed.ok()) return call->Fail(rpc::LogUnavailable(sealed.status()));
  submission.entry.c_req = sealed->c_req;
  submission.entry.c_res = sealed->c_res;
  submission.entry.c_detail = sealed->c_detail;
  submission.vault = std::move(sealed->row);
  submission.done = [call, bytes = *whole, openings = *std::move(sealed)](
                        absl::StatusOr<log::Committed> committed) mutable {
    if (!committed.ok()) return call->Fail(rpc::LogUnavailable(committed.status()));
    call->Reply(EncodeProved(bytes, {*std::move(committed), std::move(openings)}));
  };
  with.committer.Submit(std::move(submission));
}

void ReplayDelivery(const Collaborators& with, std::shared_ptr<rpc::UnaryCall> call,
                    std::function<void()> scheduled) {
  v1::ReplayDeliveryRequest request;
  if (auto refusal = rpc::ReadRequest(*call, request)) {
    return FailCall(with, std::move(call), *std::move(refusal));
  }
  if (request.reason().empty() ||
      !verify::CheckText(request.reason(), verify::kTextCodePointsMax).ok()) {
    return FailCall(
        with, std::move(call),
        policy::RefusedField(v1::ERROR_REASON_FIELD_INVALID, "reason",
                             "write 1 to 500 characters that say why it is sent again"));
  }
  const absl::StatusOr<Found> found = Find(with, request.delivery_id());
  if (!found.ok() && !absl::IsNotFound(found.status())) {
    return FailCall(with, std::move(call), StoreFault(found.status()));
  }
  if (!found.ok() || found->notice.publisher != call->caller().member) {
    return FailCall(with, std::move(call), NoSuchDelivery());
  }
  const store::StoredDelivery& delivery = found->delivery;
  if (found->notice.followed_by.has_value()) {
    return FailCall(with, std::move(call),
                    Refused(v1::ERROR_REASON_NOTICE_FOLLOWED,
                            "delivery_id: its notice was replaced or undone; what followed it is "
                            "what counts"));
  }
  if (!store::MayStep(delivery.state, DeliveryState::kScheduled)) {
    return FailCall(with, std::move(call),
                    Refused(v1::ERROR_REASON_DELIVERY_STATE,
                            "the delivery is neither dead nor rejected; it needs no replay"));
  }
  const absl::Status payload = with.notices.ReadPayload(delivery.seq).status();
  if (absl::IsNotFound(payload)) return FailCall(with, std::move(call), PayloadGone());
  if (!payload.ok()) return FailCall(with, std::move(call), StoreFault(payload));

  const std::shared_ptr<const registry::Snapshot> snapshot = with.registry();
  const v1::Subscription* const known = snapshot->FindSubscription(delivery.subscription);
  const v1::Subscription& subscription =
      known == nullptr ? v1::Subscription::default_instance() : *known;
  const absl::Time now = with.clock.Now();
  store::StoredDelivery after = delivery;
  after.state = DeliveryState::kScheduled;
  after.ready_ms = absl::ToUnixMillis(now);
  after.attempts = 0;
  after.reason = "REPLAYED";
  absl::StatusOr<v1::DeliveryStatus> status = StatusOf(with, found->notice, after);
  if (!status.ok()) return FailCall(with, std::move(call), StoreFault(status.status()));
  std::string answer = status->SerializeAsString();
  v1::EntryDetail detail;
  detail.set_reason(request.reason());
  TakeStep(with,
           {.notice = found->notice,
            .delivery = delivery,
            .type = log::EntryType::kDelivery,
            .actor = {.caller = &call->caller(), .method = std::string(call->method())},
            .by = "publisher",
            .from = delivery.state,
            .to = DeliveryState::kScheduled,
            .time = now,
            .reason = "REPLAYED",
            .request = call->request(),
            .response = answer,
            .detail = detail,
            .due_ms = absl::ToUnixMillis(now),
            .expire_ms = absl::ToUnixMillis(ExpireTime(subscription, now)),
            .fetch_by_ms = FetchByMs(subscription, snapshot->calendar(), now)},
           [&with, call, answer, scheduled = std::move(scheduled)](absl::StatusOr<Taken> taken) {
             if (absl::IsAborted(taken.status())) {
               return FailCall(with, call,
                               Refused(v1::ERROR_REASON_DELIVERY_STATE,
                                       "the delivery took another step meanwhile; look at it"));
             }
             if (!taken.ok()) return call->Fail(rpc::LogUnavailable(taken.status()));
             call->Reply(EncodeProved(answer, *taken));
             scheduled();
           });
}

}  // namespace chayan::notice
