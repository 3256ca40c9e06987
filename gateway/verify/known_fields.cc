#include "gateway/verify/known_fields.h"

#include <algorithm>

namespace chayan::verify {
namespace {

// REQUIRES: the fields of `messages` that are messages are looked at by the caller.
template <typename... Messages>
bool AnyHasUnknown(const Messages&... messages) {
  return (!messages.GetReflection()->GetUnknownFields(messages).empty() || ...);
}

}  // namespace

bool HasUnknownFields(const v1::VerifyDocumentRequest& request) {
  const v1::Purpose& purpose = request.purpose();
  const v1::Subject& subject = request.subject();
  return AnyHasUnknown(request, purpose, purpose.person(), purpose.consent(), subject,
                       subject.identifier(), subject.birth_date(), request.as_of_date()) ||
         std::any_of(request.claims().begin(), request.claims().end(),
                     [](const v1::Claim& claim) { return AnyHasUnknown(claim, claim.date()); });
}

bool HasUnknownFields(const v1::VerificationAnswer& answer) {
  return AnyHasUnknown(answer, answer.as_of_time()) ||
         std::any_of(answer.verdicts().begin(), answer.verdicts().end(),
                     [](const v1::ClaimVerdict& verdict) { return AnyHasUnknown(verdict); }) ||
         std::any_of(
             answer.released_fields().begin(), answer.released_fields().end(),
             [](const v1::ReleasedField& field) { return AnyHasUnknown(field, field.date()); });
}

}  // namespace chayan::verify
