// Goal: certificates and revocation lists are read exactly, signatures are checked, malformed input
// is refused with a reason and never crashes. Method: a small PKI made here through OpenSSL, with
// ECDSA, Ed25519 and RSA keys; truncation and change of every byte.
#include "gateway/crypto/certificate.h"

#include <gtest/gtest.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <string>
#include <vector>

#include "absl/time/civil_time.h"
#include "gateway/base/status_matchers.h"
#include "gateway/crypto/crl.h"
#include "gateway/crypto/digest.h"
#include "gateway/crypto/openssl.h"

namespace chayan::crypto {
namespace {

using ::testing::_;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr time_t kStart = 1767225600;  // 2026-01-01T00:00:00Z
constexpr time_t kEnd = kStart + 86400;

struct Party {
  X509Ptr x509;
  PkeyPtr key;
  Certificate certificate;
};

struct Request {
  std::string common_name;
  std::string algorithm = "EC";
  uint64_t serial = 1;
  std::vector<std::pair<int, std::string>> extensions{};
};

PkeyPtr NewKey(const std::string& algorithm) {
  if (algorithm == "EC") return PkeyPtr(EVP_EC_gen("P-256"));
  if (algorithm == "RSA") return PkeyPtr(EVP_RSA_gen(2048));
  return PkeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, algorithm.c_str()));
}

const EVP_MD* DigestFor(const EVP_PKEY* key) {
  return EVP_PKEY_get_id(key) == EVP_PKEY_ED25519 ? nullptr : EVP_sha256();
}

template <typename T>
std::string ToDer(const T* object, int (*encode)(const T*, unsigned char**)) {
  unsigned char* der = nullptr;
  const int length = encode(object, &der);
  std::string result(reinterpret_cast<const char*>(der), static_cast<size_t>(length));
  OPENSSL_free(der);
  return result;
}

void SetName(X509_NAME* name, const std::string& common_name) {
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, Bytes(common_name), -1, -1, 0);
}

// Signed by `issuer`, or by itself.
X509Ptr NewX509(const Request& request, EVP_PKEY* key, const Party* issuer) {
  X509Ptr x509(X509_new());
  X509_set_version(x509.get(), X509_VERSION_3);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(x509.get()), request.serial);
  ASN1_TIME_set(X509_getm_notBefore(x509.get()), kStart);
  ASN1_TIME_set(X509_getm_notAfter(x509.get()), kEnd);
  SetName(X509_get_subject_name(x509.get()), request.common_name);
  X509_set_issuer_name(x509.get(), X509_get_subject_name(issuer ? issuer->x509.get() : x509.get()));
  X509_set_pubkey(x509.get(), key);
  for (const auto& [nid, value] : request.extensions) {
    const OpensslPtr<X509_EXTENSION, X509_EXTENSION_free> extension(
        X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str()));
    X509_add_ext(x509.get(), extension.get(), -1);
  }
  EVP_PKEY* const signing_key = issuer ? issuer->key.get() : key;
  X509_sign(x509.get(), signing_key, DigestFor(signing_key));
  return x509;
}

Party NewParty(const Request& request, const Party* issuer = nullptr) {
  PkeyPtr key = NewKey(request.algorithm);
  X509Ptr x509 = NewX509(request, key.get(), issuer);
  Certificate certificate = Certificate::FromDer(ToDer(x509.get(), i2d_X509)).value();
  return {std::move(x509), std::move(key), std::move(certificate)};
}

Party NewCa(const std::string& name, const std::string& algorithm = "EC") {
  return NewParty({.common_name = name,
                   .algorithm = algorithm,
                   .extensions = {{NID_basic_constraints, "critical,CA:TRUE"},
                                  {NID_key_usage, "critical,keyCertSign,cRLSign"}}});
}

Party NewLeaf(const Party& ca, uint64_t serial) {
  return NewParty(
      {.common_name = "leaf",
       .serial = serial,
       .extensions = {{NID_subject_alt_name,
                       "URI:spiffe://chayan.example/taipei/da-an,DNS:localhost,IP:127.0.0.1,"
                       "URI:spiffe://chayan.example/second"}}},
      &ca);
}

std::string ToPem(const Certificate& certificate) {
  std::string body = Base64Encode(certificate.der());
  std::string pem = "-----BEGIN CERTIFICATE-----\n";
  for (size_t i = 0; i < body.size(); i += 64) pem += body.substr(i, 64) + "\n";
  return pem + "-----END CERTIFICATE-----\n";
}

X509CrlPtr NewX509Crl(const Party& ca, const std::vector<uint64_t>& serials) {
  X509CrlPtr crl(X509_CRL_new());
  X509_CRL_set_version(crl.get(), X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(ca.x509.get()));
  const OpensslPtr<ASN1_TIME, ASN1_STRING_free> start(ASN1_TIME_set(nullptr, kStart));
  const OpensslPtr<ASN1_TIME, ASN1_STRING_free> end(ASN1_TIME_set(nullptr, kEnd));
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
  return crl;
}

std::string CrlDer(const Party& ca, const std::vector<uint64_t>& serials) {
  const X509CrlPtr crl = NewX509Crl(ca, serials);
  X509_CRL_sign(crl.get(), ca.key.get(), DigestFor(ca.key.get()));
  return ToDer(crl.get(), i2d_X509_CRL);
}

TEST(CertificateTest, SaysWhatTheCertificateSays) {
  const Party ca = NewCa("Root 根");
  const Certificate leaf = NewLeaf(ca, 0x0123456789abcdef).certificate;
  EXPECT_EQ(leaf.serial(), "0123456789abcdef");
  EXPECT_THAT(leaf.uri_sans(), ElementsAre("spiffe://chayan.example/taipei/da-an",
                                           "spiffe://chayan.example/second"));
  EXPECT_THAT(leaf.dns_sans(), ElementsAre("localhost"));
  EXPECT_EQ(leaf.not_before(), absl::FromTimeT(kStart));
  EXPECT_EQ(leaf.not_after(), absl::FromTimeT(kEnd));
  EXPECT_EQ(leaf.issuer_der(), ca.certificate.subject_der());
  EXPECT_EQ(leaf.subject_text(), "CN=leaf");
  EXPECT_EQ(leaf.digest(), Sha256(leaf.der()));
  EXPECT_NE(leaf.spki_digest(), ca.certificate.spki_digest());
  EXPECT_FALSE(leaf.is_ca());
  EXPECT_TRUE(ca.certificate.is_ca());
  EXPECT_TRUE(leaf.IsValidAt(absl::FromTimeT(kStart)));
  EXPECT_FALSE(leaf.IsValidAt(absl::FromTimeT(kStart - 1)));
  EXPECT_FALSE(leaf.IsValidAt(absl::FromTimeT(kEnd + 1)));
}

TEST(CertificateTest, SpkiDigestIsThatOfTheKeyWhateverTheCertificate) {
  const Party ca = NewCa("Root");
  const Party first = NewLeaf(ca, 1);
  const X509Ptr renewed = NewX509({.common_name = "other", .serial = 2}, first.key.get(), &ca);
  const Certificate second = Certificate::FromDer(ToDer(renewed.get(), i2d_X509)).value();
  EXPECT_EQ(second.spki_digest(), first.certificate.spki_digest());
  EXPECT_NE(second.digest(), first.certificate.digest());
}

TEST(CertificateTest, ChecksTheIssuersSignatureForEachKindOfKey) {
  for (const char* algorithm : {"EC", "ED25519", "RSA"}) {
    const Party ca = NewCa("Root", algorithm);
    const Party twin = NewCa("Root", algorithm);  // Same name, other key.
    const Certificate leaf = NewLeaf(ca, 1).certificate;
    EXPECT_TRUE(leaf.IsIssuedBy(ca.certificate)) << algorithm;
    EXPECT_TRUE(ca.certificate.IsIssuedBy(ca.certificate)) << algorithm;
    EXPECT_FALSE(leaf.IsIssuedBy(twin.certificate)) << algorithm;
    EXPECT_FALSE(ca.certificate.IsIssuedBy(leaf)) << algorithm;
  }
}

TEST(CertificateTest, LeafIssuesNothing) {
  const Party ca = NewCa("Root");
  const Party leaf = NewLeaf(ca, 1);
  const Party below = NewParty({.common_name = "below", .serial = 5}, &leaf);
  EXPECT_FALSE(below.certificate.IsIssuedBy(leaf.certificate));
}

TEST(CertificateTest, ReadsAChainInOrderAndNothingElse) {
  const Party ca = NewCa("Root");
  const Certificate leaf = NewLeaf(ca, 1).certificate;
  const std::string pem = "some words\n" + ToPem(leaf) + "between\n" + ToPem(ca.certificate);
  const std::vector<Certificate> chain = Certificate::ChainFromPem(pem).value();
  ASSERT_EQ(chain.size(), 2u);
  EXPECT_EQ(chain[0].digest(), leaf.digest());
  EXPECT_EQ(chain[1].digest(), ca.certificate.digest());

  EXPECT_THAT(Certificate::ChainFromPem(""),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no certificate")));
  EXPECT_THAT(Certificate::ChainFromPem(ToPem(leaf) + "-----BEGIN CERTIFICATE-----\nMII=\n"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("certificate 2")));
  std::string many;
  for (size_t i = 0; i <= kChainCertificatesMax; ++i) many += ToPem(leaf);
  EXPECT_THAT(Certificate::ChainFromPem(many),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("more than")));
}

TEST(CertificateTest, RefusesTruncatedAndExtendedDer) {
  const std::string der = NewLeaf(NewCa("Root"), 1).certificate.der();
  for (size_t length = 0; length < der.size(); ++length) {
    EXPECT_FALSE(Certificate::FromDer(der.substr(0, length)).ok()) << length;
  }
  EXPECT_THAT(Certificate::FromDer(der + "x"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("bytes after")));
}

TEST(CertificateTest, AChangedByteNeverVerifies) {
  const Party ca = NewCa("Root");
  const std::string der = NewLeaf(ca, 1).certificate.der();
  int parsed = 0;
  for (size_t i = 0; i < der.size(); ++i) {
    std::string changed = der;
    changed[i] = static_cast<char>(changed[i] ^ 0x01);
    const absl::StatusOr<Certificate> certificate = Certificate::FromDer(changed);
    if (!certificate.ok()) continue;
    ++parsed;
    EXPECT_FALSE(certificate->IsIssuedBy(ca.certificate)) << i;
  }
  EXPECT_GT(parsed, 0);
}

TEST(CertificateTest, RefusesAZeroByteInAName) {
  const Party ca = NewCa("Root");
  const PkeyPtr key = NewKey("EC");
  X509Ptr x509 = NewX509({.common_name = "evil"}, key.get(), nullptr);
  GENERAL_NAMES* const names = sk_GENERAL_NAME_new_null();
  GENERAL_NAME* const name = GENERAL_NAME_new();
  ASN1_IA5STRING* const text = ASN1_IA5STRING_new();
  ASN1_STRING_set(text, "spiffe://a/good\0.evil", 21);
  GENERAL_NAME_set0_value(name, GEN_URI, text);
  sk_GENERAL_NAME_push(names, name);
  X509_add1_ext_i2d(x509.get(), NID_subject_alt_name, names, 0, 0);
  GENERAL_NAMES_free(names);
  X509_sign(x509.get(), ca.key.get(), EVP_sha256());
  EXPECT_THAT(Certificate::FromDer(ToDer(x509.get(), i2d_X509)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("zero byte")));
}

TEST(CrlTest, RevokesBySerialAndIssuer) {
  const Party ca = NewCa("Root");
  const Party other = NewCa("Other");
  const Crl crl = Crl::FromDer(CrlDer(ca, {7, 0x80ff})).value();
  EXPECT_THAT(crl.revoked_serials(), UnorderedElementsAre("07", "80ff"));
  EXPECT_EQ(crl.this_update(), absl::FromTimeT(kStart));
  EXPECT_EQ(crl.next_update(), absl::FromTimeT(kEnd));
  EXPECT_EQ(crl.issuer_der(), ca.certificate.subject_der());
  EXPECT_TRUE(crl.Revokes(NewLeaf(ca, 7).certificate));
  EXPECT_TRUE(crl.Revokes(NewLeaf(ca, 0x80ff).certificate));
  EXPECT_FALSE(crl.Revokes(NewLeaf(ca, 8).certificate));
  EXPECT_FALSE(crl.Revokes(NewLeaf(other, 7).certificate));
}

TEST(CrlTest, ChecksTheIssuersSignatureForEachKindOfKey) {
  for (const char* algorithm : {"EC", "ED25519", "RSA"}) {
    const Party ca = NewCa("Root", algorithm);
    const Crl crl = Crl::FromDer(CrlDer(ca, {1})).value();
    EXPECT_TRUE(crl.IsSignedBy(ca.certificate)) << algorithm;
    EXPECT_FALSE(crl.IsSignedBy(NewCa("Root", algorithm).certificate)) << algorithm;
    EXPECT_FALSE(crl.IsSignedBy(NewCa("Other", algorithm).certificate)) << algorithm;
  }
}

TEST(CrlTest, RefusesASignerThatMayNotSignLists) {
  Party ca = NewParty({.common_name = "Root",
                       .extensions = {{NID_basic_constraints, "critical,CA:TRUE"},
                                      {NID_key_usage, "critical,keyCertSign"}}});
  EXPECT_FALSE(Crl::FromDer(CrlDer(ca, {1}))->IsSignedBy(ca.certificate));
}

TEST(CrlTest, ReadsSeveralListsOfOneText) {
  const Party first = NewCa("First");
  const Party second = NewCa("Second");
  const auto pem = [](const std::string& der) {
    return "-----BEGIN X509 CRL-----\n" + Base64Encode(der) + "\n-----END X509 CRL-----\n";
  };
  const std::string text = pem(CrlDer(first, {1})) + pem(CrlDer(second, {}));
  const std::vector<Crl> lists = Crl::AllFromPem(text).value();
  ASSERT_EQ(lists.size(), 2u);
  EXPECT_TRUE(lists[0].IsSignedBy(first.certificate));
  EXPECT_TRUE(lists[1].IsSignedBy(second.certificate));
  EXPECT_THAT(lists[1].revoked_serials(), IsEmpty());
  EXPECT_THAT(Crl::AllFromPem("nothing"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no revocation list")));
  EXPECT_THAT(Crl::AllFromPem(text + "-----BEGIN X509 CRL-----\nMII=\n-----END X509 CRL-----\n"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("revocation list 3")));
}

TEST(CrlTest, RefusesDeltaAndIndirectLists) {
  const Party ca = NewCa("Root");
  X509CrlPtr delta = NewX509Crl(ca, {1});
  const OpensslPtr<ASN1_INTEGER, ASN1_INTEGER_free> base(ASN1_INTEGER_new());
  ASN1_INTEGER_set_uint64(base.get(), 1);
  X509_CRL_add1_ext_i2d(delta.get(), NID_delta_crl, base.get(), /*crit=*/1, 0);
  X509_CRL_sign(delta.get(), ca.key.get(), EVP_sha256());
  EXPECT_THAT(Crl::FromDer(ToDer(delta.get(), i2d_X509_CRL)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("delta")));

  X509CrlPtr indirect = NewX509Crl(ca, {1});
  const OpensslPtr<ISSUING_DIST_POINT, ISSUING_DIST_POINT_free> point(ISSUING_DIST_POINT_new());
  point->indirectCRL = 0xff;
  X509_CRL_add1_ext_i2d(indirect.get(), NID_issuing_distribution_point, point.get(), /*crit=*/1, 0);
  X509_CRL_sign(indirect.get(), ca.key.get(), EVP_sha256());
  EXPECT_THAT(Crl::FromDer(ToDer(indirect.get(), i2d_X509_CRL)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("other issuers")));
}

TEST(CrlTest, TruncatedAndChangedListsAreRefusedOrDoNotVerify) {
  const Party ca = NewCa("Root");
  const std::string der = CrlDer(ca, {1, 2, 3});
  for (size_t length = 0; length < der.size(); ++length) {
    EXPECT_FALSE(Crl::FromDer(der.substr(0, length)).ok()) << length;
  }
  for (size_t i = 0; i < der.size(); ++i) {
    std::string changed = der;
    changed[i] = static_cast<char>(changed[i] ^ 0x01);
    const absl::StatusOr<Crl> crl = Crl::FromDer(changed);
    EXPECT_FALSE(crl.ok() && crl->IsSignedBy(ca.certificate)) << i;
  }
}

}  // namespace
}  // namespace chayan::crypto
