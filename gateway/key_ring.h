// The gateway's own secrets, opened as the settings say: from files, systemd credentials or PKCS#11
// tokens.
#ifndef CHAYAN_GATEWAY_KEY_RING_H_
#define CHAYAN_GATEWAY_KEY_RING_H_

#include <memory>

#include "absl/status/statusor.h"
#include "chayan/v1/gateway_config.pb.h"
#include "gateway/crypto/signing_key.h"
#include "gateway/crypto/wrapping_key.h"

namespace chayan {

struct LogKeys {
  std::unique_ptr<crypto::Signer> now;
  std::unique_ptr<crypto::Signer> next;  // null while there is none
};
struct VaultKeys {
  std::unique_ptr<crypto::WrappingKey> now;
  std::unique_ptr<crypto::WrappingKey> old;  // null while there is none
};

// Errors name the setting, the file or object, and the remedy.
absl::StatusOr<LogKeys> OpenLogKeys(const v1::GatewayConfig& config);
absl::StatusOr<VaultKeys> OpenVaultKeys(const v1::GatewayConfig& config);

}  // namespace chayan

#endif  // CHAYAN_GATEWAY_KEY_RING_H_
