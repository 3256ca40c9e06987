// AES-256-GCM. What was sealed opens only with the same key and the same associated bytes.
#ifndef CHAYAN_GATEWAY_CRYPTO_SEALING_H_
#define CHAYAN_GATEWAY_CRYPTO_SEALING_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/base/random.h"
#include "gateway/crypto/secret.h"

namespace chayan::crypto {

inline constexpr size_t kSealNonceBytes = 12;
inline constexpr size_t kSealTagBytes = 16;

// nonce (12 random bytes) || ciphertext || tag. Under one key at most 2^32 times (NIST SP 800-38D
// section 8.3): keys that wrap are changed each month.
std::string Seal(const Secret32& key, absl::string_view associated, absl::string_view plaintext,
                 Random& random);
// DATA_LOSS if key, associated bytes or sealed bytes are not the ones that belong together.
absl::StatusOr<std::string> Open(const Secret32& key, absl::string_view associated,
                                 absl::string_view sealed);

// ciphertext || tag under a nonce of zeros. REQUIRES: `key` seals this one plaintext and nothing
// else ever; a second would reveal both.
std::string SealOnce(const Secret32& key, absl::string_view associated,
                     absl::string_view plaintext);
absl::StatusOr<std::string> OpenOnce(const Secret32& key, absl::string_view associated,
                                     absl::string_view sealed);

}  // namespace chayan::crypto

#endif  // CHAYAN_GATEWAY_CRYPTO_SEALING_H_
