#include "gateway/verify/question.h"

#include <algorithm>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/uuid.h"
#include "gateway/ident/fold.h"
#include "gateway/log/search_key.h"
#include "gateway/verify/value_form.h"

namespace chayan::verify {
namespace {

void CheckSubject(const v1::Subject& subject, const registry::Kind& kind, CheckedQuestion& out,
                  Violations& violations) {
  if (!SchemeAllowed(subject.identifier().scheme(), kind.proto->subject_schemes())) {
    violations.Add("subject.identifier.scheme",
                   "this document kind does not take this scheme; see GetDocumentKind");
  } else {
    absl::StatusOr<std::string> number = log::SubjectKey(subject.identifier());
    violations.That(number.status(), "subject.identifier.value");
    if (number.ok()) out.subject_number = *std::move(number);
  }
  if (!subject.name().empty()) violations.That(ident::CheckName(subject.name()), "subject.name");
  if (subject.has_birth_date()) {
    violations.That(CheckDate(subject.birth_date()), "subject.birth_date");
  }
  if (kind.proto->subject_detail_required() && subject.name().empty() &&
      !subject.has_birth_date()) {
    violations.Add("subject.name",
                   "a number alone is not enough for this kind; write name or birth_date");
  }
}

void CheckClaims(const v1::VerifyDocumentRequest& request, const registry::Kind& kind,
                 CheckedQuestion& out, Violations& violations) {
  for (int i = 0; i < request.claims_size(); ++i) {
    const v1::Claim& claim = request.claims(i);
    std::string value = CheckValue(claim, *kind.FindClaim(claim.code()),
                                   absl::StrCat("claims[", i, "]"), violations);
    // As links know areas: registry::NormalArea.
    if (claim.code() == kind.proto->routing_claim()) out.area = absl::AsciiStrToUpper(value);
  }
  for (const v1::Element& element : kind.proto->claims()) {
    const bool there =
        std::any_of(request.claims().begin(), request.claims().end(),
                    [&](const v1::Claim& claim) { return claim.code() == element.code(); });
    if ((element.required() || element.code() == kind.proto->routing_claim()) && !there) {
      violations.Add("claims", absl::StrCat("the claim \"", element.code(),
                                            "\" is missing; this kind needs it"));
    }
  }
}

}  // namespace

CheckedQuestion CheckQuestion(const v1::VerifyDocumentRequest& request,
                              const registry::Kind& kind) {
  CheckedQuestion out;
  Violations violations;
  violations.That(Uuid::FromText(request.request_id()).status(), "request_id");
  CheckPurpose(request.purpose(), violations);
  CheckSubject(request.subject(), kind, out, violations);
  CheckClaims(request, kind, out, violations);
  if (request.has_as_of_date()) violations.That(CheckDate(request.as_of_date()), "as_of_date");
  out.violations = std::move(violations).Take();
  return out;
}

}  // namespace chayan::verify
