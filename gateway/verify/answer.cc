#include "gateway/verify/answer.h"

#include <algorithm>

#include "gateway/answer/answer_rules.h"
#include "gateway/base/status_macros.h"
#include "gateway/verify/plain_wire.h"

namespace chayan::verify {
namespace {

absl::Status Fault(absl::string_view what) { return absl::InvalidArgumentError(what); }

absl::Status CheckFieldTypes(const v1::VerificationAnswer& answer, const registry::Kind& kind) {
  for (const v1::ReleasedField& field : answer.released_fields()) {
    const bool is_date = kind.FindField(field.code())->type() == v1::VALUE_TYPE_DATE;
    if (field.value_case() != (is_date ? v1::ReleasedField::kDate : v1::ReleasedField::kText)) {
      return Fault("released_fields: a value of another type");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckAnswer(const v1::VerificationAnswer& answer, bool restricted,
                         const v1::VerifyDocumentRequest& request, const policy::Permit& permit) {
  if (answer.request_id() != request.request_id()) return Fault("request_id: of another question");
  if (answer.answered_by() != v1::ANSWER_SOURCE_HOLDER) return Fault("answered_by: not the holder");
  if (answer.outcome() == v1::OUTCOME_PENDING)
    return Fault("outcome: PENDING for a kind that is answered at once");
  const auto& released = permit.released_fields;
  CHAYAN_RETURN_IF_ERROR(
      answer::CheckAnswer(answer, restricted, request, [&released](absl::string_view code) {
        return std::find(released.begin(), released.end(), code) != released.end();
      }));
  return CheckFieldTypes(answer, *permit.kind);
}

absl::Status CheckAnswerBytes(absl::string_view bytes, bool restricted,
                              const v1::VerifyDocumentRequest& request,
                              const policy::Permit& permit, v1::VerificationAnswer& answer) {
  if (!answer.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Fault("bytes that are no VerificationAnswer");
  }
  static const PlainWire& plain = *new PlainWire(*v1::VerificationAnswer::descriptor());
  if (!plain.Accepts(bytes)) {
    return Fault("an unknown field, or one that is there twice");
  }
  return CheckAnswer(answer, restricted, request, permit);
}

std::string SourceDownAnswer(absl::string_view request_id, bool forwarded) {
  v1::VerificationAnswer answer;
  answer.set_request_id(std::string(request_id));
  answer.set_outcome(v1::OUTCOME_SOURCE_DOWN);
  answer.set_answered_by(v1::ANSWER_SOURCE_GATEWAY);
  answer.set_forwarded(forwarded);
  return answer.SerializeAsString();
}

std::string AskDeskAnswer(absl::string_view request_id) {
  v1::VerificationAnswer answer;
  answer.set_request_id(std::string(request_id));
  answer.set_outcome(v1::OUTCOME_NOT_COMPARED);
  answer.set_not_compared_reason(v1::NOT_COMPARED_REASON_ASK_HOLDER);
  answer.set_answered_by(v1::ANSWER_SOURCE_GATEWAY);
  return answer.SerializeAsString();
}

std::string LockedAnswer(absl::string_view request_id) {
  v1::VerificationAnswer answer;
  answer.set_request_id(std::string(request_id));
  answer.set_outcome(v1::OUTCOME_LOCKED);
  answer.set_answered_by(v1::ANSWER_SOURCE_GATEWAY);
  answer.set_attempts_left(0);
  return answer.SerializeAsString();
}

absl::string_view OutcomeName(v1::Outcome outcome) {
  absl::string_view name = v1::Outcome_Name(outcome);
  name.remove_prefix(sizeof("OUTCOME_") - 1);
  return name;
}

}  // namespace chayan::verify
