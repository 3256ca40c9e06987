#include "gateway/ident/person_number.h"

#include <array>
#include <cstddef>

#include "gateway/base/check.h"

namespace chayan::ident {
namespace {

// A to Z. The values follow the order in which the counties were numbered, not the alphabet.
constexpr std::array<int, 26> kLetterCodes = {10, 11, 12, 13, 14, 15, 16, 17, 34, 18, 19, 20, 21,
                                              22, 35, 23, 24, 25, 26, 27, 28, 29, 32, 30, 31, 33};

int LetterCode(char letter) {
  CHAYAN_CHECK(letter >= 'A' && letter <= 'Z');
  return kLetterCodes[static_cast<size_t>(letter - 'A')];
}

// Sum over the letter and the eight characters after it, of weight 8 down to 1.
int SumOfFirstNine(absl::string_view number) {
  const int letter = LetterCode(number[0]);
  int sum = letter / 10 + 9 * (letter % 10);
  for (size_t i = 1; i <= 8; ++i) {
    const char c = number[i];
    // An old resident number has a second letter, of which only the ones digit counts.
    const int digit = c >= 'A' ? LetterCode(c) % 10 : c - '0';
    sum += static_cast<int>(9 - i) * digit;
  }
  return sum;
}

}  // namespace

int PersonNumberSum(absl::string_view number) {
  CHAYAN_CHECK(number.size() == 10);
  return SumOfFirstNine(number) + (number[9] - '0');
}

char PersonCheckDigit(absl::string_view first_nine) {
  CHAYAN_CHECK(first_nine.size() == 9);
  return static_cast<char>('0' + (10 - SumOfFirstNine(first_nine) % 10) % 10);
}

int BusinessNumberSum(absl::string_view number) {
  CHAYAN_CHECK(number.size() == 8);
  constexpr std::array<int, 8> kWeights = {1, 2, 1, 2, 1, 2, 4, 1};
  int sum = 0;
  for (size_t i = 0; i < kWeights.size(); ++i) {
    const int product = (number[i] - '0') * kWeights[i];
    sum += product / 10 + product % 10;
  }
  return sum;
}

BusinessNumberRules CheckBusinessNumber(absl::string_view number) {
  const int sum = BusinessNumberSum(number);
  // 7 × 4 = 28 gives 2 + 8 = 10, which may count as 0 or as 1. Modulo 5 and 10 the sum already
  // holds the 0.
  const bool allowance = number[6] == '7';
  const auto divides = [&](int modulus) {
    return sum % modulus == 0 || (allowance && (sum + 1) % modulus == 0);
  };
  return {.before_2023 = divides(10), .since_2023 = divides(5)};
}

}  // namespace chayan::ident
