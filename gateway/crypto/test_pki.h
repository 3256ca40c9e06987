// A small PKI for tests alone: authorities, certificates of any faultiness, revocation lists, all
// through OpenSSL and without files.
#ifndef CHAYAN_GATEWAY_CRYPTO_TEST_PKI_H_
#define CHAYAN_GATEWAY_CRYPTO_TEST_PKI_H_

#include <openssl/x509v3.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gateway/base/check.h"
#include "gateway/crypto/certificate.h"
#include "gateway/crypto/openssl.h"

namespace chayan::crypto {

// A certificate with its key.
struct TestParty {
  X509Ptr x509;
  PkeyPtr key;
  std::string certificate_pem;
  std::string chain_pem;  // the certificate, then its issuers up to below the root
  std::string key_pem;
  bool is_root = false;

  Certificate certificate() const { return Certificate::ChainFromPem(certificate_pem)->front(); }
};

struct TestSubject {
  std::string common_name = "test";
  std::vector<std::string> uris{};
  std::string other_names{};  // as OpenSSL writes them: "DNS:localhost,IP:127.0.0.1"
  uint64_t serial = 1;
  bool is_ca = false;
  absl::Time not_before = absl::Now() - absl::Hours(1);
  absl::Time not_after = absl::Now() + absl::Hours(24);
};

inline std::string TestPem(BIO* bio) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);
  return std::string(text, static_cast<size_t>(size));
}

inline void AddTestExtension(X509* x509, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, x509, nullptr, nullptr, 0);
  const OpensslPtr<X509_EXTENSION, X509_EXTENSION_free> extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  CHAYAN_CHECK(extension != nullptr && X509_add_ext(x509, extension.get(), -1) == 1);
}

// Signed by `issuer`, or by itself.
inline TestParty NewTestParty(const TestSubject& subject, const TestParty* issuer = nullptr) {
  TestParty party;
  party.key = PkeyPtr(EVP_EC_gen("P-256"));
  party.x509 = X509Ptr(X509_new());
  X509* const x509 = party.x509.get();
  X509* const issuer_x509 = issuer == nullptr ? x509 : issuer->x509.get();
  X509_set_version(x509, X509_VERSION_3);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(x509), subject.serial);
  ASN1_TIME_set(X509_getm_notBefore(x509), absl::ToTimeT(subject.not_before));
  ASN1_TIME_set(X509_getm_notAfter(x509), absl::ToTimeT(subject.not_after));
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_UTF8,
                             Bytes(subject.common_name), -1, -1, 0);
  X509_set_issuer_name(x509, X509_get_subject_name(issuer_x509));
  X509_set_pubkey(x509, party.key.get());
  AddTestExtension(x509, issuer_x509, NID_subject_key_identifier, "hash");
  if (issuer != nullptr) {
    AddTestExtension(x509, issuer_x509, NID_authority_key_identifier, "keyid:always");
  }
  if (subject.is_ca) {
    AddTestExtension(x509, issuer_x509, NID_basic_constraints, "critical,CA:TRUE");
    AddTestExtension(x509, issuer_x509, NID_key_usage, "critical,keyCertSign,cRLSign");
  } else {
    AddTestExtension(x509, issuer_x509, NID_key_usage, "critical,digitalSignature");
  }
  std::string names = subject.other_names;
  for (const std::string& uri : subject.uris) names += (names.empty() ? "URI:" : ",URI:") + uri;
  if (!names.empty()) AddTestExtension(x509, issuer_x509, NID_subject_alt_name, names);
  EVP_PKEY* const signer = issuer == nullptr ? party.key.get() : issuer->key.get();
  CHAYAN_CHECK(X509_sign(x509, signer, EVP_sha256()) > 0);

  const BioPtr certificate(BIO_new(BIO_s_mem()));
  CHAYAN_CHECK(PEM_write_bio_X509(certificate.get(), x509) == 1);
  party.certificate_pem = TestPem(certificate.get());
  const BioPtr key(BIO_new(BIO_s_mem()));
  CHAYAN_CHECK(PEM_write_bio_PrivateKey(key.get(), party.key.get(), nullptr, nullptr, 0, nullptr,
                                        nullptr) == 1);
  party.key_pem = TestPem(key.get());
  party.is_root = issuer == nullptr;
  party.chain_pem = party.certificate_pem;
  if (issuer != nullptr && !issuer->is_root) party.chain_pem += issuer->chain_pem;
  return party;
}

inline TestParty NewTestAuthority(const std::string& name, const TestParty* issuer = nullptr,
                                  uint64_t serial = 1) {
  return NewTestParty({.common_name = name, .serial = serial, .is_ca = true}, issuer);
}

struct TestListTimes {
  absl::Time this_update = absl::Now() - absl::Minutes(1);
  absl::Time next_update = absl::Now() + absl::Hours(24);
};

// A revocation list in PEM.
inline std::string NewTestCrl(const TestParty& authority, const std::vector<uint64_t>& serials,
                              const TestListTimes& times = {}) {
  const X509CrlPtr crl(X509_CRL_new());
  X509_CRL_set_version(crl.get(), X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(authority.x509.get()));
  const OpensslPtr<ASN1_TIME, ASN1_STRING_free> start(
      ASN1_TIME_set(nullptr, absl::ToTimeT(times.this_update)));
  const OpensslPtr<ASN1_TIME, ASN1_STRING_free> end(
      ASN1_TIME_set(nullptr, absl::ToTimeT(times.next_update)));
  X509_CRL_set1_lastUpdate(crl.get(), start.get());
  X509_CRL_set1_nextUpdate(crl.get(), end.get());
  for (const uint64_t serial : serials) {
    X509_REVOKED* const revoked = X509_REVOKED_new();
    const OpensslPtr<ASN1_INTEGER, ASN1_INTEGER_free> number(ASN1_INTEGER_new());
    ASN1_INTEGER_set_uint64(number.get(), serial);
    X509_REVOKED_set_serialNumber(revoked, number.get());
    X509_REVOKED_set_revocationDate(revoked, start.get());
    X509_CRL_add0_revoked(crl.get(), revoked);
  }
  CHAYAN_CHECK(X509_CRL_sign(crl.get(), authority.key.get(), EVP_sha256()) > 0);
  const BioPtr bio(BIO_new(BIO_s_mem()));
  CHAYAN_CHECK(PEM_write_bio_X509_CRL(bio.get(), crl.get()) == 1);
  return TestPem(bio.get());
}

}  // namespace chayan::crypto

#endif  // CHAYAN_GATEWAY_CRYPTO_TEST_PKI_H_
