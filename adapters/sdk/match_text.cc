#include "adapters/sdk/match_text.h"

#include <cstddef>
#include <optional>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "adapters/sdk/match_key.h"
#include "gateway/ident/fold.h"

namespace chayan::sdk {
namespace {

bool AllDigits(absl::string_view text) {
  return text.find_first_not_of("0123456789") == absl::string_view::npos;
}

// "1,234,567" → "1234567"; nothing if a comma stands anywhere but before three digits.
std::optional<std::string> WithoutCommas(absl::string_view text) {
  constexpr size_t kGroupSize = 3;
  std::string digits;
  bool first = true;
  for (;;) {
    const size_t comma = text.find(',');
    const absl::string_view group = text.substr(0, comma);
    const bool lone = first && comma == absl::string_view::npos;
    if (group.empty() || !AllDigits(group) || (!first && group.size() != kGroupSize) ||
        (first && !lone && group.size() > kGroupSize)) {
      return std::nullopt;
    }
    absl::StrAppend(&digits, group);
    if (comma == absl::string_view::npos) return digits;
    text.remove_prefix(comma + 1);
    first = false;
  }
}

// One spelling for each number, "-12.5"; nothing if the text is no number.
std::optional<std::string> NumberKey(absl::string_view text) {
  const std::string folded = ident::FoldWidth(ident::Trim(text));
  absl::string_view rest = folded;
  bool negative = false;
  if (!rest.empty() && (rest[0] == '-' || rest[0] == '+')) {
    negative = rest[0] == '-';
    rest.remove_prefix(1);
  }
  const size_t point = rest.find('.');
  std::optional<std::string> whole = WithoutCommas(rest.substr(0, point));
  std::string fraction;
  if (point != absl::string_view::npos) fraction = std::string(rest.substr(point + 1));
  const bool empty_fraction = point != absl::string_view::npos && fraction.empty();
  if (!whole.has_value() || empty_fraction || !AllDigits(fraction)) return std::nullopt;
  while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
  while (whole->size() > 1 && whole->front() == '0') whole->erase(0, 1);
  const bool zero = *whole == "0" && fraction.empty();
  return absl::StrCat(negative && !zero ? "-" : "", *whole, fraction.empty() ? "" : ".", fraction);
}

}  // namespace

Comparison MatchText(absl::string_view expected, absl::string_view held) {
  const std::u32string expected_key = MatchKey(expected);
  const std::u32string held_key = MatchKey(held);
  if (expected_key.empty() || held_key.empty() || ident::HasUnknownCharacter(expected) ||
      ident::HasUnknownCharacter(held)) {
    return AtLevel(MatchLevel::kUncomparable);
  }
  if (expected == held) return AtLevel(MatchLevel::kExact);
  return AtLevel(CompareKeys(expected_key, held_key));
}

Comparison MatchNumber(absl::string_view expected, absl::string_view held) {
  const std::optional<std::string> expected_key = NumberKey(expected);
  const std::optional<std::string> held_key = NumberKey(held);
  if (!expected_key.has_value() || !held_key.has_value()) {
    return AtLevel(MatchLevel::kUncomparable);
  }
  if (expected == held) return AtLevel(MatchLevel::kExact);
  return AtLevel(*expected_key == *held_key ? MatchLevel::kEquivalent : MatchLevel::kMismatch);
}

Comparison MatchCode(absl::string_view expected, absl::string_view held) {
  const auto key = [](absl::string_view text) {
    return absl::AsciiStrToUpper(ident::FoldWidth(ident::Trim(text)));
  };
  const std::string expected_key = key(expected);
  const std::string held_key = key(held);
  if (expected_key.empty() || held_key.empty() || ident::HasUnknownCharacter(expected) ||
      ident::HasUnknownCharacter(held)) {
    return AtLevel(MatchLevel::kUncomparable);
  }
  if (expected == held) return AtLevel(MatchLevel::kExact);
  return AtLevel(expected_key == held_key ? MatchLevel::kEquivalent : MatchLevel::kMismatch);
}

}  // namespace chayan::sdk
