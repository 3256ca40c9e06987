#include "gateway/verify/value_form.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gateway/base/encoding.h"
#include "gateway/ident/era_date.h"
#include "gateway/ident/fold.h"
#include "gateway/ident/identifier.h"
#include "gateway/verify/limits.h"

namespace chayan::verify {
namespace {

using ident::IdentifierScheme;

absl::StatusOr<std::string> NormalNumber(IdentifierScheme scheme, absl::string_view text) {
  absl::StatusOr<ident::Normalized> normalized = ident::Normalize(scheme, text);
  if (!normalized.ok()) return normalized.status();
  return std::move(normalized->value);
}

// Longer numbers than any count, and than 64 bits hold.
constexpr size_t kIntegerDigitsMax = 18;

absl::StatusOr<std::string> NormalInteger(absl::string_view text) {
  std::string folded = ident::FoldWidth(ident::Trim(text));
  if (folded.empty() || folded.size() > kIntegerDigitsMax ||
      folded.find_first_not_of("0123456789") != std::string::npos) {
    return absl::InvalidArgumentError(absl::StrCat("write 1 to ", kIntegerDigitsMax, " digits"));
  }
  return folded;
}

absl::StatusOr<std::string> PlainText(absl::string_view text) {
  const absl::Status status = CheckText(text, kTextCodePointsMax);
  if (!status.ok()) return status;
  return std::string(text);
}

absl::StatusOr<std::string> ListedCode(absl::string_view text, const v1::Element& element) {
  if (std::find(element.codes().begin(), element.codes().end(), text) == element.codes().end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("write one of: ", absl::StrJoin(element.codes(), ", ")));
  }
  return std::string(text);
}

// The value's normal form, by the form its element asks for.
absl::StatusOr<std::string> NormalValue(absl::string_view text, const v1::Element& element) {
  if (text.empty()) return absl::InvalidArgumentError("is empty; write the expected value");
  switch (element.type()) {
    case v1::VALUE_TYPE_NAME: {
      absl::Status status = ident::CheckName(text);
      if (!status.ok()) return status;
      return std::string(text);
    }
    case v1::VALUE_TYPE_PERSON_NUMBER:
      return NormalNumber(IdentifierScheme::kPersonNumber, text);
    case v1::VALUE_TYPE_BUSINESS_NUMBER:
      return NormalNumber(IdentifierScheme::kBusinessNumber, text);
    case v1::VALUE_TYPE_LAND_OFFICE:
      return NormalNumber(IdentifierScheme::kLandOffice, text);
    case v1::VALUE_TYPE_LAND_SECTION:
      return NormalNumber(IdentifierScheme::kLandSection, text);
    case v1::VALUE_TYPE_LAND_LOT:
      return NormalNumber(IdentifierScheme::kLandLot, text);
    case v1::VALUE_TYPE_BUILDING_NUMBER:
      return NormalNumber(IdentifierScheme::kBuilding, text);
    case v1::VALUE_TYPE_PASSPORT:
      return NormalNumber(IdentifierScheme::kPassport, text);
    case v1::VALUE_TYPE_VEHICLE_PLATE:
      return NormalNumber(IdentifierScheme::kVehiclePlate, text);
    case v1::VALUE_TYPE_INTEGER:
      return NormalInteger(text);
    case v1::VALUE_TYPE_CODE:
      return ListedCode(text, element);
    default:
      return PlainText(text);
  }
}

}  // namespace

policy::Refusal RefuseForms(std::vector<policy::FieldViolation> violations) {
  std::vector<std::string> fields;
  for (const policy::FieldViolation& violation : violations) fields.push_back(violation.field);
  policy::Refusal refusal;
  refusal.reason = v1::ERROR_REASON_FIELD_INVALID;
  refusal.message =
      absl::StrCat("these fields are not of their form: ", absl::StrJoin(fields, ", "));
  refusal.metadata = {{"fields", absl::StrJoin(fields, ",")}};
  refusal.violations = std::move(violations);
  return refusal;
}

std::string CheckValue(const v1::Claim& value, const v1::Element& element, absl::string_view path,
                       Violations& violations) {
  const bool is_date = element.type() == v1::VALUE_TYPE_DATE;
  const std::string field = absl::StrCat(path, is_date ? ".date" : ".text");
  if (is_date != (value.value_case() == v1::Claim::kDate)) {
    violations.Add(field,
                   is_date ? "this claim is a date; set date" : "this claim is a text; set text");
    return {};
  }
  if (is_date) {
    violations.That(CheckDate(value.date()), field);
    return {};
  }
  absl::StatusOr<std::string> normal = NormalValue(value.text(), element);
  violations.That(normal.status(), field);
  return normal.ok() ? *std::move(normal) : std::string();
}

absl::Status CheckDate(const v1::EraDate& date) {
  if (date.era() != v1::ERA_ROC && date.era() != v1::ERA_BEFORE_ROC) {
    return absl::InvalidArgumentError("era is missing; write ERA_ROC or ERA_BEFORE_ROC");
  }
  return ident::Validate({date.era() == v1::ERA_ROC ? ident::Era::kRoc : ident::Era::kBeforeRoc,
                          date.year(), date.month(), date.day()});
}

absl::Status CheckText(absl::string_view text, size_t characters_max) {
  if (IsValidUtf8(text) && ident::CountCodePoints(text) <= characters_max) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("write at most ", characters_max, " characters"));
}

void CheckPurpose(const v1::Purpose& purpose, Violations& violations) {
  const std::pair<const char*, const std::string*> own_numbers[] = {
      {"purpose.person.id", &purpose.person().id()},
      {"purpose.person.role", &purpose.person().role()},
      {"purpose.case_number", &purpose.case_number()},
      {"purpose.consent.reference", &purpose.consent().reference()},
  };
  for (const auto& [path, value] : own_numbers) {
    violations.That(CheckText(*value, kNumberCharactersMax), path);
  }
  violations.That(CheckText(purpose.reason(), kTextCodePointsMax), "purpose.reason");
}

bool SchemeAllowed(v1::IdentifierScheme scheme,
                   const google::protobuf::RepeatedField<int>& allowed) {
  if (!allowed.empty()) return std::find(allowed.begin(), allowed.end(), scheme) != allowed.end();
  return scheme == v1::IDENTIFIER_SCHEME_NATIONAL_ID ||
         scheme == v1::IDENTIFIER_SCHEME_RESIDENT_NUMBER ||
         scheme == v1::IDENTIFIER_SCHEME_OLD_RESIDENT_NUMBER;
}

}  // namespace chayan::verify
