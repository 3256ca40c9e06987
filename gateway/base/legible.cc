#include "gateway/base/legible.h"

namespace chayan {
namespace {

// Backslash and three octal digits, of which the first makes the byte one above ASCII.
constexpr size_t kEscapeSize = 4;

bool IsOctal(char c) { return c >= '0' && c <= '7'; }

bool IsHighByte(absl::string_view escape) {
  return escape.size() == kEscapeSize && (escape[1] == '2' || escape[1] == '3') &&
         IsOctal(escape[2]) && IsOctal(escape[3]);
}

}  // namespace

std::string Legible(absl::string_view text) {
  std::string legible;
  while (!text.empty()) {
    size_t taken = 1;
    if (text.front() != '\\') {
      legible += text.front();
    } else if (const absl::string_view escape = text.substr(0, kEscapeSize); IsHighByte(escape)) {
      legible +=
          static_cast<char>((escape[1] - '0') << 6 | (escape[2] - '0') << 3 | (escape[3] - '0'));
      taken = kEscapeSize;
    } else {
      // With the character behind it, which may be a backslash too.
      taken = text.size() < 2 ? 1 : 2;
      legible.append(text.data(), taken);
    }
    text.remove_prefix(taken);
  }
  return legible;
}

}  // namespace chayan
