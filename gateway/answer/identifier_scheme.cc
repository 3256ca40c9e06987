#include "gateway/answer/identifier_scheme.h"

namespace chayan::answer {

using ident::IdentifierScheme;

std::optional<IdentifierScheme> SchemeOf(v1::IdentifierScheme scheme) {
  switch (scheme) {
    case v1::IDENTIFIER_SCHEME_NATIONAL_ID:
      return IdentifierScheme::kNationalId;
    case v1::IDENTIFIER_SCHEME_RESIDENT_NUMBER:
      return IdentifierScheme::kResidentNumber;
    case v1::IDENTIFIER_SCHEME_OLD_RESIDENT_NUMBER:
      return IdentifierScheme::kOldResidentNumber;
    case v1::IDENTIFIER_SCHEME_BUSINESS_NUMBER:
      return IdentifierScheme::kBusinessNumber;
    case v1::IDENTIFIER_SCHEME_PASSPORT:
      return IdentifierScheme::kPassport;
    case v1::IDENTIFIER_SCHEME_HEALTH_CARD:
      return IdentifierScheme::kHealthCard;
    case v1::IDENTIFIER_SCHEME_CITIZEN_CERTIFICATE:
      return IdentifierScheme::kCitizenCertificate;
    case v1::IDENTIFIER_SCHEME_HOUSEHOLD_NUMBER:
      return IdentifierScheme::kHouseholdNumber;
    default:
      return std::nullopt;
  }
}

}  // namespace chayan::answer
