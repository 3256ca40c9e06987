// Whether a private key belongs to a certificate.
#ifndef CHAYAN_GATEWAY_CRYPTO_KEY_PAIR_H_
#define CHAYAN_GATEWAY_CRYPTO_KEY_PAIR_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "gateway/crypto/certificate.h"

namespace chayan::crypto {

// INVALID_ARGUMENT: `key_pem` is no unencrypted private key. FAILED_PRECONDITION: it is another
// certificate's.
absl::Status CheckKeyPair(const Certificate& certificate, absl::string_view key_pem);

}  // namespace chayan::crypto

#endif  // CHAYAN_GATEWAY_CRYPTO_KEY_PAIR_H_
