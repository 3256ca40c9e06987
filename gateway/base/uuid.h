// UUIDs (RFC 9562): exchange ids are version 7, so they sort by time.
#ifndef CHAYAN_GATEWAY_BASE_UUID_H_
#define CHAYAN_GATEWAY_BASE_UUID_H_

#include <array>
#include <compare>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gateway/base/random.h"

namespace chayan {

struct Uuid {
  std::array<uint8_t, 16> bytes{};

  static Uuid Version7(absl::Time now, Random& random);
  // From lower-case text, 8-4-4-4-12.
  static absl::StatusOr<Uuid> FromText(absl::string_view text);
  // REQUIRES: 16 raw bytes.
  static absl::StatusOr<Uuid> FromRaw(absl::string_view raw);

  std::string ToText() const;
  absl::string_view raw() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  auto operator<=>(const Uuid&) const = default;
  template <typename H>
  friend H AbslHashValue(H h, const Uuid& uuid) {
    return H::combine(std::move(h), uuid.bytes);
  }
};

}  // namespace chayan

#endif  // CHAYAN_GATEWAY_BASE_UUID_H_
