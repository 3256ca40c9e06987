#include "gateway/key_ring.h"

#include <string>
#include <utility>

#include "gateway/base/status_macros.h"

namespace chayan {
namespace {

absl::StatusOr<std::unique_ptr<crypto::Signer>> OpenSigner(const char* setting,
                                                           const std::string& file) {
  absl::StatusOr<crypto::Ed25519Key> key = crypto::Ed25519Key::FromPemFile(file);
  if (!key.ok()) return Annotate(key.status(), setting);
  return std::make_unique<crypto::Ed25519Key>(*std::move(key));
}

}  // namespace

absl::StatusOr<KeyRing> OpenKeyRing(const v1::GatewayConfig& config) {
  KeyRing ring;
  CHAYAN_ASSIGN_OR_RETURN(ring.log_key, OpenSigner("log_key_file", config.log_key_file()));
  if (!config.next_log_key_file().empty()) {
    CHAYAN_ASSIGN_OR_RETURN(ring.next_log_key,
                            OpenSigner("next_log_key_file", config.next_log_key_file()));
  }
  return ring;
}

}  // namespace chayan
