#include "gateway/base/uuid.h"

#include <algorithm>

#include "absl/status/status.h"
#include "gateway/base/encoding.h"

namespace chayan {

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
  std::string digits;
  if (text.size() == 36) {
    for (size_t i = 0; i < text.size(); ++i) {
      const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
      if (dash != (text[i] == '-') || (text[i] >= 'A' && text[i] <= 'F')) break;
      if (!dash) digits.push_back(text[i]);
    }
  }
  absl::StatusOr<std::string> raw = HexDecode(digits);
  if (digits.size() != 32 || !raw.ok()) {
    return absl::InvalidArgumentError(
        "not a UUID in lower case, such as 01890a5d-ac96-774b-bcce-b302099a8057");
  }
  return FromRaw(*raw);
}

absl::StatusOr<Uuid> Uuid::FromRaw(absl::string_view raw) {
  Uuid uuid;
  if (raw.size() != uuid.bytes.size()) return absl::InvalidArgumentError("a UUID has 16 bytes");
  std::copy(raw.begin(), raw.end(), uuid.bytes.begin());
  return uuid;
}

std::string Uuid::ToText() const {
  std::string text = HexEncode(raw());
  for (const size_t at : {8, 13, 18, 23}) text.insert(at, 1, '-');
  return text;
}

}  // namespace chayan
