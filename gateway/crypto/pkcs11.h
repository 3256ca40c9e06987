// Keys that never leave their PKCS#11 token: the log's signing key (CKM_EDDSA) and the vault's
// key-encryption key (CKM_AES_GCM). The module is called directly; OpenSSL's engine does not know
// Ed25519, and an Ed25519 key in a token keeps that engine from listing any other (libp11 0.4.12):
// a TLS key in hardware needs a token of its own.
//
// Threads: a module is initialized once a process, with locking by the system (CKF_OS_LOCKING_OK),
// and never finalized, for other keys may use it. Each key holds one session and a lock around it.
//
// A session that is lost (token pulled, module restarted) is opened anew once within the call that
// finds out; if that fails, the call does, and the next one tries again.
#ifndef CHAYAN_GATEWAY_CRYPTO_PKCS11_H_
#define CHAYAN_GATEWAY_CRYPTO_PKCS11_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "gateway/crypto/signing_key.h"
#include "gateway/crypto/wrapping_key.h"

namespace chayan::crypto {

struct Pkcs11Place {
  std::string module;  // a shared library
  std::string token_label;
  std::string key_label;
  std::string pin_file;  // see ReadSecretFile
};

// The Ed25519 key pair of that label. Each signature is checked before it is given out, and the
// first is made twice: it must be deterministic, for the log rests on that. Errors name module,
// token and key, and the remedy; never the PIN.
absl::StatusOr<std::unique_ptr<Signer>> OpenPkcs11Signer(const Pkcs11Place& place);

// The AES-256 key of that label.
absl::StatusOr<std::unique_ptr<WrappingKey>> OpenPkcs11WrappingKey(const Pkcs11Place& place);

}  // namespace chayan::crypto

#endif  // CHAYAN_GATEWAY_CRYPTO_PKCS11_H_
