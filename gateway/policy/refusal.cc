#include "gateway/policy/refusal.h"

#include <google/protobuf/any.pb.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace chayan::policy {
namespace {

google::rpc::BadRequest MakeBadRequest(const std::vector<FieldViolation>& violations,
                                       size_t& left_out) {
  google::rpc::BadRequest bad_request;
  size_t bytes = 0;
  left_out = 0;
  for (const FieldViolation& violation : violations) {
    bytes += violation.field.size() + violation.description.size();
    if (bytes > kViolationsBytesMax && bad_request.field_violations_size() > 0) {
      ++left_out;
      continue;
    }
    auto& entry = *bad_request.add_field_violations();
    entry.set_field(violation.field);
    entry.set_description(violation.description);
  }
  return bad_request;
}

}  // namespace

Refusal Refused(v1::ErrorReason reason, std::string message,
                std::vector<std::pair<std::string, std::string>> metadata) {
  return {.reason = reason, .message = std::move(message), .metadata = std::move(metadata)};
}

Refusal RefusedField(v1::ErrorReason reason, std::string field, std::string description) {
  Refusal refusal = Refused(reason, absl::StrCat(field, ": ", description));
  refusal.violations = {{std::move(field), std::move(description)}};
  return refusal;
}

absl::StatusCode CodeOf(v1::ErrorReason reason) {
  switch (reason) {
    case v1::ERROR_REASON_CERTIFICATE_IDENTITY_UNUSABLE:
    case v1::ERROR_REASON_CALLER_UNKNOWN:
    case v1::ERROR_REASON_ISSUER_NOT_ALLOWED:
    case v1::ERROR_REASON_CERTIFICATE_REVOKED:
    case v1::ERROR_REASON_CERTIFICATE_EXPIRED:
    case v1::ERROR_REASON_REVOCATION_UNKNOWN:
      return absl::StatusCode::kUnauthenticated;

    case v1::ERROR_REASON_ROLE_NOT_ALLOWED:
    case v1::ERROR_REASON_ACTING_FOR_NOT_ALLOWED:
    case v1::ERROR_REASON_NO_GRANT:
    case v1::ERROR_REASON_PURPOSE_NOT_GRANTED:
    case v1::ERROR_REASON_LEGAL_BASIS_NOT_GRANTED:
    case v1::ERROR_REASON_PERSON_ROLE_NOT_GRANTED:
    case v1::ERROR_REASON_CLAIM_NOT_GRANTED:
    case v1::ERROR_REASON_FIELD_NOT_GRANTED:
    case v1::ERROR_REASON_GRANT_NOT_IN_FORCE:
    case v1::ERROR_REASON_OUTSIDE_HOURS:
    case v1::ERROR_REASON_PERSON_ASSERTION_REQUIRED:
    case v1::ERROR_REASON_PERSON_ASSERTION_INVALID:
    case v1::ERROR_REASON_AUDIT_NOT_GRANTED:
    case v1::ERROR_REASON_NO_PULL_SUBSCRIPTION:
    case v1::ERROR_REASON_GRANT_LAPSED:
    case v1::ERROR_REASON_COUNTY_RULE:
    case v1::ERROR_REASON_APPROVAL_REQUIRED:
    case v1::ERROR_REASON_APPROVAL_INVALID:
    case v1::ERROR_REASON_SECOND_PERSON_REQUIRED:
    case v1::ERROR_REASON_HELLO_EXCEEDS_REGISTRY:
    case v1::ERROR_REASON_ANSWER_KEY_UNKNOWN:
    case v1::ERROR_REASON_FRAME_SIGNATURE_INVALID:
      return absl::StatusCode::kPermissionDenied;

    case v1::ERROR_REASON_RATE_LIMITED:
    case v1::ERROR_REASON_MESSAGE_TOO_LARGE:
    case v1::ERROR_REASON_QUOTA_EXHAUSTED:
    case v1::ERROR_REASON_DENIAL_BUDGET_EXHAUSTED:
    case v1::ERROR_REASON_PERSON_STOPPED:
    case v1::ERROR_REASON_MEMBER_QUOTA_EXHAUSTED:
      return absl::StatusCode::kResourceExhausted;

    case v1::ERROR_REASON_OVERLOADED:
    case v1::ERROR_REASON_LOG_UNAVAILABLE:
    case v1::ERROR_REASON_DRAINING:
    case v1::ERROR_REASON_NOT_YET_PUBLISHED:
      return absl::StatusCode::kUnavailable;

    case v1::ERROR_REASON_METHOD_UNKNOWN:
      return absl::StatusCode::kUnimplemented;

    case v1::ERROR_REASON_MESSAGE_MALFORMED:
    case v1::ERROR_REASON_FIELD_MISSING:
    case v1::ERROR_REASON_FIELD_INVALID:
    case v1::ERROR_REASON_DOCUMENT_KIND_UNKNOWN:
    case v1::ERROR_REASON_CLAIM_UNKNOWN:
    case v1::ERROR_REASON_REQUESTED_FIELD_UNKNOWN:
    case v1::ERROR_REASON_PAGE_TOKEN_INVALID:
    case v1::ERROR_REASON_REGISTRY_INVALID:
    case v1::ERROR_REASON_HELLO_INVALID:
      return absl::StatusCode::kInvalidArgument;

    case v1::ERROR_REASON_NO_ROUTE:
    case v1::ERROR_REASON_KIND_DIGEST_DIFFERS:
    case v1::ERROR_REASON_ANSWER_UNEXPECTED:
    case v1::ERROR_REASON_DETAIL_ERASED:
    case v1::ERROR_REASON_LEGAL_HOLD:
    case v1::ERROR_REASON_PROPOSAL_INVALID:
    case v1::ERROR_REASON_NOTICE_FOLLOWED:
    case v1::ERROR_REASON_DELIVERY_STATE:
    case v1::ERROR_REASON_PAYLOAD_GONE:
    case v1::ERROR_REASON_RECEIPT_UNEXPECTED:
      return absl::StatusCode::kFailedPrecondition;

    case v1::ERROR_REASON_REQUEST_ID_REUSED:
      return absl::StatusCode::kAlreadyExists;

    case v1::ERROR_REASON_ENTRY_NOT_FOUND:
    case v1::ERROR_REASON_REGISTRY_SET_NOT_FOUND:
    case v1::ERROR_REASON_LINK_NOT_FOUND:
    case v1::ERROR_REASON_DRAW_NOT_FOUND:
    case v1::ERROR_REASON_HOLD_NOT_FOUND:
    case v1::ERROR_REASON_CHECKPOINT_NOT_FOUND:
    case v1::ERROR_REASON_NOTICE_NOT_FOUND:
    case v1::ERROR_REASON_DELIVERY_NOT_FOUND:
    case v1::ERROR_REASON_LOCK_NOT_FOUND:
      return absl::StatusCode::kNotFound;

    case v1::ERROR_REASON_EVENT_IN_FUTURE:
      return absl::StatusCode::kOutOfRange;

    case v1::ERROR_REASON_REGISTRY_CHANGED:
      return absl::StatusCode::kAborted;

    case v1::ERROR_REASON_CANCELLED:
      return absl::StatusCode::kCancelled;

    case v1::ERROR_REASON_DEADLINE_TOO_SHORT:
    case v1::ERROR_REASON_HEARTBEAT_MISSED:
      return absl::StatusCode::kDeadlineExceeded;

    case v1::ERROR_REASON_HOLDER_FAULT:
    case v1::ERROR_REASON_INTERNAL:
    case v1::ERROR_REASON_UNSPECIFIED:
    default:
      return absl::StatusCode::kInternal;
  }
}

absl::string_view ReasonName(v1::ErrorReason reason) {
  return absl::StripPrefix(v1::ErrorReason_Name(reason), "ERROR_REASON_");
}

absl::StatusCode Refusal::code() const { return CodeOf(reason); }

std::string Refusal::reason_name() const { return std::string(ReasonName(reason)); }

std::string Refusal::ToStatusBytes() const {
  size_t left_out = 0;
  const google::rpc::BadRequest bad_request = MakeBadRequest(violations, left_out);
  google::rpc::ErrorInfo info;
  info.set_reason(reason_name());
  info.set_domain("chayan");
  for (const auto& [name, value] : metadata) (*info.mutable_metadata())[name] = value;
  if (left_out > 0) (*info.mutable_metadata())["violations_left_out"] = absl::StrCat(left_out);

  google::rpc::Status status;
  status.set_code(static_cast<int>(code()));
  status.set_message(message);
  status.add_details()->PackFrom(info);
  if (bad_request.field_violations_size() > 0) status.add_details()->PackFrom(bad_request);
  if (retry_delay > absl::ZeroDuration()) {
    // A delay of days is not meant to be waited out; the bound keeps the field valid.
    const absl::Duration delay = std::min(retry_delay, absl::Hours(24 * 365));
    google::rpc::RetryInfo retry;
    retry.mutable_retry_delay()->set_seconds(absl::ToInt64Seconds(delay));
    retry.mutable_retry_delay()->set_nanos(static_cast<int32_t>(
        absl::ToInt64Nanoseconds(delay - absl::Seconds(absl::ToInt64Seconds(delay)))));
    status.add_details()->PackFrom(retry);
  }
  return status.SerializeAsString();
}

}  // namespace chayan::policy
