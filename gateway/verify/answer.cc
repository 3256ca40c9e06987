#include "gateway/verify/answer.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "gateway/base/status_macros.h"
#include "gateway/ident/fold.h"
#include "gateway/verify/limits.h"

namespace chayan::verify {
namespace {

absl::Status Fault(absl::string_view what) { return absl::FailedPreconditionError(what); }

template <typename Message>
bool HasUnknownFields(const Message& message) {
  return !message.GetReflection()->GetUnknownFields(message).empty();
}

// Outcomes that follow from comparing claims, and so come with a verdict for each.
bool IsCompared(v1::Outcome outcome) {
  return outcome == v1::OUTCOME_MATCH || outcome == v1::OUTCOME_VARIANT ||
         outcome == v1::OUTCOME_MISMATCH || outcome == v1::OUTCOME_UNCOMPARABLE;
}

// How far an outcome of comparing is from a match.
int Badness(v1::Outcome outcome) {
  switch (outcome) {
    case v1::OUTCOME_MATCH:
      return 0;
    case v1::OUTCOME_VARIANT:
      return 1;
    case v1::OUTCOME_UNCOMPARABLE:
      return 2;
    default:
      return 3;
  }
}

// What one claim leaves of the outcome at best: without its comparison there is no match.
v1::Outcome BestWith(v1::Verdict verdict) {
  switch (verdict) {
    case v1::VERDICT_MATCH:
      return v1::OUTCOME_MATCH;
    case v1::VERDICT_VARIANT:
      return v1::OUTCOME_VARIANT;
    case v1::VERDICT_MISMATCH:
      return v1::OUTCOME_MISMATCH;
    default:
      return v1::OUTCOME_UNCOMPARABLE;
  }
}

// The outcome is no better than any verdict. It may be worse: the subject's name is compared too.
bool OutcomeFits(const v1::VerificationAnswer& answer) {
  return std::all_of(answer.verdicts().begin(), answer.verdicts().end(),
                     [&](const v1::ClaimVerdict& v) {
                       return Badness(answer.outcome()) >= Badness(BestWith(v.verdict()));
                     });
}

bool LevelFits(const v1::ClaimVerdict& verdict) {
  switch (verdict.verdict()) {
    case v1::VERDICT_MATCH:
      return verdict.match_level() == v1::MATCH_LEVEL_EXACT ||
             verdict.match_level() == v1::MATCH_LEVEL_EQUIVALENT;
    case v1::VERDICT_VARIANT:
      return verdict.match_level() == v1::MATCH_LEVEL_VARIANT;
    case v1::VERDICT_MISMATCH:
      return verdict.match_level() == v1::MATCH_LEVEL_MISMATCH;
    case v1::VERDICT_UNCOMPARABLE:
      return verdict.match_level() == v1::MATCH_LEVEL_UNCOMPARABLE;
    case v1::VERDICT_NOT_COMPARED:
      return verdict.match_level() == v1::MATCH_LEVEL_UNSPECIFIED &&
             verdict.not_compared_reason() != v1::NOT_COMPARED_REASON_UNSPECIFIED;
    default:
      return false;
  }
}

absl::Status CheckVerdicts(const v1::VerificationAnswer& answer,
                           const v1::VerifyDocumentRequest& request) {
  if (!IsCompared(answer.outcome())) {
    return answer.verdicts().empty() ? absl::OkStatus()
                                     : Fault("verdicts beside an outcome without comparison");
  }
  if (answer.verdicts_size() != request.claims_size())
    return Fault("not one verdict for each claim");
  for (int i = 0; i < answer.verdicts_size(); ++i) {
    const v1::ClaimVerdict& verdict = answer.verdicts(i);
    if (verdict.code() != request.claims(i).code()) return Fault("a verdict on another claim");
    if (HasUnknownFields(verdict)) return Fault("an unknown field in a verdict");
    if (!LevelFits(verdict)) return Fault("a match level that does not fit its verdict");
  }
  return OutcomeFits(answer) ? absl::OkStatus() : Fault("an outcome better than its verdicts");
}

absl::Status CheckReleasedFields(const v1::VerificationAnswer& answer,
                                 const policy::Permit& permit) {
  const auto& permitted = permit.released_fields;
  for (int i = 0; i < answer.released_fields_size(); ++i) {
    const v1::ReleasedField& field = answer.released_fields(i);
    if (std::find(permitted.begin(), permitted.end(), field.code()) == permitted.end()) {
      return Fault("a field that the Permit does not release");
    }
    for (int k = 0; k < i; ++k) {
      if (answer.released_fields(k).code() == field.code()) return Fault("a field released twice");
    }
    if (HasUnknownFields(field)) return Fault("an unknown field in a released field");
    const v1::Element* element = permit.kind->FindField(field.code());
    if (element == nullptr) return Fault("a field that the kind does not have");
    const bool is_date = element->type() == v1::VALUE_TYPE_DATE;
    if (field.value_case() != (is_date ? v1::ReleasedField::kDate : v1::ReleasedField::kText)) {
      return Fault("a released field of another type");
    }
    if (!is_date && ident::CountCodePoints(field.text()) > kTextCodePointsMax)
      return Fault("a released field too long");
  }
  return absl::OkStatus();
}

// A protected person's answer must look like any other NOT_COMPARED.
absl::Status CheckRestricted(const v1::VerificationAnswer& answer) {
  const bool ordinary = answer.outcome() == v1::OUTCOME_NOT_COMPARED &&
                        answer.not_compared_reason() == v1::NOT_COMPARED_REASON_ASK_HOLDER &&
                        answer.document_reference().empty() &&
                        answer.holder_case_number().empty() && !answer.has_attempts_left();
  return ordinary ? absl::OkStatus()
                  : Fault("a restricted answer that is not an ordinary NOT_COMPARED");
}

}  // namespace

absl::Status CheckAnswer(const v1::VerificationAnswer& answer, bool restricted,
                         const v1::VerifyDocumentRequest& request, const policy::Permit& permit) {
  if (answer.request_id() != request.request_id()) return Fault("the answer to another question");
  if (HasUnknownFields(answer)) return Fault("an unknown field in the answer");
  if (answer.answered_by() != v1::ANSWER_SOURCE_HOLDER)
    return Fault("an answer not made by the holder");
  if (!v1::Outcome_IsValid(answer.outcome()) || answer.outcome() == v1::OUTCOME_UNSPECIFIED) {
    return Fault("no outcome");
  }
  if (answer.outcome() == v1::OUTCOME_PENDING)
    return Fault("PENDING for a kind that is answered at once");
  if ((answer.outcome() == v1::OUTCOME_NOT_COMPARED) !=
      (answer.not_compared_reason() != v1::NOT_COMPARED_REASON_UNSPECIFIED)) {
    return Fault("NOT_COMPARED without its reason, or a reason without it");
  }
  if (answer.document_reference().size() > kDocumentReferenceBytesMax ||
      answer.holder_case_number().size() > kCodeBytesMax) {
    return Fault("a reference too long");
  }
  const bool has_document = IsCompared(answer.outcome()) || answer.outcome() == v1::OUTCOME_VOID;
  if (!has_document &&
      (!answer.released_fields().empty() || !answer.document_reference().empty())) {
    return Fault("fields of a document beside an outcome without one");
  }
  if (has_document && !answer.has_as_of_time()) return Fault("no as_of_time");
  CHAYAN_RETURN_IF_ERROR(CheckVerdicts(answer, request));
  CHAYAN_RETURN_IF_ERROR(CheckReleasedFields(answer, permit));
  return restricted ? CheckRestricted(answer) : absl::OkStatus();
}

std::string SourceDownAnswer(absl::string_view request_id, bool forwarded) {
  v1::VerificationAnswer answer;
  answer.set_request_id(std::string(request_id));
  answer.set_outcome(v1::OUTCOME_SOURCE_DOWN);
  answer.set_answered_by(v1::ANSWER_SOURCE_GATEWAY);
  answer.set_forwarded(forwarded);
  return answer.SerializeAsString();
}

absl::string_view OutcomeName(v1::Outcome outcome) {
  absl::string_view name = v1::Outcome_Name(outcome);
  name.remove_prefix(sizeof("OUTCOME_") - 1);
  return name;
}

}  // namespace chayan::verify
