#include "gateway/answer/answer_rules.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "gateway/base/status_macros.h"
#include "gateway/ident/fold.h"

namespace chayan::answer {
namespace {

absl::Status Broken(absl::string_view field, absl::string_view rule) {
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", rule));
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

bool LevelFits(const v1::ClaimVerdict& verdict) {
  const v1::MatchLevel level = verdict.match_level();
  switch (verdict.verdict()) {
    case v1::VERDICT_MATCH:
      return level == v1::MATCH_LEVEL_EXACT || level == v1::MATCH_LEVEL_EQUIVALENT;
    case v1::VERDICT_VARIANT:
      return level == v1::MATCH_LEVEL_VARIANT;
    case v1::VERDICT_MISMATCH:
      return level == v1::MATCH_LEVEL_MISMATCH;
    case v1::VERDICT_UNCOMPARABLE:
      return level == v1::MATCH_LEVEL_UNCOMPARABLE;
    case v1::VERDICT_NOT_COMPARED:
      return level == v1::MATCH_LEVEL_UNSPECIFIED &&
             verdict.not_compared_reason() != v1::NOT_COMPARED_REASON_UNSPECIFIED;
    default:
      return false;
  }
}

absl::Status CheckOutcome(const v1::VerificationAnswer& answer) {
  const v1::Outcome outcome = answer.outcome();
  if (!v1::Outcome_IsValid(outcome) || outcome == v1::OUTCOME_UNSPECIFIED)
    return Broken("outcome", "missing");
  if ((outcome == v1::OUTCOME_NOT_COMPARED) !=
      (answer.not_compared_reason() != v1::NOT_COMPARED_REASON_UNSPECIFIED)) {
    return Broken("not_compared_reason", "with NOT_COMPARED, and only with it");
  }
  const bool has_document = IsCompared(outcome) || outcome == v1::OUTCOME_VOID;
  if (has_document && !answer.has_as_of_time()) return Broken("as_of_time", "missing");
  if (!has_document &&
      (!answer.released_fields().empty() || !answer.document_reference().empty())) {
    return Broken("released_fields, document_reference",
                  "only beside an outcome that has a document");
  }
  return absl::OkStatus();
}

absl::Status CheckVerdicts(const v1::VerificationAnswer& answer,
                           const v1::VerifyDocumentRequest& request) {
  if (!IsCompared(answer.outcome())) {
    return answer.verdicts().empty() ? absl::OkStatus()
                                     : Broken("verdicts", "only beside an outcome of comparing");
  }
  if (answer.verdicts_size() != request.claims_size()) {
    return Broken("verdicts", "one for each claim of the question");
  }
  for (int i = 0; i < answer.verdicts_size(); ++i) {
    const v1::ClaimVerdict& verdict = answer.verdicts(i);
    const std::string path = absl::StrCat("verdicts[", i, "]");
    if (verdict.code() != request.claims(i).code()) {
      return Broken(path, absl::StrCat("must be of claim ", request.claims(i).code()));
    }
    if (!LevelFits(verdict))
      return Broken(path, "a match level or reason that does not fit the verdict");
    // It may be worse than every verdict: the subject's name is compared too.
    if (Badness(answer.outcome()) < Badness(BestWith(verdict.verdict()))) {
      return Broken("outcome", "better than its verdicts");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckFields(const v1::VerificationAnswer& answer,
                         const v1::VerifyDocumentRequest& request,
                         absl::FunctionRef<bool(absl::string_view code)> may_release) {
  for (int i = 0; i < answer.released_fields_size(); ++i) {
    const v1::ReleasedField& field = answer.released_fields(i);
    const std::string path = absl::StrCat("released_fields[", i, "]");
    const auto& requested = request.requested_fields();
    if (!may_release(field.code()) ||
        std::find(requested.begin(), requested.end(), field.code()) == requested.end()) {
      return Broken(path, "the permit does not cover this field");
    }
    for (int k = 0; k < i; ++k) {
      if (answer.released_fields(k).code() == field.code()) return Broken(path, "twice");
    }
    if (ident::CountCodePoints(field.text()) > kFieldCharactersMax) {
      return Broken(path, absl::StrCat("more than ", kFieldCharactersMax, " characters"));
    }
  }
  return absl::OkStatus();
}

// The caller must not be able to tell it from any other question that the holder did not compare.
absl::Status CheckRestricted(const v1::VerificationAnswer& answer) {
  const bool ordinary = answer.outcome() == v1::OUTCOME_NOT_COMPARED &&
                        answer.not_compared_reason() == v1::NOT_COMPARED_REASON_ASK_HOLDER &&
                        answer.holder_case_number().empty() && !answer.has_as_of_time() &&
                        !answer.has_attempts_left();
  return ordinary
             ? absl::OkStatus()
             : Broken("restricted",
                      "the answer itself must be NOT_COMPARED with reason ASK_HOLDER and no more");
}

}  // namespace

absl::Status CheckAnswer(const v1::VerificationAnswer& answer, bool restricted,
                         const v1::VerifyDocumentRequest& request,
                         absl::FunctionRef<bool(absl::string_view code)> may_release) {
  CHAYAN_RETURN_IF_ERROR(CheckOutcome(answer));
  CHAYAN_RETURN_IF_ERROR(CheckVerdicts(answer, request));
  CHAYAN_RETURN_IF_ERROR(CheckFields(answer, request, may_release));
  if (ident::CountCodePoints(answer.document_reference()) > kDocumentReferenceCharactersMax) {
    return Broken("document_reference", "too long");
  }
  if (ident::CountCodePoints(answer.holder_case_number()) > kCaseNumberCharactersMax) {
    return Broken("holder_case_number", "too long");
  }
  return restricted ? CheckRestricted(answer) : absl::OkStatus();
}

}  // namespace chayan::answer
