// Goal: a request carries key and names and nothing it could smuggle; what the authority signs is
// read back by the gateway's own reader as it was meant; a revocation list only ever grows. Method:
// a self-made root, then every step through the public functions.
#include "gateway/crypto/certificate_authority.h"

#include <gtest/gtest.h>
#include <openssl/x509v3.h>

#include "gateway/base/status_matchers.h"
#include "gateway/crypto/crl.h"
#include "gateway/crypto/openssl.h"

namespace chayan::crypto {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

constexpr absl::string_view kUri = "spiffe://chayan.example/hro-shanhua/counter";

absl::Time Start() { return absl::FromUnixSeconds(1767225600); }

struct Root {
  std::string pem;
  std::string key_pem;
};

Root MakeRoot(const char* name = "Root") {
  Root root{.pem = "", .key_pem = *GenerateTlsKeyPem()};
  const BioPtr key_bio = *ReadOnlyBio(root.key_pem);
  const PkeyPtr key(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, nullptr));
  const X509Ptr x509(X509_new());
  X509_set_version(x509.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(x509.get()), 1);
  X509_NAME* subject = X509_get_subject_name(x509.get());
  X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8, Bytes(name), -1, -1, 0);
  X509_set_issuer_name(x509.get(), subject);
  ASN1_TIME_set(X509_getm_notBefore(x509.get()), absl::ToTimeT(Start()));
  ASN1_TIME_set(X509_getm_notAfter(x509.get()), absl::ToTimeT(Start() + absl::Hours(240)));
  X509_set_pubkey(x509.get(), key.get());
  X509V3_CTX context;
  X509V3_set_ctx(&context, x509.get(), x509.get(), nullptr, nullptr, 0);
  for (const auto& [nid, value] :
       {std::pair<int, const char*>{NID_basic_constraints, "critical,CA:TRUE"},
        {NID_key_usage, "critical,keyCertSign,cRLSign"},
        {NID_subject_key_identifier, "hash"}}) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
    X509_add_ext(x509.get(), extension, -1);
    X509_EXTENSION_free(extension);
  }
  X509_sign(x509.get(), key.get(), EVP_sha256());
  const BioPtr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), x509.get());
  const char* text = nullptr;
  const auto length = BIO_get_mem_data(bio.get(), &text);
  root.pem.assign(text, static_cast<size_t>(length));
  return root;
}

CertificateAuthority::Terms OneDay(CertificateUse use = CertificateUse::kClient) {
  return {.use = use, .not_before = Start(), .not_after = Start() + absl::Hours(24)};
}

class CertificateAuthorityTest : public ::testing::Test {
 protected:
  std::string Request(SubjectNames names = {.common_name = "counter",
                                            .uris = {std::string(kUri)},
                                            .dns_names = {},
                                            .ip_addresses = {}}) {
    return *MakeCertificateRequest(key_pem_, names);
  }

  SeededRandom random_{7};
  Root root_ = MakeRoot();
  CertificateAuthority authority_ = *CertificateAuthority::Create(root_.pem, root_.key_pem);
  std::string key_pem_ = *GenerateTlsKeyPem();
};

TEST_F(CertificateAuthorityTest, SignsWhatTheGatewaysReaderAccepts) {
  const auto pem = authority_.Sign(Request(), OneDay(), random_);
  ASSERT_OK(pem);
  const auto chain = Certificate::ChainFromPem(*pem);
  ASSERT_OK(chain);
  ASSERT_THAT(*chain, SizeIs(1));  // the root is not sent
  const Certificate& leaf = chain->front();
  EXPECT_TRUE(leaf.IsIssuedBy(authority_.certificate()));
  EXPECT_FALSE(leaf.is_ca());
  EXPECT_THAT(leaf.uri_sans(), ElementsAre(std::string(kUri)));
  EXPECT_EQ(leaf.not_before(), Start());
  EXPECT_EQ(leaf.not_after(), Start() + absl::Hours(24));
  EXPECT_THAT(leaf.serial(), SizeIs(32));
  EXPECT_TRUE(KeyBelongsTo(key_pem_, leaf));
  EXPECT_FALSE(KeyBelongsTo(root_.key_pem, leaf));
}

TEST_F(CertificateAuthorityTest, GivesServersAndClientsDifferentUses) {
  for (const auto& [use, purpose] : {std::pair{CertificateUse::kClient, X509_PURPOSE_SSL_CLIENT},
                                     std::pair{CertificateUse::kServer, X509_PURPOSE_SSL_SERVER}}) {
    const std::string pem = *authority_.Sign(Request(), OneDay(use), random_);
    const BioPtr bio = *ReadOnlyBio(pem);
    const X509Ptr x509(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    const int other =
        purpose == X509_PURPOSE_SSL_CLIENT ? X509_PURPOSE_SSL_SERVER : X509_PURPOSE_SSL_CLIENT;
    EXPECT_EQ(X509_check_purpose(x509.get(), purpose, 0), 1);
    EXPECT_EQ(X509_check_purpose(x509.get(), other, 0), 0);
    EXPECT_EQ(*UseOf(Certificate::ChainFromPem(pem)->front()), use);
  }
  EXPECT_THAT(UseOf(authority_.certificate()),
              StatusIs(absl::StatusCode::kFailedPrecondition, ::testing::_));
}

TEST_F(CertificateAuthorityTest, CarriesEveryNameThroughRequestAndCertificate) {
  const SubjectNames names{.common_name = "gw-1",
                           .uris = {"spiffe://chayan.example/gateway/gw-1"},
                           .dns_names = {"localhost"},
                           .ip_addresses = {"127.0.0.1", "::1"}};
  const std::string pem =
      *authority_.Sign(Request(names), OneDay(CertificateUse::kServer), random_);
  const auto read = NamesOf(Certificate::ChainFromPem(pem)->front());
  ASSERT_OK(read);
  EXPECT_EQ(read->common_name, "gw-1");
  EXPECT_EQ(read->uris, names.uris);
  EXPECT_EQ(read->dns_names, names.dns_names);
  EXPECT_EQ(read->ip_addresses, names.ip_addresses);
}

TEST_F(CertificateAuthorityTest, RefusesNamesThatAreNone) {
  const std::string uri(kUri);
  const std::vector<SubjectNames> bad = {
      {"", {""}, {}, {}},
      {"", {uri + " "}, {}, {}},
      {"", {"spiffe://例/x"}, {}, {}},
      {"", {uri}, {"host\n"}, {}},
      {"", {uri}, {}, {"127.0.0"}},
      {std::string(65, 'x'), {uri}, {}, {}},
  };
  for (const SubjectNames& names : bad) {
    EXPECT_THAT(MakeCertificateRequest(key_pem_, names),
                StatusIs(absl::StatusCode::kInvalidArgument, ::testing::_));
  }
}

TEST_F(CertificateAuthorityTest, SignsOnlyRequestsWithExactlyOneUri) {
  for (const auto& uris : {std::vector<std::string>{}, {"spiffe://a/b/c", "spiffe://a/b/d"}}) {
    const SubjectNames names{"x", uris, {"localhost"}, {}};
    EXPECT_THAT(authority_.Sign(Request(names), OneDay(), random_),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("exactly one")));
  }
}

TEST_F(CertificateAuthorityTest, RefusesARequestThatWasChanged) {
  const std::string request = Request();
  const size_t body = request.find('\n') + 1;
  const std::string der = *Base64Decode([&] {
    std::string text;
    for (const char c : request.substr(body, request.find("-----END") - body)) {
      if (c != '\n') text += c;
    }
    return text;
  }());
  const size_t at = der.find("counter");
  ASSERT_NE(at, std::string::npos);
  std::string changed = der;
  changed[at] = 'C';
  const std::string pem =
      absl::StrCat("-----BEGIN CERTIFICATE REQUEST-----\n", Base64Encode(changed),
                   "\n-----END CERTIFICATE REQUEST-----\n");
  EXPECT_THAT(authority_.Sign(pem, OneDay(), random_),
              StatusIs(absl::StatusCode::kInvalidArgument, ::testing::_));
}

TEST_F(CertificateAuthorityTest, DoesNotOutliveItself) {
  CertificateAuthority::Terms terms = OneDay();
  terms.not_after = authority_.certificate().not_after() + absl::Seconds(1);
  EXPECT_THAT(authority_.Sign(Request(), terms, random_),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("outlive")));
}

TEST_F(CertificateAuthorityTest, IsMadeOnlyOfAnAuthorityAndItsOwnKey) {
  EXPECT_THAT(CertificateAuthority::Create(root_.pem, key_pem_),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("not that of")));
  const std::string leaf = *authority_.Sign(Request(), OneDay(), random_);
  EXPECT_THAT(CertificateAuthority::Create(leaf, key_pem_),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no authority")));
}

TEST_F(CertificateAuthorityTest, RevocationListsOnlyGrow) {
  const CertificateAuthority::CrlTerms terms{Start(), Start() + absl::Hours(24)};
  const std::string first = *authority_.IssueCrl("", {"0a"}, terms);
  const auto second = authority_.IssueCrl(first, {"0b", "0a"}, terms);
  ASSERT_OK(second);
  const auto crls = Crl::AllFromPem(*second);
  ASSERT_OK(crls);
  EXPECT_TRUE(crls->front().IsSignedBy(authority_.certificate()));
  EXPECT_THAT(crls->front().revoked_serials(), UnorderedElementsAre("0a", "0b"));
  EXPECT_EQ(crls->front().next_update(), Start() + absl::Hours(24));
  EXPECT_THAT(Crl::AllFromPem(*authority_.IssueCrl("", {}, terms))->front().revoked_serials(),
              IsEmpty());
}

TEST_F(CertificateAuthorityTest, RefusesToContinueAnothersList) {
  const Root other = MakeRoot();
  const CertificateAuthority::CrlTerms terms{Start(), Start() + absl::Hours(24)};
  const std::string foreign =
      *CertificateAuthority::Create(other.pem, other.key_pem)->IssueCrl("", {}, terms);
  EXPECT_THAT(authority_.IssueCrl(foreign, {}, terms),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("this authority")));
}

}  // namespace
}  // namespace chayan::crypto
