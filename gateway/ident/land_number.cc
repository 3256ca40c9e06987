#include "gateway/ident/land_number.h"

#include <cstddef>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "gateway/base/status_macros.h"

namespace chayan::ident {
namespace {

constexpr size_t kStoredSize = 8;
constexpr size_t kLotMainSize = 4;
constexpr size_t kBuildingMainSize = 5;
constexpr size_t kSectionSize = 4;

// How one kind of number is split, and what an error says of it.
struct NumberForm {
  size_t main_size;
  absl::string_view unit;
  absl::string_view wrong;
  absl::string_view remedy;
};

constexpr NumberForm kLot = {
    .main_size = kLotMainSize,
    .unit = "地號",
    .wrong = "the lot number (地號)",
    .remedy = "write main and sub number as in 179-1065, or all eight stored digits as in 01791065",
};
constexpr NumberForm kBuilding = {
    .main_size = kBuildingMainSize,
    .unit = "建號",
    .wrong = "the building number (建號)",
    .remedy = "write it as in 173 or 173-2, or all eight stored digits as in 00173000",
};

bool AllDigits(absl::string_view text) {
  return text.find_first_not_of("0123456789") == absl::string_view::npos;
}

std::string ZeroPadded(absl::string_view digits, size_t size) {
  return absl::StrCat(std::string(size - digits.size(), '0'), digits);
}

absl::Status Wrong(const NumberForm& form, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(form.wrong, " ", what, "; ", form.remedy));
}

absl::StatusOr<std::string> NormalizeNumber(const NumberForm& form, absl::string_view text) {
  text = absl::StripSuffix(text, form.unit);
  absl::string_view main = text;
  absl::string_view sub;
  for (const absl::string_view separator : {absl::string_view("-"), absl::string_view("之")}) {
    const size_t at = text.find(separator);
    if (at == absl::string_view::npos) continue;
    main = text.substr(0, at);
    sub = text.substr(at + separator.size());
    if (sub.empty()) return Wrong(form, "ends after its separator");
    break;
  }
  if (main.empty()) return Wrong(form, "is empty before its sub number");
  if (!AllDigits(main) || !AllDigits(sub)) {
    return Wrong(form, "holds something other than digits and one separator");
  }
  std::string stored;
  if (sub.empty() && main.size() == kStoredSize) {
    stored = std::string(main);
  } else if (main.size() > form.main_size || sub.size() > kStoredSize - form.main_size) {
    return Wrong(form, absl::StrCat("has more than ", form.main_size, " digits before or ",
                                    kStoredSize - form.main_size, " after the separator"));
  } else {
    stored = absl::StrCat(ZeroPadded(main, form.main_size),
                          ZeroPadded(sub, kStoredSize - form.main_size));
  }
  if (stored.find_first_not_of('0') >= form.main_size) return Wrong(form, "has the main number 0");
  return stored;
}

std::string NumberText(size_t main_size, absl::string_view normal) {
  const auto without_zeros = [](absl::string_view digits) {
    return digits.substr(digits.find_first_not_of('0'));
  };
  const absl::string_view sub = normal.substr(main_size);
  const std::string main(without_zeros(normal.substr(0, main_size)));
  return AllDigits(sub) && sub.find_first_not_of('0') == absl::string_view::npos
             ? main
             : absl::StrCat(main, "-", without_zeros(sub));
}

bool IsOfficeLetters(absl::string_view text) {
  return text.size() == 2 && text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'A' && text[1] <= 'Z';
}

}  // namespace

absl::StatusOr<std::string> NormalizeLotNumber(absl::string_view text) {
  return NormalizeNumber(kLot, text);
}

absl::StatusOr<std::string> NormalizeBuildingNumber(absl::string_view text) {
  return NormalizeNumber(kBuilding, text);
}

absl::StatusOr<std::string> NormalizeLandOffice(absl::string_view text) {
  if (IsOfficeLetters(text)) return std::string(text);
  return absl::InvalidArgumentError(
      "the land office code is not two letters; write it as in AD for 松山");
}

absl::StatusOr<std::string> NormalizeLandSection(absl::string_view text) {
  if (text.size() == kSectionSize + 1 && AllDigits(text)) {
    return absl::InvalidArgumentError(
        "the section code has five digits, as on older maps; write the four-digit code of today");
  }
  if (text.size() != kSectionSize || !AllDigits(text)) {
    return absl::InvalidArgumentError("the section code is not four digits; write it as in 0863");
  }
  return std::string(text);
}

absl::StatusOr<std::string> NormalizeLandSectionKey(absl::string_view text) {
  const absl::string_view office = text.substr(0, 2);
  CHAYAN_ASSIGN_OR_RETURN(const std::string known_office, NormalizeLandOffice(office));
  CHAYAN_ASSIGN_OR_RETURN(const std::string section,
                          NormalizeLandSection(absl::StripPrefix(text.substr(office.size()), "-")));
  return absl::StrCat(known_office, "-", section);
}

absl::StatusOr<std::string> NormalizeLandKey(absl::string_view text) {
  const size_t last = text.rfind('-');
  if (last == absl::string_view::npos || !IsOfficeLetters(text.substr(0, 2)) || last < 3) {
    return absl::InvalidArgumentError(
        "the land key is not office, section and number; write it as in QD-0863-00173000");
  }
  absl::StatusOr<std::string> section = NormalizeLandSectionKey(text.substr(0, last));
  if (!section.ok()) return section;
  const absl::string_view number = text.substr(last + 1);
  if (number.size() != kStoredSize || !AllDigits(number)) {
    return absl::InvalidArgumentError(
        "the number in the land key is not its eight stored digits; write it as in "
        "QD-0863-00173000");
  }
  return absl::StrCat(*section, "-", number);
}

std::string LotNumberText(absl::string_view normal) { return NumberText(kLotMainSize, normal); }

std::string BuildingNumberText(absl::string_view normal) {
  return NumberText(kBuildingMainSize, normal);
}

}  // namespace chayan::ident
