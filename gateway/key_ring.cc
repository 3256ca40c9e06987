#include "gateway/key_ring.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/base/status_macros.h"
#include "gateway/crypto/pkcs11.h"

namespace chayan {
namespace {

crypto::Pkcs11Place PlaceOf(const v1::TokenKey& token) {
  return {.module = token.module(),
          .token_label = token.token_label(),
          .key_label = token.key_label(),
          .pin_file = token.pin_file()};
}

// Null when neither is set. `setting` without its ending, for errors.
absl::StatusOr<std::unique_ptr<crypto::Signer>> OpenSigner(const char* setting,
                                                           const std::string& file, bool has_token,
                                                           const v1::TokenKey& token) {
  if (has_token) {
    auto key = crypto::OpenPkcs11Signer(PlaceOf(token));
    if (!key.ok()) return Annotate(key.status(), absl::StrCat(setting, "_token"));
    return key;
  }
  if (file.empty()) return nullptr;
  absl::StatusOr<crypto::Ed25519Key> key = crypto::Ed25519Key::FromPemFile(file);
  if (!key.ok()) return Annotate(key.status(), absl::StrCat(setting, "_file"));
  return std::make_unique<crypto::Ed25519Key>(*std::move(key));
}

absl::StatusOr<std::unique_ptr<crypto::WrappingKey>> OpenWrappingKey(const char* setting,
                                                                     const std::string& file,
                                                                     bool has_token,
                                                                     const v1::TokenKey& token) {
  if (!has_token && file.empty()) return nullptr;
  auto key = has_token ? crypto::OpenPkcs11WrappingKey(PlaceOf(token))
                       : crypto::WrappingKey::FromFile(file);
  if (!key.ok()) {
    return Annotate(key.status(), absl::StrCat(setting, has_token ? "_token" : "_file"));
  }
  return key;
}

}  // namespace

absl::StatusOr<LogKeys> OpenLogKeys(const v1::GatewayConfig& config) {
  LogKeys keys;
  CHAYAN_ASSIGN_OR_RETURN(keys.now, OpenSigner("log_key", config.log_key_file(),
                                               config.has_log_key_token(), config.log_key_token()));
  CHAYAN_ASSIGN_OR_RETURN(keys.next,
                          OpenSigner("next_log_key", config.next_log_key_file(),
                                     config.has_next_log_key_token(), config.next_log_key_token()));
  return keys;
}

absl::StatusOr<VaultKeys> OpenVaultKeys(const v1::GatewayConfig& config) {
  VaultKeys keys;
  CHAYAN_ASSIGN_OR_RETURN(
      keys.now, OpenWrappingKey("vault_kek", config.vault_kek_file(), config.has_vault_kek_token(),
                                config.vault_kek_token()));
  CHAYAN_ASSIGN_OR_RETURN(
      keys.old, OpenWrappingKey("old_vault_kek", config.old_vault_kek_file(),
                                config.has_old_vault_kek_token(), config.old_vault_kek_token()));
  return keys;
}

}  // namespace chayan
