// A key that wraps other keys: AES-256-GCM as in sealing.h, in this process's memory or inside a
// token (pkcs11.h). Both write the same bytes, so what one wrapped the other opens, if it is the
// same key.
#ifndef CHAYAN_GATEWAY_CRYPTO_WRAPPING_KEY_H_
#define CHAYAN_GATEWAY_CRYPTO_WRAPPING_KEY_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/base/random.h"

namespace chayan::crypto {

// Thread-safe.
class WrappingKey {
 public:
  virtual ~WrappingKey() = default;
  // nonce || ciphertext || tag. Fails only if the key's home does.
  virtual absl::StatusOr<std::string> Seal(absl::string_view associated,
                                           absl::string_view plaintext, Random& random) const = 0;
  // DATA_LOSS if this key did not seal these bytes; any other error: the key's home failed.
  virtual absl::StatusOr<std::string> Open(absl::string_view associated,
                                           absl::string_view sealed) const = 0;

  // 32 bytes in base64, in a file that others may not read (FAILED_PRECONDITION).
  static absl::StatusOr<std::unique_ptr<WrappingKey>> FromFile(const std::string& path);
};

// A secret's text from a file that others may not read, without its last newline. Whoever takes it
// wipes it. FAILED_PRECONDITION names the remedy.
absl::StatusOr<std::string> ReadSecretFile(const std::string& path);

}  // namespace chayan::crypto

#endif  // CHAYAN_GATEWAY_CRYPTO_WRAPPING_KEY_H_
