// Goal: each step of a certificate's life leaves the files that the next step and the gateway's own
// reader expect, and a step that is refused leaves everything as it was. Method: a root made with
// the test, then the steps on a folder.
#include "gateway/cli/certs.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "gateway/base/check.h"
#include "gateway/base/clock.h"
#include "gateway/base/encoding.h"
#include "gateway/base/file.h"
#include "gateway/base/status_matchers.h"
#include "gateway/crypto/crl.h"
#include "gateway/crypto/signing_key.h"

namespace chayan::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kUri[] = "spiffe://chayan.example/hro-shanhua/counter";

class CertsTest : public ::testing::Test {
 protected:
  CertsTest() : directory_(::testing::TempDir() + "/certs_XXXXXX") {
    CHAYAN_CHECK(mkdtemp(directory_.data()) != nullptr);
    // A root by the same means as certs/dev-pki.
    const std::string command = absl::StrCat(
        "cd ", directory_,
        " && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key "
        "-out ca.pem -days 3650 -subj /CN=Root -addext basicConstraints=critical,CA:TRUE -addext "
        "keyUsage=critical,keyCertSign,cRLSign >/dev/null 2>&1");
    CHAYAN_CHECK(std::system(command.c_str()) == 0);
  }
  ~CertsTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  std::string Path(const std::string& name) const { return directory_ + "/" + name; }
  AuthorityFiles Authority() const { return {Path("ca.pem"), Path("ca.key")}; }
  static crypto::SubjectNames Names(const std::string& uri = kUri) {
    return {.common_name = "counter", .uris = {uri}, .dns_names = {}, .ip_addresses = {}};
  }
  absl::Status Issue(const std::string& name, absl::Duration lifetime) {
    absl::Status status = RequestCertificate(Path(name + ".key"), Path(name + ".csr"), Names());
    if (!status.ok()) return status;
    return Sign(name + ".csr", name + ".pem", lifetime);
  }
  absl::Status Sign(const std::string& request, const std::string& out, absl::Duration lifetime,
                    const std::string& expected_uri = "",
                    crypto::CertificateUse use = crypto::CertificateUse::kClient) {
    return SignRequest({.authority = Authority(),
                        .request = Path(request),
                        .out = Path(out),
                        .expected_uri = expected_uri,
                        .use = use,
                        .lifetime = lifetime},
                       now_, random_)
        .status();
  }
  crypto::Certificate Leaf(const std::string& name) {
    return crypto::Certificate::ChainFromPem(*ReadFile(Path(name)))->front();
  }

  std::string directory_;
  SystemRandom random_;
  absl::Time now_ = SystemClock().Now();
};

TEST_F(CertsTest, KeysArePrivateAndNeverOverwritten) {
  ASSERT_OK(RequestCertificate(Path("a.key"), Path("a.csr"), Names()));
  struct stat mode {};
  ASSERT_EQ(stat(Path("a.key").c_str(), &mode), 0);
  EXPECT_EQ(mode.st_mode & 0777, 0600u);
  const std::string key = *ReadFile(Path("a.key"));
  EXPECT_THAT(RequestCertificate(Path("a.key"), Path("a.csr"), Names()),
              StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("chayan certs renew")));
  EXPECT_EQ(*ReadFile(Path("a.key")), key);
}

TEST_F(CertsTest, AnAnswerKeyIsPrivateAndItsPublicHalfIsTheRegistrys) {
  const auto public_key = MakeAnswerKey(Path("answer.key"), random_);
  ASSERT_OK(public_key);
  struct stat mode {};
  ASSERT_EQ(stat(Path("answer.key").c_str(), &mode), 0);
  EXPECT_EQ(mode.st_mode & 0777, 0600u);
  const auto key = crypto::Ed25519Key::FromPemFile(Path("answer.key"));
  ASSERT_OK(key);
  EXPECT_EQ(*public_key, Base64Encode(crypto::SpkiFromPublicKey(key->public_key())));
  EXPECT_THAT(MakeAnswerKey(Path("answer.key"), random_),
              StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("name another file")));
}

TEST_F(CertsTest, SignsOnlyTheUriThatWasExpected) {
  ASSERT_OK(RequestCertificate(Path("a.key"), Path("a.csr"), Names()));
  EXPECT_THAT(Sign("a.csr", "a.pem", absl::Hours(24), "spiffe://chayan.example/nia/adapter-1"),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("nothing was signed")));
  EXPECT_FALSE(std::filesystem::exists(Path("a.pem")));
  ASSERT_OK(Sign("a.csr", "a.pem", absl::Hours(24), kUri));
  EXPECT_TRUE(Leaf("a.pem").IsValidAt(now_));
  EXPECT_TRUE(Leaf("a.pem").IsIssuedBy(Leaf("ca.pem")));
}

TEST_F(CertsTest, RenewsKeyAndCertificateTogether) {
  ASSERT_OK(Issue("a", absl::Hours(24)));
  const std::string old_key = *ReadFile(Path("a.key"));
  ASSERT_OK(BeginRenewal(Path("a.pem"), Path("a.key"), Path("next.csr")));
  EXPECT_EQ(*ReadFile(Path("a.key")), old_key);                             // in use until the end
  ASSERT_OK(BeginRenewal(Path("a.pem"), Path("a.key"), Path("next.csr")));  // safe to repeat
  ASSERT_OK(Sign("next.csr", "next.pem", absl::Hours(48)));
  ASSERT_OK(FinishRenewal(Path("a.pem"), Path("a.key"), Path("next.pem"), now_));
  EXPECT_NE(*ReadFile(Path("a.key")), old_key);
  EXPECT_TRUE(crypto::KeyBelongsTo(*ReadFile(Path("a.key")), Leaf("a.pem")));
  EXPECT_THAT(Leaf("a.pem").uri_sans(), ::testing::ElementsAre(kUri));
  EXPECT_FALSE(std::filesystem::exists(Path("a.key.next")));
}

TEST_F(CertsTest, RenewalRefusesWhatDoesNotBelongAndChangesNothing) {
  ASSERT_OK(Issue("a", absl::Hours(24)));
  ASSERT_OK(Issue("b", absl::Hours(24)));
  ASSERT_OK(BeginRenewal(Path("a.pem"), Path("a.key"), Path("next.csr")));
  const std::string key = *ReadFile(Path("a.key"));
  EXPECT_THAT(FinishRenewal(Path("a.pem"), Path("a.key"), Path("b.pem"), now_),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("was not made for")));
  // The right key for another system.
  ASSERT_OK(WriteFile(Path("other.csr"), *crypto::MakeCertificateRequest(
                                             *ReadFile(Path("a.key.next")),
                                             Names("spiffe://chayan.example/nia/adapter-1"))));
  ASSERT_OK(Sign("other.csr", "other.pem", absl::Hours(24)));
  EXPECT_THAT(FinishRenewal(Path("a.pem"), Path("a.key"), Path("other.pem"), now_),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("another system")));
  ASSERT_OK(Sign("next.csr", "next.pem", absl::Hours(24)));
  EXPECT_THAT(FinishRenewal(Path("a.pem"), Path("a.key"), Path("next.pem"), now_ + absl::Hours(25)),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("not valid now")));
  EXPECT_EQ(*ReadFile(Path("a.key")), key);
}

TEST_F(CertsTest, RenewalKeepsTheUse) {
  ASSERT_OK(RequestCertificate(Path("gw.key"), Path("gw.csr"), Names()));
  ASSERT_OK(Sign("gw.csr", "gw.pem", absl::Hours(24), "", crypto::CertificateUse::kServer));
  EXPECT_EQ(*ReadUse(Path("gw.pem")), crypto::CertificateUse::kServer);
  ASSERT_OK(BeginRenewal(Path("gw.pem"), Path("gw.key"), Path("next.csr")));
  const std::string key = *ReadFile(Path("gw.key"));
  ASSERT_OK(Sign("next.csr", "client.pem", absl::Hours(48)));
  EXPECT_THAT(FinishRenewal(Path("gw.pem"), Path("gw.key"), Path("client.pem"), now_),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("may not serve")));
  EXPECT_EQ(*ReadFile(Path("gw.key")), key);
  ASSERT_OK(Sign("next.csr", "server.pem", absl::Hours(48), "", crypto::CertificateUse::kServer));
  ASSERT_OK(FinishRenewal(Path("gw.pem"), Path("gw.key"), Path("server.pem"), now_));
  EXPECT_EQ(*ReadUse(Path("gw.pem")), crypto::CertificateUse::kServer);
}

// What a run leaves behind that ends after each of its three steps.
TEST_F(CertsTest, RenewalGoesOnWhereItWasCutShort) {
  for (const int steps_done : {1, 2, 3}) {
    const std::string name = absl::StrCat("a", steps_done);
    const std::string pem = Path(name + ".pem");
    const std::string key = Path(name + ".key");
    ASSERT_OK(Issue(name, absl::Hours(24)));
    ASSERT_OK(BeginRenewal(pem, key, Path("next.csr")));
    ASSERT_OK(Sign("next.csr", "next.pem", absl::Hours(48)));
    ASSERT_OK(WriteFile(pem + ".ready", *ReadFile(Path("next.pem"))));
    if (steps_done > 1) std::filesystem::rename(key + ".next", key);
    if (steps_done > 2) std::filesystem::rename(pem + ".ready", pem);
    ASSERT_OK(FinishRenewal(pem, key, Path("next.pem"), now_)) << steps_done;
    EXPECT_EQ(*ReadFile(pem), *ReadFile(Path("next.pem"))) << steps_done;
    EXPECT_TRUE(crypto::KeyBelongsTo(*ReadFile(key), Leaf(name + ".pem"))) << steps_done;
    EXPECT_FALSE(std::filesystem::exists(key + ".next"));
    EXPECT_FALSE(std::filesystem::exists(pem + ".ready"));
  }
}

TEST_F(CertsTest, RevocationAddsToTheListAndKeepsWhatWasThere) {
  ASSERT_OK(Issue("a", absl::Hours(24)));
  ASSERT_OK(Issue("b", absl::Hours(24)));
  const auto revoke = [&](std::vector<std::string> certificates, std::vector<std::string> serials) {
    return Revoke({.authority = Authority(),
                   .crl = Path("ca.crl"),
                   .certificates = std::move(certificates),
                   .serials = std::move(serials),
                   .lifetime = absl::Hours(24)},
                  now_);
  };
  EXPECT_EQ(*revoke({Path("a.pem")}, {}), 1u);
  EXPECT_EQ(*revoke({}, {"0A"}), 2u);
  EXPECT_EQ(*revoke({}, {}), 2u);  // only made anew
  const crypto::Crl list = crypto::Crl::AllFromPem(*ReadFile(Path("ca.crl")))->front();
  EXPECT_TRUE(list.IsSignedBy(Leaf("ca.pem")));
  EXPECT_TRUE(list.Revokes(Leaf("a.pem")));
  EXPECT_FALSE(list.Revokes(Leaf("b.pem")));
  EXPECT_THAT(revoke({Path("ca.pem")}, {"zz"}).status(), ::testing::Not(IsOk()));
}

TEST_F(CertsTest, FindsWhatIsDueSoonestFirst) {
  ASSERT_OK(Issue("late", absl::Hours(24 * 20)));
  ASSERT_OK(Issue("soon", absl::Hours(24 * 5)));
  ASSERT_OK(Revoke({.authority = Authority(),
                    .crl = Path("ca.crl"),
                    .certificates = {},
                    .serials = {},
                    .lifetime = absl::Hours(24 * 10)},
                   now_));
  const auto due = FindDue(directory_, now_ + absl::Hours(24 * 30));
  ASSERT_OK(due);
  ASSERT_THAT(*due, SizeIs(3));
  EXPECT_EQ((*due)[0].path, "soon.pem");
  EXPECT_EQ((*due)[0].what, kUri);
  EXPECT_TRUE((*due)[1].is_list);
  EXPECT_EQ((*due)[2].path, "late.pem");
  EXPECT_THAT(*FindDue(directory_, now_ + absl::Hours(24)), IsEmpty());
}

}  // namespace
}  // namespace chayan::cli
