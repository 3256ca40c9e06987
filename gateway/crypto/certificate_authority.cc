#include "gateway/crypto/certificate_authority.h"

#include <arpa/inet.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <limits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_macros.h"
#include "gateway/crypto/openssl.h"

namespace chayan::crypto {
namespace {

using X509ReqPtr = OpensslPtr<X509_REQ, X509_REQ_free>;
using X509RevokedPtr = OpensslPtr<X509_REVOKED, X509_REVOKED_free>;
using GeneralNamesPtr = OpensslPtr<GENERAL_NAMES, GENERAL_NAMES_free>;
using ExtensionsPtr = std::unique_ptr<STACK_OF(X509_EXTENSION), decltype([](auto* stack) {
                                        sk_X509_EXTENSION_pop_free(stack, X509_EXTENSION_free);
                                      })>;
using ExtensionPtr = OpensslPtr<X509_EXTENSION, X509_EXTENSION_free>;
using IntegerPtr = OpensslPtr<ASN1_INTEGER, ASN1_INTEGER_free>;
using TimePtr = OpensslPtr<ASN1_TIME, ASN1_TIME_free>;

// RFC 5280 upper bound of a common name, and far more names than a certificate of ours has.
constexpr size_t kCommonNameBytesMax = 64;
constexpr size_t kNamesMax = 64;
// RFC 5280 4.1.2.2: at most 20 bytes; 16 random ones cannot be guessed and never meet.
constexpr size_t kSerialBytes = 16;

absl::Status Failed(absl::string_view what) {
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

// Ed25519 hashes by itself; every other key signs a SHA-256 digest.
const EVP_MD* SigningDigest(const EVP_PKEY* key) {
  return EVP_PKEY_get_id(key) == EVP_PKEY_ED25519 ? nullptr : EVP_sha256();
}

absl::Status CheckText(absl::string_view text) {
  if (text.empty()) return absl::InvalidArgumentError("an empty name");
  for (const char c : text) {
    if (!absl::ascii_isgraph(static_cast<unsigned char>(c))) {
      return absl::InvalidArgumentError(
          "a name with a blank or a character outside ASCII; URIs and host names have none");
    }
  }
  return absl::OkStatus();
}

absl::Status AddName(GENERAL_NAMES* names, int type, absl::string_view bytes) {
  ASN1_STRING* value = type == GEN_IPADD ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new();
  GENERAL_NAME* name = GENERAL_NAME_new();
  if (value == nullptr || name == nullptr ||
      ASN1_STRING_set(value, bytes.data(), static_cast<int>(bytes.size())) != 1) {
    ASN1_STRING_free(value);
    GENERAL_NAME_free(name);
    return Failed("name");
  }
  GENERAL_NAME_set0_value(name, type, value);
  if (sk_GENERAL_NAME_push(names, name) == 0) {
    GENERAL_NAME_free(name);
    return Failed("name");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> IpBytes(const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  for (const auto& [family, size] : {std::pair<int, size_t>{AF_INET, 4}, {AF_INET6, 16}}) {
    if (inet_pton(family, text.c_str(), bytes.data()) == 1) {
      return std::string(reinterpret_cast<const char*>(bytes.data()), size);
    }
  }
  return absl::InvalidArgumentError(absl::StrCat("'", text, "' is no IP address"));
}

absl::StatusOr<std::string> IpText(absl::string_view bytes) {
  if (bytes.size() != 4 && bytes.size() != 16) {
    return absl::InvalidArgumentError("an IP address of a wrong length");
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (inet_ntop(bytes.size() == 4 ? AF_INET : AF_INET6, bytes.data(), text.data(), text.size()) ==
      nullptr) {
    return absl::InvalidArgumentError("an IP address that cannot be written");
  }
  return std::string(text.data());
}

absl::StatusOr<GeneralNamesPtr> ToGeneralNames(const SubjectNames& names) {
  if (names.uris.size() + names.dns_names.size() + names.ip_addresses.size() > kNamesMax) {
    return absl::InvalidArgumentError(absl::StrCat("more than ", kNamesMax, " names"));
  }
  GeneralNamesPtr result(GENERAL_NAMES_new());
  if (result == nullptr) return Failed("names");
  for (const std::string& uri : names.uris) {
    CHAYAN_RETURN_IF_ERROR(CheckText(uri));
    CHAYAN_RETURN_IF_ERROR(AddName(result.get(), GEN_URI, uri));
  }
  for (const std::string& dns : names.dns_names) {
    CHAYAN_RETURN_IF_ERROR(CheckText(dns));
    CHAYAN_RETURN_IF_ERROR(AddName(result.get(), GEN_DNS, dns));
  }
  for (const std::string& ip : names.ip_addresses) {
    CHAYAN_ASSIGN_OR_RETURN(const std::string bytes, IpBytes(ip));
    CHAYAN_RETURN_IF_ERROR(AddName(result.get(), GEN_IPADD, bytes));
  }
  return result;
}

absl::StatusOr<SubjectNames> FromGeneralNames(const GENERAL_NAMES* names) {
  SubjectNames result;
  if (sk_GENERAL_NAME_num(names) > static_cast<int>(kNamesMax)) {
    return absl::InvalidArgumentError(absl::StrCat("more than ", kNamesMax, " names"));
  }
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    int type = 0;
    const auto* value = static_cast<const ASN1_STRING*>(
        GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type));
    if (type != GEN_URI && type != GEN_DNS && type != GEN_IPADD) {
      return absl::InvalidArgumentError("a name that is neither URI, DNS name nor IP address");
    }
    const absl::string_view bytes(reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
                                  static_cast<size_t>(ASN1_STRING_length(value)));
    if (type == GEN_IPADD) {
      CHAYAN_ASSIGN_OR_RETURN(std::string ip, IpText(bytes));
      result.ip_addresses.push_back(std::move(ip));
      continue;
    }
    CHAYAN_RETURN_IF_ERROR(CheckText(bytes));
    (type == GEN_URI ? result.uris : result.dns_names).emplace_back(bytes);
  }
  return result;
}

std::string CommonNameOf(X509_NAME* name) {
  const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (at < 0) return "";
  const ASN1_STRING* value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
          static_cast<size_t>(ASN1_STRING_length(value))};
}

absl::Status SetCommonName(X509_NAME* name, const std::string& text) {
  if (text.size() > kCommonNameBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("a common name of more than ", kCommonNameBytesMax, " bytes"));
  }
  if (text.empty()) return absl::OkStatus();
  if (X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, Bytes(text),
                                 static_cast<int>(text.size()), -1, 0) != 1) {
    return Failed("common name");
  }
  return absl::OkStatus();
}

struct ParsedRequest {
  X509ReqPtr request;
  SubjectNames names;
};

absl::StatusOr<ParsedRequest> ParseRequest(absl::string_view pem) {
  CHAYAN_ASSIGN_OR_RETURN(const BioPtr bio, ReadOnlyBio(pem));
  ParsedRequest parsed{X509ReqPtr(PEM_read_bio_X509_REQ(bio.get(), nullptr, nullptr, nullptr)), {}};
  if (parsed.request == nullptr) {
    TakeOpensslError();
    return absl::InvalidArgumentError("not a certificate request in PEM");
  }
  EVP_PKEY* key = X509_REQ_get0_pubkey(parsed.request.get());
  if (key == nullptr || X509_REQ_verify(parsed.request.get(), key) != 1) {
    TakeOpensslError();
    return absl::InvalidArgumentError("the request is not signed by its own key");
  }
  const ExtensionsPtr extensions(X509_REQ_get_extensions(parsed.request.get()));
  const GeneralNamesPtr names(static_cast<GENERAL_NAMES*>(
      X509V3_get_d2i(extensions.get(), NID_subject_alt_name, nullptr, nullptr)));
  if (names != nullptr) {
    CHAYAN_ASSIGN_OR_RETURN(parsed.names, FromGeneralNames(names.get()));
  }
  parsed.names.common_name = CommonNameOf(X509_REQ_get_subject_name(parsed.request.get()));
  return parsed;
}

absl::Status AddExtension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  if (extension == nullptr || X509_add_ext(certificate, extension.get(), -1) != 1) {
    return Failed("extension");
  }
  return absl::OkStatus();
}

absl::StatusOr<X509Ptr> ToX509(const Certificate& certificate) {
  const unsigned char* at = Bytes(certificate.der());
  X509Ptr x509(d2i_X509(nullptr, &at, static_cast<long>(certificate.der().size())));  // NOLINT
  if (x509 == nullptr) return Failed("certificate");
  return x509;
}

absl::StatusOr<TimePtr> ToAsn1(absl::Time time) {
  TimePtr result(ASN1_TIME_set(nullptr, absl::ToTimeT(time)));
  if (result == nullptr) return Failed("time");
  return result;
}

absl::Status SetRandomSerial(X509* certificate, Random& random) {
  std::array<uint8_t, kSerialBytes> bytes;
  random.Fill(bytes);
  bytes[0] = static_cast<uint8_t>((bytes[0] & 0x7f) | 0x40);  // positive, always of full length
  const OpensslPtr<BIGNUM, BN_free> number(
      BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  if (number == nullptr ||
      BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) == nullptr) {
    return Failed("serial");
  }
  return absl::OkStatus();
}

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
    return Failed("revoked serial");
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
      return Failed("revocation list");
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
    return Failed("number of the list");
  }
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, nullptr, nullptr, crl, 0);
  const ExtensionPtr authority(
      X509V3_EXT_conf_nid(nullptr, &context, NID_authority_key_identifier, "keyid"));
  if (authority == nullptr || X509_CRL_add_ext(crl, authority.get(), -1) != 1) {
    return Failed("key identifier of the list");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> GenerateTlsKeyPem() {
  const PkeyPtr key(EVP_EC_gen("P-256"));
  const BioPtr bio(BIO_new(BIO_s_secmem()));
  if (key == nullptr || bio == nullptr ||
      PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) !=
          1) {
    return Failed("new key");
  }
  return TextOf(bio.get());
}

absl::StatusOr<std::string> MakeCertificateRequest(absl::string_view key_pem,
                                                   const SubjectNames& names) {
  CHAYAN_ASSIGN_OR_RETURN(const PkeyPtr key, ReadKey(key_pem));
  CHAYAN_ASSIGN_OR_RETURN(const GeneralNamesPtr general, ToGeneralNames(names));
  const X509ReqPtr request(X509_REQ_new());
  if (request == nullptr || X509_REQ_set_pubkey(request.get(), key.get()) != 1) {
    return Failed("request");
  }
  CHAYAN_RETURN_IF_ERROR(
      SetCommonName(X509_REQ_get_subject_name(request.get()), names.common_name));
  STACK_OF(X509_EXTENSION)* raw = nullptr;
  const int added = X509V3_add1_i2d(&raw, NID_subject_alt_name, general.get(), 0, 0);
  const ExtensionsPtr extensions(raw);
  if (added != 1 || X509_REQ_add_extensions(request.get(), extensions.get()) != 1) {
    return Failed("names of the request");
  }
  if (X509_REQ_sign(request.get(), key.get(), SigningDigest(key.get())) == 0) {
    return Failed("signature of the request");
  }
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (bio == nullptr || PEM_write_bio_X509_REQ(bio.get(), request.get()) != 1) {
    return Failed("request");
  }
  return TextOf(bio.get());
}

absl::StatusOr<SubjectNames> ReadCertificateRequest(absl::string_view request_pem) {
  CHAYAN_ASSIGN_OR_RETURN(ParsedRequest parsed, ParseRequest(request_pem));
  return std::move(parsed.names);
}

absl::StatusOr<SubjectNames> NamesOf(const Certificate& certificate) {
  CHAYAN_ASSIGN_OR_RETURN(const X509Ptr x509, ToX509(certificate));
  SubjectNames names;
  const GeneralNamesPtr general(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(x509.get(), NID_subject_alt_name, nullptr, nullptr)));
  if (general != nullptr) {
    CHAYAN_ASSIGN_OR_RETURN(names, FromGeneralNames(general.get()));
  }
  names.common_name = CommonNameOf(X509_get_subject_name(x509.get()));
  return names;
}

bool KeyBelongsTo(absl::string_view key_pem, const Certificate& certificate) {
  const absl::StatusOr<PkeyPtr> key = ReadKey(key_pem);
  const absl::StatusOr<X509Ptr> x509 = ToX509(certificate);
  if (!key.ok() || !x509.ok()) return false;
  const bool belongs = X509_check_private_key(x509->get(), key->get()) == 1;
  if (!belongs) TakeOpensslError();
  return belongs;
}

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
    return Failed("certificate");
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
    return Failed("certificate");
  }
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (bio == nullptr || PEM_write_bio_X509(bio.get(), leaf.get()) != 1)
    return Failed("certificate");
  for (const Certificate& above : chain_) {
    if (above.issuer_der() == above.subject_der()) continue;  // the root: each side has it
    CHAYAN_ASSIGN_OR_RETURN(const X509Ptr x509, ToX509(above));
    if (PEM_write_bio_X509(bio.get(), x509.get()) != 1) return Failed("chain");
  }
  return TextOf(bio.get());
}

absl::StatusOr<std::string> CertificateAuthority::IssueCrl(absl::string_view previous_pem,
                                                           const std::vector<std::string>& serials,
                                                           const CrlTerms& terms) const {
  CHAYAN_ASSIGN_OR_RETURN(const X509Ptr issuer, ToX509(certificate()));
  CHAYAN_ASSIGN_OR_RETURN(const X509CrlPtr crl, StartCrl(previous_pem, issuer.get(), key_.get()));
  CHAYAN_ASSIGN_OR_RETURN(const TimePtr now, ToAsn1(terms.this_update));
  CHAYAN_ASSIGN_OR_RETURN(const TimePtr next, ToAsn1(terms.next_update));
  if (X509_CRL_set1_lastUpdate(crl.get(), now.get()) != 1 ||
      X509_CRL_set1_nextUpdate(crl.get(), next.get()) != 1) {
    return Failed("times of the list");
  }
  for (const std::string& serial : serials) {
    CHAYAN_RETURN_IF_ERROR(AddRevoked(crl.get(), serial, now.get()));
  }
  CHAYAN_RETURN_IF_ERROR(RenewCrlExtensions(crl.get(), issuer.get()));
  X509_CRL_sort(crl.get());
  if (X509_CRL_sign(crl.get(), key_.get(), SigningDigest(key_.get())) == 0) {
    return Failed("signature of the list");
  }
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (bio == nullptr || PEM_write_bio_X509_CRL(bio.get(), crl.get()) != 1) {
    return Failed("revocation list");
  }
  return TextOf(bio.get());
}

}  // namespace chayan::crypto
