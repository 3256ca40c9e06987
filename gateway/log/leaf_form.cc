#include "gateway/log/leaf_form.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "gateway/log/entry_table.h"

namespace chayan::log {
namespace {

// Characters that are told at once: of a fixed number and without a branch on any of them, so that
// the compiler takes them all in one instruction.
constexpr size_t kAtOnce = 16;

// Not zero: it is none of base64's 64.
uint8_t IsNotBase64(char character) {
  const auto c = static_cast<uint8_t>(character);
  const auto letter = static_cast<uint8_t>((c | 0x20) - 'a');
  // The slash stands before the digits.
  const auto digit = static_cast<uint8_t>(c - '/');
  return static_cast<uint8_t>(!((letter < 26) | (digit <= 10) | (c == '+')));
}

uint8_t IsNotHex(char character) {
  const auto c = static_cast<uint8_t>(character);
  const auto letter = static_cast<uint8_t>(c - 'a');
  const auto digit = static_cast<uint8_t>(c - '0');
  return static_cast<uint8_t>(!((letter < 6) | (digit < 10)));
}

// What the last of 43 characters may be: two of its six bits lie behind the digest, and are zero.
constexpr std::array<bool, 256> kEndsDigest = [] {
  std::array<bool, 256> table{};
  for (const char c : std::string_view("AEIMQUYcgkosw048")) table[static_cast<uint8_t>(c)] = true;
  return table;
}();

bool IsLeapYear(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int DaysOf(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && IsLeapYear(year) ? 29 : kDays[month - 1];
}

}  // namespace

bool IsTimestamp(absl::string_view text) {
  constexpr absl::string_view kShape = "dddd-dd-ddTdd:dd:dd.dddZ";
  static_assert(kShape.size() == kTimestampLength);
  if (text.size() != kShape.size()) return false;
  for (size_t i = 0; i < kShape.size(); ++i) {
    if (kShape[i] == 'd' ? !IsOfForm(text[i], Form::kNumber) : text[i] != kShape[i]) return false;
  }
  const auto two = [text](size_t at) { return (text[at] - '0') * 10 + (text[at + 1] - '0'); };
  const int year = two(0) * 100 + two(2), month = two(5), day = two(8);
  return month >= 1 && month <= 12 && day >= 1 && day <= DaysOf(year, month) && two(11) < 24 &&
         two(14) < 60 && two(17) < 60;
}

bool IsUuidText(absl::string_view text) {
  // 01890a5d-ac96-774b-bcce-b302099a8057
  if (text.size() != kUuidLength || text[8] != '-' || text[13] != '-' || text[18] != '-' ||
      text[23] != '-') {
    return false;
  }
  const char* const at = text.data();
  char digits[2 * kAtOnce];
  std::memcpy(digits, at, 8);
  std::memcpy(digits + 8, at + 9, 4);
  std::memcpy(digits + 12, at + 14, 4);
  std::memcpy(digits + 16, at + 19, 4);
  std::memcpy(digits + 20, at + 24, 12);
  uint8_t wrong = 0;
  for (size_t i = 0; i < kAtOnce; ++i) {
    wrong |= static_cast<uint8_t>(IsNotHex(digits[i]) | IsNotHex(digits[kAtOnce + i]));
  }
  return wrong == 0;
}

bool IsDigestText(absl::string_view text) {
  constexpr size_t kCharacters64 = kDigestLength - 1;
  if (text.size() != kDigestLength || text[kCharacters64] != '=') return false;
  const char* const at = text.data();
  uint8_t wrong = 0;
  for (size_t i = 0; i < kAtOnce; ++i) {
    // The last ones overlap those before.
    wrong |= static_cast<uint8_t>(IsNotBase64(at[i]) | IsNotBase64(at[kAtOnce + i]) |
                                  IsNotBase64(at[kCharacters64 - kAtOnce + i]));
  }
  return wrong == 0 && kEndsDigest[static_cast<uint8_t>(at[kCharacters64 - 1])];
}

}  // namespace chayan::log
