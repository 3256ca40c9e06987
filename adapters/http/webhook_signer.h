// Signatures of Standard Webhooks (github.com/standard-webhooks/standard-webhooks, spec 1.0.0):
// over "ID.TIMESTAMP.BODY", `v1` by HMAC-SHA256 with a shared secret, `v1a` by Ed25519.
#ifndef CHAYAN_ADAPTERS_HTTP_WEBHOOK_SIGNER_H_
#define CHAYAN_ADAPTERS_HTTP_WEBHOOK_SIGNER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/crypto/signing_key.h"

namespace chayan::http_connector {

// Immutable. Holds secrets: never print it.
class WebhookSigner {
 public:
  // Two of each while one replaces the other.
  static constexpr size_t kKeysMax = 2;

  // Base64 of 24 to 64 bytes, with or without "whsec_". Errors never repeat the text.
  absl::Status AddSecret(absl::string_view text);
  // PKCS#8 in PEM.
  absl::Status AddKey(absl::string_view pem);
  bool empty() const { return secrets_.empty() && keys_.empty(); }

  // The value of the header `webhook-signature`: one signature for each secret and key, parted by
  // spaces, so that a receiver with any of them can check it.
  absl::StatusOr<std::string> Sign(absl::string_view id, int64_t unix_seconds,
                                   absl::string_view body) const;

 private:
  std::vector<std::string> secrets_;
  std::vector<crypto::Ed25519Key> keys_;
};

}  // namespace chayan::http_connector

#endif  // CHAYAN_ADAPTERS_HTTP_WEBHOOK_SIGNER_H_
