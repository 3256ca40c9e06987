// Ed25519 (pure, RFC 8032): deterministic, so the same key over the same bytes is the same
// signature, on which the log's "sign after commit" rests. Signer is the seam for keys that live in
// a hardware token.
#ifndef CHAYAN_GATEWAY_CRYPTO_SIGNING_KEY_H_
#define CHAYAN_GATEWAY_CRYPTO_SIGNING_KEY_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/base/random.h"
#include "gateway/crypto/bytes.h"
#include "gateway/crypto/secret.h"

struct evp_pkey_st;

namespace chayan::crypto {

// Thread-safe.
class Signer {
 public:
  virtual ~Signer() = default;
  virtual const Ed25519PublicKey& public_key() const = 0;
  // Fails only if the key's home does (a token that was pulled).
  virtual absl::StatusOr<Ed25519Signature> Sign(absl::string_view message) const = 0;
};

// A key in this process's memory. Immutable; copies share it.
class Ed25519Key final : public Signer {
 public:
  static Ed25519Key Generate(Random& random);
  static absl::StatusOr<Ed25519Key> FromSeed(const Secret32& seed);
  // One unencrypted PKCS#8 key. Errors never repeat the text.
  static absl::StatusOr<Ed25519Key> FromPem(absl::string_view pem);
  static absl::StatusOr<Ed25519Key> FromPemFile(const std::string& path);

  const Ed25519PublicKey& public_key() const override { return public_key_; }
  absl::StatusOr<Ed25519Signature> Sign(absl::string_view message) const override;

  // The private key as unencrypted PKCS#8. Whoever writes it to a file uses mode 0600.
  std::string ToPem() const;

 private:
  Ed25519Key(std::shared_ptr<evp_pkey_st> key, const Ed25519PublicKey& public_key)
      : key_(std::move(key)), public_key_(public_key) {}
  static absl::StatusOr<Ed25519Key> Adopt(evp_pkey_st* key);

  std::shared_ptr<evp_pkey_st> key_;
  Ed25519PublicKey public_key_;
};

// False for a signature of any wrong kind, also for one whose length is not 64.
bool VerifyEd25519(const Ed25519PublicKey& key, absl::string_view message,
                   absl::string_view signature);

// SubjectPublicKeyInfo of RFC 8410, DER, 44 bytes.
std::string SpkiFromPublicKey(const Ed25519PublicKey& key);
// Refuses every other form, length and algorithm.
absl::StatusOr<Ed25519PublicKey> PublicKeyFromSpki(absl::string_view der);
// SHA-256 of the SPKI: how keys are named in entries and receipts.
Digest KeyId(const Ed25519PublicKey& key);

}  // namespace chayan::crypto

#endif  // CHAYAN_GATEWAY_CRYPTO_SIGNING_KEY_H_
