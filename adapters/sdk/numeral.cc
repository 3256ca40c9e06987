#include "adapters/sdk/numeral.h"

#include <algorithm>
#include <cstddef>

namespace chayan::sdk {
namespace {

constexpr size_t kDigitsMax = 9;
constexpr std::u32string_view kChineseDigits = U"零一二三四五六七八九";

std::optional<uint64_t> ChineseDigit(char32_t c) {
  if (c == U'〇' || c == U'○') return 0;
  const size_t digit = kChineseDigits.find(c);
  if (digit == kChineseDigits.npos) return std::nullopt;
  return digit;
}

// 十 百 千, and 廿 卅 which are 二十 三十 in one character. 0 for anything else.
uint64_t UnitOf(char32_t c) {
  switch (c) {
    case U'十':
      return 10;
    case U'百':
      return 100;
    case U'千':
      return 1000;
    default:
      return 0;
  }
}

bool IsArabic(char32_t c) { return c >= U'0' && c <= U'9'; }

// REQUIRES: digits only, by `value_of`.
template <typename ValueOf>
std::optional<uint64_t> Positional(std::u32string_view text, ValueOf value_of) {
  if (text.size() > kDigitsMax) return std::nullopt;
  uint64_t value = 0;
  for (const char32_t c : text) value = value * 10 + value_of(c);
  return value;
}

// "一千二百零五", with units falling from left to right.
std::optional<uint64_t> WithUnits(std::u32string_view text) {
  uint64_t total = 0;
  uint64_t unit_before = 10000;
  uint64_t digit = 0;  // read, and not yet multiplied by its unit
  for (const char32_t c : text) {
    if (c == U'廿' || c == U'卅') {
      if (digit != 0 || unit_before <= 10) return std::nullopt;
      total += c == U'廿' ? 20 : 30;
      unit_before = 10;
    } else if (const uint64_t unit = UnitOf(c); unit != 0) {
      // 十 alone is ten; 百 and 千 need their digit.
      const uint64_t factor = digit == 0 && unit == 10 ? 1 : digit;
      if (unit >= unit_before || factor == 0) return std::nullopt;
      total += factor * unit;
      unit_before = unit;
      digit = 0;
    } else {
      const std::optional<uint64_t> next = ChineseDigit(c);
      if (!next.has_value() || digit != 0) return std::nullopt;
      digit = *next;
    }
  }
  return total + digit;
}

}  // namespace

bool IsNumeral(char32_t c) {
  return IsArabic(c) || ChineseDigit(c).has_value() || UnitOf(c) != 0 || c == U'廿' || c == U'卅';
}

std::optional<uint64_t> ParseNumeral(std::u32string_view text) {
  if (text.empty()) return std::nullopt;
  if (std::all_of(text.begin(), text.end(), IsArabic)) {
    return Positional(text, [](char32_t c) { return static_cast<uint64_t>(c - U'0'); });
  }
  if (std::all_of(text.begin(), text.end(),
                  [](char32_t c) { return ChineseDigit(c).has_value(); })) {
    return Positional(text, [](char32_t c) { return *ChineseDigit(c); });
  }
  return WithUnits(text);
}

}  // namespace chayan::sdk
