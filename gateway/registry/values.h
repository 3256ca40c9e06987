// Values that a registry writes as text, read. Errors say what to write instead.
#ifndef CHAYAN_GATEWAY_REGISTRY_VALUES_H_
#define CHAYAN_GATEWAY_REGISTRY_VALUES_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "chayan/v1/registry.pb.h"
#include "gateway/crypto/bytes.h"
#include "gateway/crypto/certificate.h"

namespace chayan::registry {

inline constexpr int kMinutesPerDay = 24 * 60;

// RFC 3339 in UTC, "2026-01-01T00:00:00Z".
absl::StatusOr<absl::Time> ParseUtcTime(absl::string_view text);
// The same; `open` when the text is empty.
absl::StatusOr<absl::Time> ParseUtcTimeOr(absl::string_view text, absl::Time open);

// "08:00" → 480. "24:00" is the end of the day.
absl::StatusOr<int> ParseMinuteOfDay(absl::string_view text);

// Base64 of a DER SubjectPublicKeyInfo.
absl::StatusOr<crypto::Ed25519PublicKey> ParsePublicKey(absl::string_view base64);

// Exactly one certificate, of a CA.
absl::StatusOr<crypto::Certificate> ParseIssuer(absl::string_view pem);

// The value of a routing claim as routes know it: upper case.
absl::StatusOr<std::string> NormalArea(const v1::Element& routing_claim, absl::string_view text);

// "TEXT": a type's name without its prefix.
absl::string_view TypeName(v1::ValueType type);

}  // namespace chayan::registry

#endif  // CHAYAN_GATEWAY_REGISTRY_VALUES_H_
