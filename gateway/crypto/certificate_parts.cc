#include "gateway/crypto/certificate_parts.h"

#include "absl/strings/str_cat.h"
#include "gateway/base/status_macros.h"

namespace chayan::crypto {

absl::Status OpensslFailed(absl::string_view what) {
  return absl::InternalError(absl::StrCat(what, ": ", TakeOpensslError()));
}

absl::StatusOr<PkeyPtr> ReadKey(absl::string_view pem) {
  CHAYAN_ASSIGN_OR_RETURN(const BioPtr bio, ReadOnlyBio(pem));
  // An encrypted key is refused, not asked for on the terminal.
  const auto no_passphrase = [](char*, int, int, void*) { return -1; };
  PkeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  if (key == nullptr) {
    TakeOpensslError();
    return absl::InvalidArgumentError("not an unencrypted private key in PEM");
  }
  return key;
}

std::string TextOf(BIO* bio) {
  const char* text = nullptr;
  const auto length = BIO_get_mem_data(bio, &text);
  return {text, static_cast<size_t>(length)};
}

const EVP_MD* SigningDigest(const EVP_PKEY* key) {
  return EVP_PKEY_get_id(key) == EVP_PKEY_ED25519 ? nullptr : EVP_sha256();
}

absl::StatusOr<X509Ptr> ToX509(const Certificate& certificate) {
  const unsigned char* at = Bytes(certificate.der());
  X509Ptr x509(d2i_X509(nullptr, &at, static_cast<long>(certificate.der().size())));  // NOLINT
  if (x509 == nullptr) return OpensslFailed("certificate");
  return x509;
}

absl::StatusOr<TimePtr> ToAsn1(absl::Time time) {
  TimePtr result(ASN1_TIME_set(nullptr, absl::ToTimeT(time)));
  if (result == nullptr) return OpensslFailed("time");
  return result;
}

}  // namespace chayan::crypto
