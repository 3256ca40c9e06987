#include "gateway/base/uuid.h"

#include <algorithm>
#include <tuple>

#include "absl/status/status.h"

namespace chayan {
namespace {

constexpr size_t kTextLength = 36;
constexpr std::array<size_t, 4> kDashes = {8, 13, 18, 23};

// Negative for what is no digit in lower case.
int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

}  // namespace

Uuid Uuid::Version7(absl::Time now, Random& random) {
  Uuid uuid;
  random.Fill(uuid.bytes);
  const auto ms = static_cast<uint64_t>(absl::ToUnixMillis(now));
  for (size_t i = 0; i < 6; ++i) uuid.bytes[i] = static_cast<uint8_t>(ms >> (40 - 8 * i));
  uuid.bytes[6] = static_cast<uint8_t>(0x70 | (uuid.bytes[6] & 0x0F));
  uuid.bytes[8] = static_cast<uint8_t>(0x80 | (uuid.bytes[8] & 0x3F));
  return uuid;
}

absl::StatusOr<Uuid> Uuid::FromText(absl::string_view text) {
  constexpr size_t kDigits = 2 * std::tuple_size<decltype(bytes)>();
  Uuid uuid;
  size_t digits = 0;
  for (size_t i = 0; text.size() == kTextLength && i < text.size(); ++i) {
    if (kDashes[0] == i || kDashes[1] == i || kDashes[2] == i || kDashes[3] == i) {
      if (text[i] != '-') break;
      continue;
    }
    const int value = HexDigit(text[i]);
    if (value < 0) break;
    uuid.bytes[digits / 2] = static_cast<uint8_t>(uuid.bytes[digits / 2] << 4 | value);
    ++digits;
  }
  if (digits != kDigits) {
    return absl::InvalidArgumentError(
        "not a UUID in lower case, such as 01890a5d-ac96-774b-bcce-b302099a8057");
  }
  return uuid;
}

absl::StatusOr<Uuid> Uuid::FromRaw(absl::string_view raw) {
  Uuid uuid;
  if (raw.size() != uuid.bytes.size()) return absl::InvalidArgumentError("a UUID has 16 bytes");
  std::copy(raw.begin(), raw.end(), uuid.bytes.begin());
  return uuid;
}

std::string Uuid::ToText() const {
  constexpr char kHex[] = "0123456789abcdef";
  std::string text(kTextLength, '-');
  size_t i = 0;
  for (const uint8_t byte : bytes) {
    if (std::find(kDashes.begin(), kDashes.end(), i) != kDashes.end()) ++i;
    text[i++] = kHex[byte >> 4];
    text[i++] = kHex[byte & 15];
  }
  return text;
}

}  // namespace chayan
