#include "gateway/crypto/rsa_key.h"

#include "gateway/base/check.h"
#include "gateway/base/status_macros.h"
#include "gateway/crypto/openssl.h"

namespace chayan::crypto {
namespace {

constexpr int kBitsMin = 2048;  // RFC 7518 section 3.3

// In place of OpenSSL's default, which would ask at the terminal.
int NoPassphrase(char*, int, int, void*) { return -1; }

}  // namespace

absl::StatusOr<RsaKey> RsaKey::FromPem(absl::string_view pem) {
  CHAYAN_ASSIGN_OR_RETURN(const BioPtr bio, ReadOnlyBio(pem));
  std::shared_ptr<EVP_PKEY> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase, nullptr),
                                EVP_PKEY_free);
  if (key == nullptr) {
    return absl::InvalidArgumentError("no unencrypted private key in PEM form: " +
                                      TakeOpensslError());
  }
  if (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) {
    return absl::InvalidArgumentError("the private key is not RSA");
  }
  if (EVP_PKEY_get_bits(key.get()) < kBitsMin) {
    return absl::InvalidArgumentError("the RSA key has fewer than 2048 bits");
  }
  return RsaKey(std::move(key));
}

absl::StatusOr<std::string> RsaKey::SignRs256(absl::string_view message) const {
  const MdContextPtr context(EVP_MD_CTX_new());
  CHAYAN_CHECK(context != nullptr);
  size_t size = static_cast<size_t>(EVP_PKEY_get_size(key_.get()));
  std::string signature(size, '\0');
  if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     Bytes(message), message.size()) != 1) {
    return absl::InternalError("RS256 signing failed: " + TakeOpensslError());
  }
  signature.resize(size);
  return signature;
}

}  // namespace chayan::crypto
