// Byte strings of a fixed length whose kinds do not mix: a digest is no public key. All of them are
// public values; secrets are Secret32 (secret.h).
#ifndef CHAYAN_GATEWAY_CRYPTO_BYTES_H_
#define CHAYAN_GATEWAY_CRYPTO_BYTES_H_

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gateway/base/encoding.h"

namespace chayan::crypto {

template <size_t N, typename Kind>
struct FixedBytes {
  static constexpr size_t kSize = N;

  std::array<uint8_t, N> bytes{};

  // Refuses any length but N.
  static absl::StatusOr<FixedBytes> FromRaw(absl::string_view raw) {
    if (raw.size() != N) {
      return absl::InvalidArgumentError(
          absl::StrCat(Kind::kName, ": ", raw.size(), " bytes in place of ", N));
    }
    FixedBytes result;
    std::copy(raw.begin(), raw.end(), result.bytes.begin());
    return result;
  }

  absl::string_view raw() const { return {reinterpret_cast<const char*>(bytes.data()), N}; }
  operator absl::string_view() const { return raw(); }  // NOLINT(google-explicit-constructor)
  std::string ToString() const { return std::string(raw()); }
  std::string ToHex() const { return HexEncode(raw()); }
  std::string ToBase64() const { return Base64Encode(raw()); }

  auto operator<=>(const FixedBytes&) const = default;
  template <typename H>
  friend H AbslHashValue(H h, const FixedBytes& value) {
    return H::combine(std::move(h), value.bytes);
  }
  friend std::ostream& operator<<(std::ostream& out, const FixedBytes& value) {
    return out << value.ToHex();
  }
};

struct DigestKind {
  static constexpr char kName[] = "SHA-256 digest";
};
struct Ed25519PublicKeyKind {
  static constexpr char kName[] = "Ed25519 public key";
};
struct Ed25519SignatureKind {
  static constexpr char kName[] = "Ed25519 signature";
};

using Digest = FixedBytes<32, DigestKind>;
using Ed25519PublicKey = FixedBytes<32, Ed25519PublicKeyKind>;
using Ed25519Signature = FixedBytes<64, Ed25519SignatureKind>;

}  // namespace chayan::crypto

#endif  // CHAYAN_GATEWAY_CRYPTO_BYTES_H_
