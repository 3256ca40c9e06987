// Goal: an agency is told what is wrong with its certificate and keys before any gateway is asked.
// Method: a PKI of this run.
#include "adapters/program/identity.h"

#include "absl/strings/str_cat.h"
#include "adapters/connector/testing_folder.h"
#include "gateway/crypto/test_pki.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace chayan::adapter {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// An Ed25519 key that RFC 8410 prints.
constexpr char kAnswerKey[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
    "-----END PRIVATE KEY-----\n";
constexpr char kName[] = "spiffe://chayan.example/land-ad/adapter-1";

class IdentityTest : public ::testing::Test {
 protected:
  IdentityTest() {
    config_.set_member("land-ad");
    config_.set_system("adapter-1");
    config_.set_trust_domain("chayan.example");
    config_.set_certificate_file(folder_.File("tls.pem"));
    config_.set_key_file(folder_.File("tls.key"));
    config_.set_roots_file(folder_.File("roots.pem"));
    config_.set_answer_key_file(folder_.File("answer.key"));
    folder_.Write("roots.pem", root_.certificate_pem);
    folder_.Write("answer.key", kAnswerKey);
    Use(crypto::NewTestParty({.uris = {kName}}, &root_));
  }
  void Use(const crypto::TestParty& own) {
    folder_.Write("tls.pem", own.chain_pem);
    folder_.Write("tls.key", own.key_pem);
  }
  IdentityReport Check() { return CheckIdentity(config_, absl::Now()); }

  connector::TestingFolder folder_;
  v1::AdapterConfig config_;
  crypto::TestParty root_ = crypto::NewTestAuthority("root");
};

TEST_F(IdentityTest, WhatFitsIsNoFault) {
  EXPECT_THAT(Check().faults, IsEmpty());
  EXPECT_THAT(Check().missing, IsEmpty());
  // The registry binds it by its key.
  Use(crypto::NewTestParty({}, &root_));
  EXPECT_THAT(Check().faults, IsEmpty());
}

TEST_F(IdentityTest, AFileThatIsNotThereIsMissingAndNoFault) {
  config_.set_certificate_file(folder_.File("none.pem"));
  config_.set_answer_key_file(folder_.File("none.key"));
  EXPECT_THAT(Check().missing,
              ElementsAre(StartsWith("certificate_file: "), StartsWith("answer_key_file: ")));
  EXPECT_THAT(Check().faults, IsEmpty());
}

TEST_F(IdentityTest, SaysEveryFaultAtOnce) {
  Use(crypto::NewTestParty({.uris = {"spiffe://chayan.example/land-qd/adapter-1"},
                            .not_before = absl::Now() - absl::Hours(9),
                            .not_after = absl::Now() - absl::Hours(8)},
                           &root_));
  folder_.Write("tls.key", root_.key_pem);
  folder_.Write("roots.pem", "no certificate");
  folder_.Write("answer.key", root_.key_pem);
  EXPECT_THAT(
      Check().faults,
      ElementsAre(HasSubstr("renew it"), HasSubstr(absl::StrCat("not for ", kName)),
                  HasSubstr("tls.key: is not the certificate's"), StartsWith("roots_file: "),
                  HasSubstr("answer.key: private key is not Ed25519")));
}

// One root replaces another: both are handed over for a while, whichever stands first.
TEST_F(IdentityTest, OneRootThatHoldsIsEnough) {
  const crypto::TestParty old = crypto::NewTestParty({.common_name = "old root",
                                                      .is_ca = true,
                                                      .not_before = absl::Now() - absl::Hours(9),
                                                      .not_after = absl::Now() - absl::Hours(8)});
  for (const std::string& roots :
       {old.certificate_pem + root_.certificate_pem, root_.certificate_pem + old.certificate_pem}) {
    folder_.Write("roots.pem", roots);
    EXPECT_THAT(Check().faults, IsEmpty());
  }
  folder_.Write("roots.pem", old.certificate_pem + old.certificate_pem);
  EXPECT_THAT(Check().faults,
              ElementsAre(AllOf(StartsWith("roots_file: "), HasSubstr("present roots"))));
}

TEST_F(IdentityTest, AKeyThatIsNoneIsNamed) {
  folder_.Write("tls.key", "no key");
  EXPECT_THAT(Check().faults, ElementsAre(StartsWith("key_file: ")));
}

}  // namespace
}  // namespace chayan::adapter
