// The gateway's own secrets, opened as the settings say: from files, systemd credentials or PKCS#11
// tokens.
#ifndef CHAYAN_GATEWAY_KEY_RING_H_
#define CHAYAN_GATEWAY_KEY_RING_H_

#include <memory>

#include "absl/status/statusor.h"
#include "chayan/v1/gateway_config.pb.h"
#include "gateway/crypto/signing_key.h"

namespace chayan {

struct KeyRing {
  std::unique_ptr<crypto::Signer> log_key;
  std::unique_ptr<crypto::Signer> next_log_key;  // null while there is none
};

// Errors name the setting, the file or object, and the remedy.
absl::StatusOr<KeyRing> OpenKeyRing(const v1::GatewayConfig& config);

}  // namespace chayan

#endif  // CHAYAN_GATEWAY_KEY_RING_H_
