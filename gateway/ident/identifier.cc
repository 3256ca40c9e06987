#include "gateway/ident/identifier.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gateway/base/check.h"
#include "gateway/base/encoding.h"
#include "gateway/ident/fold.h"
#include "gateway/ident/land_number.h"
#include "gateway/ident/person_number.h"

namespace chayan::ident {
namespace {

using Result = absl::StatusOr<std::string>;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }

// One pattern letter a character: A a letter, 9 a digit, X either.
bool HasShape(absl::string_view text, absl::string_view pattern) {
  if (text.size() != pattern.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool fits =
        (pattern[i] != '9' && IsUpper(text[i])) || (pattern[i] != 'A' && IsDigit(text[i]));
    if (!fits) return false;
  }
  return true;
}

absl::Status Wrong(absl::string_view what) { return absl::InvalidArgumentError(what); }

Result IfShape(absl::string_view text, absl::string_view pattern, absl::string_view error) {
  if (HasShape(text, pattern)) return std::string(text);
  return Wrong(error);
}

// The three person numbers share a shape; the second character tells them apart.
enum class SecondCharacter { kSex, kResident, kOldResident, kOther };

SecondCharacter SecondOf(char c) {
  if (c == '1' || c == '2') return SecondCharacter::kSex;
  if (c == '8' || c == '9') return SecondCharacter::kResident;
  if (c >= 'A' && c <= 'D') return SecondCharacter::kOldResident;
  return SecondCharacter::kOther;
}

bool IsNineCharacter(absl::string_view folded) {
  return HasShape(folded, "A99999999") && SecondOf(folded[1]) == SecondCharacter::kSex;
}

std::optional<IdentifierScheme> PersonScheme(absl::string_view folded) {
  if (!HasShape(folded, "AX99999999")) return std::nullopt;
  switch (SecondOf(folded[1])) {
    case SecondCharacter::kSex:
      return IdentifierScheme::kNationalId;
    case SecondCharacter::kResident:
      return IdentifierScheme::kResidentNumber;
    case SecondCharacter::kOldResident:
      return IdentifierScheme::kOldResidentNumber;
    case SecondCharacter::kOther:
      break;
  }
  return std::nullopt;
}

// What to write for each person scheme, and how it is called.
struct PersonWords {
  absl::string_view name;
  absl::string_view shape;
};

PersonWords WordsOf(IdentifierScheme scheme) {
  if (scheme == IdentifierScheme::kNationalId) {
    return {"national id", "a letter, 1 or 2, and eight digits, as in A123456789"};
  }
  if (scheme == IdentifierScheme::kResidentNumber) {
    return {"resident number", "a letter, 8 or 9, and eight digits, as in A800000014"};
  }
  return {"old resident number", "a letter, one of A to D, and eight digits, as in AC01234567"};
}

Result CheckPersonNumber(IdentifierScheme scheme, absl::string_view text) {
  const PersonWords words = WordsOf(scheme);
  if (IsNineCharacter(text)) {
    return Wrong(
        "nine characters: a national id from before check digits existed; write the "
        "ten-character number that the household office has assigned since");
  }
  const std::optional<IdentifierScheme> actual = PersonScheme(text);
  if (!actual.has_value()) {
    return Wrong(absl::StrCat("not the shape of a ", words.name, "; write ", words.shape));
  }
  if (*actual != scheme) {
    return Wrong(absl::StrCat("this is a ", WordsOf(*actual).name, ", not a ", words.name,
                              "; send it under the scheme ", SchemeName(*actual)));
  }
  if (PersonNumberSum(text) % 10 != 0) {
    return Wrong(absl::StrCat("the check digit of the ", words.name,
                              " does not fit; read the number again from the document"));
  }
  return std::string(text);
}

Result CheckBusiness(absl::string_view text) {
  if (!HasShape(text, "99999999")) {
    return Wrong("not an business number; write its eight digits");
  }
  if (text == "00000000") {
    return Wrong("eight zeros are no business number; write the organisation's own number");
  }
  if (!CheckBusinessNumber(text).since_2023) {
    return Wrong("the check sum of the business number does not fit; read the number again");
  }
  return std::string(text);
}

Result CheckForeignPassport(absl::string_view text) {
  constexpr size_t kSizeMin = 5;
  constexpr size_t kSizeMax = 15;
  if (text.size() < kSizeMin || text.size() > kSizeMax ||
      !HasShape(text, std::string(text.size(), 'X'))) {
    return Wrong("not a passport number; write its 5 to 15 letters and digits, without blanks");
  }
  return std::string(text);
}

Result CheckVehiclePlate(absl::string_view text) {
  constexpr size_t kSizeMin = 4;
  constexpr size_t kSizeMax = 7;
  if (text.size() < kSizeMin || text.size() > kSizeMax ||
      !HasShape(text, std::string(text.size(), 'X')) ||
      std::none_of(text.begin(), text.end(), IsDigit) ||
      std::none_of(text.begin(), text.end(), IsUpper)) {
    return Wrong("not a vehicle plate; write its 4 to 7 letters and digits, at least one of each");
  }
  return std::string(text);
}

// Area codes and how many digits follow them; a longer code goes before its prefix.
struct AreaPrefix {
  absl::string_view prefix;
  size_t subscriber_min;
  size_t subscriber_max;
};
constexpr std::array<AreaPrefix, 14> kAreaPrefixes = {{{"0826", 5, 5},
                                                       {"0836", 5, 5},
                                                       {"037", 6, 6},
                                                       {"049", 7, 7},
                                                       {"082", 6, 6},
                                                       {"089", 6, 6},
                                                       {"02", 8, 8},
                                                       {"03", 7, 7},
                                                       {"04", 7, 8},
                                                       {"05", 7, 7},
                                                       {"06", 7, 7},
                                                       {"07", 7, 7},
                                                       {"08", 7, 7},
                                                       {"09", 8, 8}}};

Result CheckPhone(absl::string_view text) {
  const absl::Status wrong = Wrong(
      "not a phone number of Taiwan; write 09 and eight digits, or area code and number, as in "
      "02-12345678");
  std::string national(text);
  if (absl::StartsWith(text, "+")) {
    if (!absl::StartsWith(text, "+886")) return wrong;
    national = absl::StrCat("0", text.substr(4));
  }
  if (!std::all_of(national.begin(), national.end(), IsDigit)) return wrong;
  for (const AreaPrefix& area : kAreaPrefixes) {
    if (!absl::StartsWith(national, area.prefix)) continue;
    const size_t subscriber = national.size() - area.prefix.size();
    if (subscriber < area.subscriber_min || subscriber > area.subscriber_max) return wrong;
    return national;
  }
  return wrong;
}

// Counties of today, then those that were merged in 2010 and 2014 and stand in older documents.
constexpr std::array<absl::string_view, 27> kCountyCodes = {
    "63000", "64000", "65000", "66000", "67000", "68000", "10002", "10004", "10005",
    "10007", "10008", "10009", "10010", "10013", "10014", "10015", "10016", "10017",
    "10018", "10020", "09007", "09020", "10001", "10003", "10006", "10011", "10012"};

Result CheckAreaCode(absl::string_view text) {
  const bool size_fits = text.size() == 5 || text.size() == 8 || text.size() == 11;
  if (!size_fits || !std::all_of(text.begin(), text.end(), IsDigit)) {
    return Wrong(
        "not an area code; write 5 digits for a county, 8 for a township, 11 for a village");
  }
  if (std::find(kCountyCodes.begin(), kCountyCodes.end(), text.substr(0, 5)) ==
      kCountyCodes.end()) {
    return Wrong(
        "the area code begins with no county's code; write, for instance, 67000 for 臺南市");
  }
  return std::string(text);
}

// Blanks and hyphens that people write into these numbers and that carry no meaning there.
absl::string_view SeparatorsOf(IdentifierScheme scheme) {
  switch (scheme) {
    case IdentifierScheme::kVehiclePlate:
    case IdentifierScheme::kHealthCard:
      return " -";
    case IdentifierScheme::kPhone:
      return " -()";
    default:
      return "";
  }
}

Result Check(IdentifierScheme scheme, absl::string_view text) {
  switch (scheme) {
    case IdentifierScheme::kNationalId:
    case IdentifierScheme::kResidentNumber:
    case IdentifierScheme::kOldResidentNumber:
      return CheckPersonNumber(scheme, text);
    case IdentifierScheme::kPersonNumber:
      return CheckPersonNumber(PersonScheme(text).value_or(IdentifierScheme::kNationalId), text);
    case IdentifierScheme::kBusinessNumber:
      return CheckBusiness(text);
    case IdentifierScheme::kHouseholdNumber:
      return IfShape(text, "AXXXXXX9",
                     "not a household number; write a letter, six letters or digits, and a digit");
    case IdentifierScheme::kRocPassport:
      return IfShape(text, "999999999",
                     "not a passport number of the Republic of China; write its nine digits");
    case IdentifierScheme::kPassport:  // nine digits are such letters and digits too
    case IdentifierScheme::kForeignPassport:
      return CheckForeignPassport(text);
    case IdentifierScheme::kHealthCard:
      return IfShape(text, "999999999999",
                     "not a health card number; write the twelve digits on the card's front");
    case IdentifierScheme::kCitizenCertificate:
      return IfShape(text, "AA99999999999999",
                     "not a citizen certificate number; write two letters and fourteen digits");
    case IdentifierScheme::kLandLot:
      return NormalizeLotNumber(text);
    case IdentifierScheme::kBuilding:
      return NormalizeBuildingNumber(text);
    case IdentifierScheme::kLandOffice:
      return NormalizeLandOffice(text);
    case IdentifierScheme::kLandSection:
      return NormalizeLandSection(text);
    case IdentifierScheme::kLandSectionKey:
      return NormalizeLandSectionKey(text);
    case IdentifierScheme::kLandKey:
      return NormalizeLandKey(text);
    case IdentifierScheme::kVehiclePlate:
      return CheckVehiclePlate(text);
    case IdentifierScheme::kPhone:
      return CheckPhone(text);
    case IdentifierScheme::kAddressId:
      return IfShape(text, "AAA99999",
                     "not an address identifier; write three letters and five digits");
    case IdentifierScheme::kAgencyCode:
      return IfShape(text, "XXXXXXXXXA",
                     "not an agency code; write nine letters or digits and a letter, as in "
                     "382020000A");
    case IdentifierScheme::kAreaCode:
      return CheckAreaCode(text);
  }
  CHAYAN_CHECK(false);
}

constexpr std::array<std::pair<IdentifierScheme, absl::string_view>, 22> kSchemeNames = {{
    {IdentifierScheme::kNationalId, "national_id"},
    {IdentifierScheme::kResidentNumber, "resident_number"},
    {IdentifierScheme::kOldResidentNumber, "old_resident_number"},
    {IdentifierScheme::kPersonNumber, "person_number"},
    {IdentifierScheme::kBusinessNumber, "business_number"},
    {IdentifierScheme::kHouseholdNumber, "household_number"},
    {IdentifierScheme::kRocPassport, "roc_passport"},
    {IdentifierScheme::kForeignPassport, "foreign_passport"},
    {IdentifierScheme::kPassport, "passport"},
    {IdentifierScheme::kHealthCard, "health_card"},
    {IdentifierScheme::kCitizenCertificate, "citizen_certificate"},
    {IdentifierScheme::kLandLot, "land_lot"},
    {IdentifierScheme::kBuilding, "building"},
    {IdentifierScheme::kLandOffice, "land_office"},
    {IdentifierScheme::kLandSection, "land_section"},
    {IdentifierScheme::kLandSectionKey, "land_section_key"},
    {IdentifierScheme::kLandKey, "land_key"},
    {IdentifierScheme::kVehiclePlate, "vehicle_plate"},
    {IdentifierScheme::kPhone, "phone"},
    {IdentifierScheme::kAddressId, "address_id"},
    {IdentifierScheme::kAgencyCode, "agency_code"},
    {IdentifierScheme::kAreaCode, "area_code"},
}};

// The folded text and what folding it took.
Normalized Fold(absl::string_view text, absl::string_view separators) {
  Normalized result;
  const absl::string_view trimmed = Trim(text);
  result.folding.trimmed = trimmed.size() != text.size();
  std::string folded = FoldWidth(trimmed);
  result.folding.width_folded = folded != trimmed;
  result.value = absl::AsciiStrToUpper(folded);
  result.folding.upper_cased = result.value != folded;
  const size_t size_before = result.value.size();
  std::erase_if(result.value, [&](char c) { return absl::StrContains(separators, c); });
  result.folding.separators_removed = result.value.size() != size_before;
  return result;
}

}  // namespace

std::span<const IdentifierScheme> AllIdentifierSchemes() {
  static const auto schemes = [] {
    std::array<IdentifierScheme, kSchemeNames.size()> all{};
    std::transform(kSchemeNames.begin(), kSchemeNames.end(), all.begin(),
                   [](const auto& entry) { return entry.first; });
    return all;
  }();
  return schemes;
}

absl::string_view SchemeName(IdentifierScheme scheme) {
  for (const auto& [known, name] : kSchemeNames) {
    if (known == scheme) return name;
  }
  CHAYAN_CHECK(false);
}

std::optional<IdentifierScheme> SchemeNamed(absl::string_view name) {
  for (const auto& [scheme, known] : kSchemeNames) {
    if (known == name) return scheme;
  }
  return std::nullopt;
}

std::string Folding::ToString() const {
  std::vector<absl::string_view> words;
  if (trimmed) words.push_back("trimmed");
  if (width_folded) words.push_back("full-width folded");
  if (upper_cased) words.push_back("upper-cased");
  if (separators_removed) words.push_back("separators removed");
  if (expanded) words.push_back("written in full");
  return absl::StrJoin(words, ", ");
}

absl::StatusOr<Normalized> Normalize(IdentifierScheme scheme, absl::string_view text) {
  if (text.size() > kIdentifierBytesMax) {
    return Wrong(absl::StrCat("longer than any ", SchemeName(scheme), "; write the number alone"));
  }
  if (!IsValidUtf8(text)) return Wrong("not valid UTF-8; send the text as UTF-8");
  Normalized result = Fold(text, SeparatorsOf(scheme));
  if (result.value.empty()) {
    return Wrong(absl::StrCat("empty; write the ", SchemeName(scheme)));
  }
  Result checked = Check(scheme, result.value);
  if (!checked.ok()) return checked.status();
  result.folding.expanded = *checked != result.value;
  result.value = *std::move(checked);
  return result;
}

bool IsNineCharacterNationalId(absl::string_view text) {
  return text.size() <= kIdentifierBytesMax && IsNineCharacter(Fold(text, "").value);
}

std::optional<IdentifierScheme> PersonSchemeOf(absl::string_view text) {
  if (text.size() > kIdentifierBytesMax) return std::nullopt;
  return PersonScheme(Fold(text, "").value);
}

}  // namespace chayan::ident
