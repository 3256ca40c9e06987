#include "adapters/connector/compare.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "adapters/sdk/match_address.h"
#include "adapters/sdk/match_date.h"
#include "adapters/sdk/match_identifier.h"
#include "adapters/sdk/match_land.h"
#include "adapters/sdk/match_name.h"
#include "adapters/sdk/match_text.h"
#include "gateway/answer/identifier_scheme.h"
#include "gateway/base/check.h"
#include "gateway/base/status_macros.h"
#include "gateway/ident/identifier.h"

namespace chayan::connector {
namespace {

using ident::IdentifierScheme;
using sdk::Comparison;

constexpr Comparison kUncomparable{sdk::Verdict::kUncomparable, sdk::MatchLevel::kUncomparable};

// Types whose values are identifiers, with their scheme.
std::optional<IdentifierScheme> SchemeOf(v1::ValueType type) {
  switch (type) {
    case v1::VALUE_TYPE_PERSON_NUMBER:
      return IdentifierScheme::kPersonNumber;
    case v1::VALUE_TYPE_BUSINESS_NUMBER:
      return IdentifierScheme::kBusinessNumber;
    case v1::VALUE_TYPE_LAND_OFFICE:
      return IdentifierScheme::kLandOffice;
    case v1::VALUE_TYPE_LAND_SECTION:
      return IdentifierScheme::kLandSection;
    case v1::VALUE_TYPE_LAND_LOT:
      return IdentifierScheme::kLandLot;
    case v1::VALUE_TYPE_BUILDING_NUMBER:
      return IdentifierScheme::kBuilding;
    case v1::VALUE_TYPE_PASSPORT:
      return IdentifierScheme::kPassport;
    case v1::VALUE_TYPE_VEHICLE_PLATE:
      return IdentifierScheme::kVehiclePlate;
    default:
      return std::nullopt;
  }
}

// A resident may present either number, so the three that name a person are compared as one scheme.
std::optional<IdentifierScheme> SchemeOf(v1::IdentifierScheme scheme) {
  const std::optional<IdentifierScheme> exact = answer::SchemeOf(scheme);
  const bool names_person = exact == IdentifierScheme::kNationalId ||
                            exact == IdentifierScheme::kResidentNumber ||
                            exact == IdentifierScheme::kOldResidentNumber;
  return names_person ? IdentifierScheme::kPersonNumber : exact;
}

Comparison CompareDate(const v1::EraDate& expected, absl::string_view held) {
  const absl::StatusOr<ident::EraDate> date = DateFrom(expected);
  return date.ok() ? sdk::MatchDate(*date, held) : kUncomparable;
}

absl::StatusOr<std::string> NormalForm(IdentifierScheme scheme, absl::string_view text) {
  CHAYAN_ASSIGN_OR_RETURN(ident::Normalized normalized, ident::Normalize(scheme, text));
  return std::move(normalized.value);
}

}  // namespace

Comparison Compare(v1::ValueType type, v1::ComparisonRule rule, const v1::Claim& claim,
                   absl::string_view held) {
  if (type == v1::VALUE_TYPE_DATE) {
    return claim.has_date() ? CompareDate(claim.date(), held) : kUncomparable;
  }
  if (!claim.has_text()) return kUncomparable;
  const absl::string_view expected = claim.text();
  if (rule == v1::COMPARISON_RULE_SHARE) return sdk::MatchShare(expected, held);
  switch (type) {
    case v1::VALUE_TYPE_NAME:
      return sdk::MatchName(expected, held);
    case v1::VALUE_TYPE_ADDRESS:
      return sdk::MatchAddress(expected, held);
    case v1::VALUE_TYPE_LAND_LOT:
      return sdk::MatchLotNumber(expected, held);
    case v1::VALUE_TYPE_BUILDING_NUMBER:
      return sdk::MatchBuildingNumber(expected, held);
    case v1::VALUE_TYPE_INTEGER:
      return sdk::MatchNumber(expected, held);
    case v1::VALUE_TYPE_CODE:
      return sdk::MatchCode(expected, held);
    case v1::VALUE_TYPE_TEXT:
      return sdk::MatchText(expected, held);
    default:
      const std::optional<IdentifierScheme> scheme = SchemeOf(type);
      return scheme.has_value() ? sdk::MatchIdentifier(*scheme, expected, held) : kUncomparable;
  }
}

Comparison CompareNumber(const v1::Identifier& identifier, absl::string_view held) {
  const std::optional<IdentifierScheme> scheme = SchemeOf(identifier.scheme());
  return scheme.has_value() ? sdk::MatchIdentifier(*scheme, identifier.value(), held)
                            : kUncomparable;
}

absl::StatusOr<std::string> BoundText(v1::ValueType type, const v1::Claim& claim,
                                      v1::DateForm form) {
  if (type == v1::VALUE_TYPE_DATE) {
    CHAYAN_ASSIGN_OR_RETURN(const ident::EraDate date, DateFrom(claim.date()));
    return BoundDate(date, form);
  }
  const std::optional<IdentifierScheme> scheme = SchemeOf(type);
  if (scheme.has_value()) return NormalForm(*scheme, claim.text());
  return claim.text();
}

absl::StatusOr<std::string> BoundNumber(const v1::Identifier& identifier) {
  const std::optional<IdentifierScheme> scheme = SchemeOf(identifier.scheme());
  if (!scheme.has_value()) return absl::InvalidArgumentError("the identifier has no scheme");
  return NormalForm(*scheme, identifier.value());
}

absl::StatusOr<std::string> BoundDate(const ident::EraDate& date, v1::DateForm form) {
  if (form != v1::DATE_FORM_ROC_MINUS && form != v1::DATE_FORM_ROC_MARK) {
    return ident::PrintIso(date);
  }
  if (date.era == ident::Era::kRoc) return ident::PrintRoc7(date);
  return absl::StrFormat("%s%03d%02d%02d", form == v1::DATE_FORM_ROC_MINUS ? "-" : "前", date.year,
                         date.month, date.day);
}

absl::StatusOr<ident::EraDate> DateFrom(const v1::EraDate& date) {
  if (date.era() != v1::ERA_ROC && date.era() != v1::ERA_BEFORE_ROC) {
    return absl::InvalidArgumentError("the date has no era");
  }
  const ident::EraDate result{date.era() == v1::ERA_ROC ? ident::Era::kRoc : ident::Era::kBeforeRoc,
                              date.year(), date.month(), date.day()};
  CHAYAN_RETURN_IF_ERROR(ident::Validate(result));
  return result;
}

v1::EraDate DateTo(const ident::EraDate& date) {
  v1::EraDate result;
  result.set_era(date.era == ident::Era::kRoc ? v1::ERA_ROC : v1::ERA_BEFORE_ROC);
  result.set_year(date.year);
  result.set_month(date.month);
  result.set_day(date.day);
  return result;
}

}  // namespace chayan::connector
