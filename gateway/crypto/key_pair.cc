#include "gateway/crypto/key_pair.h"

#include "absl/strings/str_cat.h"
#include "gateway/base/status_macros.h"
#include "gateway/crypto/digest.h"
#include "gateway/crypto/openssl.h"

namespace chayan::crypto {

absl::Status CheckKeyPair(const Certificate& certificate, absl::string_view key_pem) {
  CHAYAN_ASSIGN_OR_RETURN(const BioPtr bio, ReadOnlyBio(key_pem));
  // In place of OpenSSL's default, which would ask at the terminal.
  const auto no_passphrase = [](char*, int, int, void*) { return -1; };
  const PkeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  if (key == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("no unencrypted private key in PEM form: ", TakeOpensslError()));
  }
  uint8_t* der = nullptr;
  const int size = i2d_PUBKEY(key.get(), &der);
  if (size <= 0) return absl::InternalError(TakeOpensslError());
  const Digest digest =
      Sha256(absl::string_view(reinterpret_cast<const char*>(der), static_cast<size_t>(size)));
  OPENSSL_free(der);
  if (digest == certificate.spki_digest()) return absl::OkStatus();
  return absl::FailedPreconditionError("the private key is not this certificate's");
}

}  // namespace chayan::crypto
