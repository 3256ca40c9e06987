// CertificateAuthority::IssueCrl: a revocation list is the one before, what is revoked now, and the
// next number.
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_macros.h"
#include "gateway/crypto/certificate_authority.h"
#include "gateway/crypto/certificate_parts.h"

namespace chayan::crypto {
namespace {

absl::Status AddRevoked(X509_CRL* crl, const std::string& serial, const ASN1_TIME* now) {
  CHAYAN_ASSIGN_OR_RETURN(const std::string raw, HexDecode(serial));
  if (raw.empty()) return absl::InvalidArgumentError("an empty serial number");
  const OpensslPtr<BIGNUM, BN_free> number(
      BN_bin2bn(Bytes(raw), static_cast<int>(raw.size()), nullptr));
  const IntegerPtr integer(BN_to_ASN1_INTEGER(number.get(), nullptr));
  X509_REVOKED* found = nullptr;
  if (X509_CRL_get0_by_serial(crl, &found, integer.get()) == 1) return absl::OkStatus();
  X509RevokedPtr revoked(X509_REVOKED_new());
  if (integer == nullptr || revoked == nullptr ||
      X509_REVOKED_set_serialNumber(revoked.get(), integer.get()) != 1 ||
      X509_REVOKED_set_revocationDate(revoked.get(), const_cast<ASN1_TIME*>(now)) != 1 ||
      X509_CRL_add0_revoked(crl, revoked.get()) != 1) {
    return OpensslFailed("revoked serial");
  }
  revoked.release();  // the list owns it now
  return absl::OkStatus();
}

// The list that came before, or a new one without entries and number.
absl::StatusOr<X509CrlPtr> StartCrl(absl::string_view previous_pem, const X509* issuer,
                                    EVP_PKEY* key) {
  if (previous_pem.empty()) {
    X509CrlPtr crl(X509_CRL_new());
    if (crl == nullptr || X509_CRL_set_version(crl.get(), X509_CRL_VERSION_2) != 1 ||
        X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(issuer)) != 1) {
      return OpensslFailed("revocation list");
    }
    return crl;
  }
  CHAYAN_ASSIGN_OR_RETURN(const BioPtr bio, ReadOnlyBio(previous_pem));
  X509CrlPtr crl(PEM_read_bio_X509_CRL(bio.get(), nullptr, nullptr, nullptr));
  if (crl == nullptr || X509_CRL_verify(crl.get(), key) != 1) {
    TakeOpensslError();
    return absl::InvalidArgumentError("the list that is there was not signed by this authority");
  }
  return crl;
}

// Takes the number and the key identifier off, and puts the next number and ours in.
absl::Status RenewCrlExtensions(X509_CRL* crl, X509* issuer) {
  IntegerPtr number(
      static_cast<ASN1_INTEGER*>(X509_CRL_get_ext_d2i(crl, NID_crl_number, nullptr, nullptr)));
  while (X509_CRL_get_ext_count(crl) > 0) {
    X509_EXTENSION_free(X509_CRL_delete_ext(crl, 0));
  }
  int64_t last = 0;
  if (number != nullptr && ASN1_INTEGER_get_int64(&last, number.get()) != 1) {
    TakeOpensslError();
    return absl::InvalidArgumentError("the number of the list that is there is out of range");
  }
  const IntegerPtr next(ASN1_INTEGER_new());
  if (next == nullptr || ASN1_INTEGER_set_int64(next.get(), last + 1) != 1 ||
      X509_CRL_add1_ext_i2d(crl, NID_crl_number, next.get(), 0, 0) != 1) {
    return OpensslFailed("number of the list");
  }
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, nullptr, nullptr, crl, 0);
  const ExtensionPtr authority(
      X509V3_EXT_conf_nid(nullptr, &context, NID_authority_key_identifier, "keyid"));
  if (authority == nullptr || X509_CRL_add_ext(crl, authority.get(), -1) != 1) {
    return OpensslFailed("key identifier of the list");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> CertificateAuthority::IssueCrl(absl::string_view previous_pem,
                                                           const std::vector<std::string>& serials,
                                                           const CrlTerms& terms) const {
  CHAYAN_ASSIGN_OR_RETURN(const X509Ptr issuer, ToX509(certificate()));
  CHAYAN_ASSIGN_OR_RETURN(const X509CrlPtr crl, StartCrl(previous_pem, issuer.get(), key_.get()));
  CHAYAN_ASSIGN_OR_RETURN(const TimePtr now, ToAsn1(terms.this_update));
  CHAYAN_ASSIGN_OR_RETURN(const TimePtr next, ToAsn1(terms.next_update));
  if (X509_CRL_set1_lastUpdate(crl.get(), now.get()) != 1 ||
      X509_CRL_set1_nextUpdate(crl.get(), next.get()) != 1) {
    return OpensslFailed("times of the list");
  }
  for (const std::string& serial : serials) {
    CHAYAN_RETURN_IF_ERROR(AddRevoked(crl.get(), serial, now.get()));
  }
  CHAYAN_RETURN_IF_ERROR(RenewCrlExtensions(crl.get(), issuer.get()));
  X509_CRL_sort(crl.get());
  if (X509_CRL_sign(crl.get(), key_.get(), SigningDigest(key_.get())) == 0) {
    return OpensslFailed("signature of the list");
  }
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (bio == nullptr || PEM_write_bio_X509_CRL(bio.get(), crl.get()) != 1) {
    return OpensslFailed("revocation list");
  }
  return TextOf(bio.get());
}

}  // namespace chayan::crypto
