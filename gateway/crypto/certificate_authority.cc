#include "gateway/crypto/certificate_authority.h"

#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/base/status_macros.h"
#include "gateway/crypto/certificate_parts.h"

namespace chayan::crypto {
namespace {

// RFC 5280 4.1.2.2: at most 20 bytes; 16 random ones cannot be guessed and never meet.
constexpr size_t kSerialBytes = 16;

absl::Status AddExtension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  if (extension == nullptr || X509_add_ext(certificate, extension.get(), -1) != 1) {
    return OpensslFailed("extension");
  }
  return absl::OkStatus();
}

absl::Status SetRandomSerial(X509* certificate, Random& random) {
  std::array<uint8_t, kSerialBytes> bytes;
  random.Fill(bytes);
  bytes[0] = static_cast<uint8_t>((bytes[0] & 0x7f) | 0x40);  // positive, always of full length
  const OpensslPtr<BIGNUM, BN_free> number(
      BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  if (number == nullptr ||
      BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) == nullptr) {
    return OpensslFailed("serial");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<CertificateUse> UseOf(const Certificate& certificate) {
  CHAYAN_ASSIGN_OR_RETURN(const X509Ptr x509, ToX509(certificate));
  // UINT32_MAX, every bit, where the extension is absent.
  const uint32_t uses = X509_get_extended_key_usage(x509.get());
  const bool server = (uses & XKU_SSL_SERVER) != 0;
  const bool client = (uses & XKU_SSL_CLIENT) != 0;
  if (server == client) {
    return absl::FailedPreconditionError(
        "the certificate's extended key usage is not exactly one of client and server");
  }
  return server ? CertificateUse::kServer : CertificateUse::kClient;
}

absl::StatusOr<CertificateAuthority> CertificateAuthority::Create(absl::string_view chain_pem,
                                                                  absl::string_view key_pem) {
  CHAYAN_ASSIGN_OR_RETURN(std::vector<Certificate> chain, Certificate::ChainFromPem(chain_pem));
  CHAYAN_ASSIGN_OR_RETURN(PkeyPtr key, ReadKey(key_pem));
  if (!chain.front().is_ca()) {
    return absl::InvalidArgumentError("the first certificate is no authority's");
  }
  if (!KeyBelongsTo(key_pem, chain.front())) {
    return absl::InvalidArgumentError("the key is not that of the first certificate");
  }
  return CertificateAuthority(std::move(chain),
                              std::shared_ptr<EVP_PKEY>(key.release(), EVP_PKEY_free));
}

absl::StatusOr<std::string> CertificateAuthority::Sign(absl::string_view request_pem,
                                                       const Terms& terms, Random& random) const {
  CHAYAN_ASSIGN_OR_RETURN(const ParsedRequest parsed, ParseRequest(request_pem));
  if (parsed.names.uris.size() != 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the request names ", parsed.names.uris.size(),
        " URIs; a system is known by exactly one, spiffe://TRUST-DOMAIN/MEMBER/SYSTEM"));
  }
  if (terms.not_before >= terms.not_after || terms.not_after > certificate().not_after()) {
    return absl::InvalidArgumentError(
        "the certificate would end before it begins, or outlive the authority's own");
  }
  CHAYAN_ASSIGN_OR_RETURN(const X509Ptr issuer, ToX509(certificate()));
  CHAYAN_ASSIGN_OR_RETURN(const TimePtr begin, ToAsn1(terms.not_before));
  CHAYAN_ASSIGN_OR_RETURN(const TimePtr end, ToAsn1(terms.not_after));
  CHAYAN_ASSIGN_OR_RETURN(const GeneralNamesPtr names, ToGeneralNames(parsed.names));
  const X509Ptr leaf(X509_new());
  if (leaf == nullptr || X509_set_version(leaf.get(), X509_VERSION_3) != 1 ||
      X509_set_issuer_name(leaf.get(), X509_get_subject_name(issuer.get())) != 1 ||
      X509_set1_notBefore(leaf.get(), begin.get()) != 1 ||
      X509_set1_notAfter(leaf.get(), end.get()) != 1 ||
      X509_set_pubkey(leaf.get(), X509_REQ_get0_pubkey(parsed.request.get())) != 1) {
    return OpensslFailed("certificate");
  }
  CHAYAN_RETURN_IF_ERROR(SetRandomSerial(leaf.get(), random));
  CHAYAN_RETURN_IF_ERROR(
      SetCommonName(X509_get_subject_name(leaf.get()), parsed.names.common_name));
  const std::pair<int, const char*> extensions[] = {
      {NID_basic_constraints, "critical,CA:FALSE"},
      {NID_key_usage, "critical,digitalSignature"},
      {NID_ext_key_usage, terms.use == CertificateUse::kServer ? "serverAuth" : "clientAuth"},
      {NID_subject_key_identifier, "hash"},
      {NID_authority_key_identifier, "keyid"},
  };
  for (const auto& [nid, value] : extensions) {
    CHAYAN_RETURN_IF_ERROR(AddExtension(leaf.get(), issuer.get(), nid, value));
  }
  if (X509_add1_ext_i2d(leaf.get(), NID_subject_alt_name, names.get(), 0, 0) != 1 ||
      X509_sign(leaf.get(), key_.get(), SigningDigest(key_.get())) == 0) {
    return OpensslFailed("certificate");
  }
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (bio == nullptr || PEM_write_bio_X509(bio.get(), leaf.get()) != 1)
    return OpensslFailed("certificate");
  for (const Certificate& above : chain_) {
    if (above.issuer_der() == above.subject_der()) continue;  // the root: each side has it
    CHAYAN_ASSIGN_OR_RETURN(const X509Ptr x509, ToX509(above));
    if (PEM_write_bio_X509(bio.get(), x509.get()) != 1) return OpensslFailed("chain");
  }
  return TextOf(bio.get());
}

}  // namespace chayan::crypto
