// Every identifier that a question can carry: one normal form each, and errors that say what is
// wrong and what to write instead.
//
// Normalize() trims, folds full-width forms and upper-cases before it checks, and says which of
// these it did; the raw text is the caller's to keep (it belongs in the sealed detail alone). An
// error never repeats the value: it is personal data.
//
// A check digit proves little (one in ten wrong digits and one in eight swapped neighbours pass),
// so a question always names birth date or name as well.
#ifndef CHAYAN_GATEWAY_IDENT_IDENTIFIER_H_
#define CHAYAN_GATEWAY_IDENT_IDENTIFIER_H_

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace chayan::ident {

// Longer input is refused before it is looked at: no identifier has more than 21 characters, at
// most four bytes each, and people add blanks.
inline constexpr size_t kIdentifierBytesMax = 128;

enum class IdentifierScheme {
  kNationalId,  // 國民身分證統一編號: letter, 1 or 2, seven digits, check digit
  kResidentNumber,  // 新式外來人口統一證號, since 2021: letter, 8 or 9, seven digits, check digit
  kOldResidentNumber,  // 舊式統一證號: letter, A to D, seven digits, check digit
  kPersonNumber,       // any of the three above, told apart by its second character
  kBusinessNumber,     // 統一編號 of companies, agencies, schools, temples: eight digits
  kHouseholdNumber,    // 戶號: shape only, the algorithm of its check digit is not published
  kRocPassport,        // nine digits
  kForeignPassport,    // 5 to 15 letters and digits, no check
  kPassport,           // either of the two above
  kHealthCard,  // 健保卡號 on the card's front: twelve digits; names the card, not the person
  kCitizenCertificate,  // 自然人憑證: two letters, fourteen digits
  kLandLot,             // 地號: eight digits, four and four
  kBuilding,            // 建號: eight digits, five and three
  kLandOffice,          // 地政事務所: two letters
  kLandSection,         // four digits
  kLandSectionKey,      // office and section, "AD-0863"
  kLandKey,             // office, section and stored number, "QD-0863-00173000"
  kVehiclePlate,        // 4 to 7 letters and digits, at least one of each; legacy plates included
  kPhone,               // national digits with the leading 0
  kAddressId,           // 地址識別碼: three letters, five digits; shape only
  kAgencyCode,          // 機關代碼: nine letters and digits, one letter; shape only
  kAreaCode,            // county 5 digits, township 8, village 11
};

// All schemes, in the order above.
std::span<const IdentifierScheme> AllIdentifierSchemes();

// "national_id", "land_lot" …: the name in registry files and configurations.
absl::string_view SchemeName(IdentifierScheme scheme);
std::optional<IdentifierScheme> SchemeNamed(absl::string_view name);

// What Normalize() changed on the way to the normal form.
struct Folding {
  bool trimmed = false;
  bool width_folded = false;
  bool upper_cased = false;
  bool separators_removed = false;  // blanks, hyphens, parentheses that carry no meaning
  bool expanded = false;            // zeros or separators added, unit or country code taken off

  bool Any() const {
    return trimmed || width_folded || upper_cased || separators_removed || expanded;
  }
  // "trimmed, upper-cased"; empty if nothing was folded.
  std::string ToString() const;
  friend bool operator==(const Folding&, const Folding&) = default;
};

struct Normalized {
  std::string value;
  Folding folding;
};

// INVALID_ARGUMENT with what is wrong and what to write instead.
absl::StatusOr<Normalized> Normalize(IdentifierScheme scheme, absl::string_view text);

// A national id from before check digits existed: letter, 1 or 2, seven digits. It stands in old
// records and is no valid question; Normalize() names it in its error. Folds as Normalize() does.
bool IsNineCharacterNationalId(absl::string_view text);

// The scheme of the three that name a person whose shape the text has, check digit aside: a
// resident may present either number while both are in use.
std::optional<IdentifierScheme> PersonSchemeOf(absl::string_view text);

}  // namespace chayan::ident

#endif  // CHAYAN_GATEWAY_IDENT_IDENTIFIER_H_
