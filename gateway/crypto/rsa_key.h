// RSA for what other people's systems ask for: RS256 of JSON Web Tokens (RFC 7518 section 3.3).
// Nothing of ours is signed with it.
#ifndef CHAYAN_GATEWAY_CRYPTO_RSA_KEY_H_
#define CHAYAN_GATEWAY_CRYPTO_RSA_KEY_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

struct evp_pkey_st;

namespace chayan::crypto {

// A private key. Immutable; thread-safe.
class RsaKey {
 public:
  // One unencrypted private key of at least 2048 bits. Errors never repeat the text.
  static absl::StatusOr<RsaKey> FromPem(absl::string_view pem);
  // RSASSA-PKCS1-v1_5 with SHA-256.
  absl::StatusOr<std::string> SignRs256(absl::string_view message) const;

 private:
  explicit RsaKey(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}
  std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace chayan::crypto

#endif  // CHAYAN_GATEWAY_CRYPTO_RSA_KEY_H_
