#include "adapters/http/webhook_signer.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_macros.h"
#include "gateway/crypto/digest.h"

namespace chayan::http_connector {
namespace {

// As the specification bounds them.
constexpr size_t kSecretBytesMin = 24;
constexpr size_t kSecretBytesMax = 64;

}  // namespace

absl::Status WebhookSigner::AddSecret(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  const absl::StatusOr<std::string> secret = Base64Decode(absl::StripPrefix(text, "whsec_"));
  if (!secret.ok() || secret->size() < kSecretBytesMin || secret->size() > kSecretBytesMax) {
    return absl::InvalidArgumentError(
        "is no secret, make one with `echo whsec_$(openssl rand -base64 32)`");
  }
  if (secrets_.size() >= kKeysMax) {
    return absl::InvalidArgumentError("more than two secrets, remove the oldest");
  }
  secrets_.push_back(*secret);
  return absl::OkStatus();
}

absl::Status WebhookSigner::AddKey(absl::string_view pem) {
  absl::StatusOr<crypto::Ed25519Key> key = crypto::Ed25519Key::FromPem(pem);
  if (!key.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(
        key.status().message(), ", make one with `openssl genpkey -algorithm ed25519`"));
  }
  if (keys_.size() >= kKeysMax) {
    return absl::InvalidArgumentError("more than two keys, remove the oldest");
  }
  keys_.push_back(*std::move(key));
  return absl::OkStatus();
}

absl::StatusOr<std::string> WebhookSigner::Sign(absl::string_view id, int64_t unix_seconds,
                                                absl::string_view body) const {
  const std::string content = absl::StrCat(id, ".", unix_seconds, ".", body);
  std::vector<std::string> signatures;
  for (const std::string& secret : secrets_) {
    signatures.push_back(
        absl::StrCat("v1,", Base64Encode(crypto::HmacSha256(secret, content).raw())));
  }
  for (const crypto::Ed25519Key& key : keys_) {
    CHAYAN_ASSIGN_OR_RETURN(const crypto::Ed25519Signature signature, key.Sign(content));
    signatures.push_back(absl::StrCat("v1a,", Base64Encode(signature.raw())));
  }
  return absl::StrJoin(signatures, " ");
}

}  // namespace chayan::http_connector
