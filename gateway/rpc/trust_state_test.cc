// Goal: the lists in force are the newest that an authority signed, and nothing makes a revoked
// certificate good again but such a list. Method: files in a folder, changed between readings; no
// sockets.
#include "gateway/rpc/trust_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/file.h"
#include "gateway/base/status_matchers.h"
#include "gateway/crypto/test_pki.h"

namespace chayan::rpc {
namespace {

using ::testing::_;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Finding = TrustLists::Finding;

class TrustStateTest : public ::testing::Test {
 protected:
  TrustStateTest() {
    std::string name = std::filesystem::temp_directory_path() / "chayan_trust_test_XXXXXX";
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
    std::filesystem::create_directory(directory_ / "crl");
    Write("deny.textproto", "");
    Write("crl/root.pem", crypto::NewTestCrl(root_, {}));
    Write("crl/members.pem", crypto::NewTestCrl(authority_, {}));
    snapshot_ = NewSnapshot("members");
    state_ = std::make_unique<TrustState>(
        TrustState::Files{.crl_directory = directory_ / "crl",
                          .denylist_file = directory_ / "deny.textproto"},
        clock_);
  }
  ~TrustStateTest() override { std::filesystem::remove_all(directory_); }

  std::shared_ptr<const registry::Snapshot> NewSnapshot(const std::string& issuer) {
    std::vector<std::string> faults;
    return registry::Snapshot::Create(
               {{"all.textproto",
                 absl::StrCat("deployment { trust_domain: \"test.example\" } issuers { id: \"",
                              issuer, "\" certificate_pem: \"",
                              absl::CEscape(authority_.certificate_pem), "\" }")}},
               &faults)
        .value();
  }
  void Write(const std::string& name, const std::string& content) {
    EXPECT_TRUE(WriteFile(directory_ / name, content).ok());
  }
  absl::Status Refresh() { return state_->Refresh({root_.certificate()}, snapshot_); }
  Finding Check(const crypto::TestParty& party) {
    EXPECT_TRUE(Refresh().ok());
    return state_->Current()->Check(
        {party.certificate(), authority_.certificate(), root_.certificate()}, kUri);
  }
  crypto::TestParty NewLeaf(uint64_t serial) {
    return crypto::NewTestParty({.uris = {kUri}, .serial = serial}, &authority_);
  }

  static constexpr char kUri[] = "spiffe://test.example/a/b";
  std::filesystem::path directory_;
  crypto::TestParty root_ = crypto::NewTestAuthority("Root");
  crypto::TestParty authority_ = crypto::NewTestAuthority("Members", &root_, 2);
  crypto::TestParty leaf_ = NewLeaf(100);
  SimulatedClock clock_{absl::Now()};
  std::shared_ptr<const registry::Snapshot> snapshot_;
  std::unique_ptr<TrustState> state_;
};

TEST_F(TrustStateTest, RevokesByIssuerAndSerial) {
  EXPECT_EQ(Check(leaf_), Finding::kGood);
  Write("crl/members.pem", crypto::NewTestCrl(authority_, {100, 300}));
  EXPECT_EQ(Check(leaf_), Finding::kRevoked);
  EXPECT_EQ(Check(NewLeaf(101)), Finding::kGood);
  EXPECT_THAT(state_->Alarms(), IsEmpty());
}

TEST_F(TrustStateTest, NothingChangedMeansTheSameLists) {
  ASSERT_TRUE(Refresh().ok());
  const auto before = state_->Current();
  ASSERT_TRUE(Refresh().ok());
  EXPECT_EQ(state_->Current(), before);
}

TEST_F(TrustStateTest, RevokesAnAuthorityWithAllItCertified) {
  Write("crl/root.pem", crypto::NewTestCrl(root_, {2}));
  EXPECT_EQ(Check(leaf_), Finding::kRevoked);
}

TEST_F(TrustStateTest, AnIssuerWithoutAListIsUnknown) {
  std::filesystem::remove(directory_ / "crl/members.pem");
  EXPECT_EQ(Check(leaf_), Finding::kUnknown);
  EXPECT_THAT(state_->Alarms(), IsEmpty());
}

TEST_F(TrustStateTest, AListSignedByATwinCountsForNothing) {
  const crypto::TestParty twin = crypto::NewTestAuthority("Members");
  std::filesystem::remove(directory_ / "crl/members.pem");
  Write("crl/twin.pem", crypto::NewTestCrl(twin, {}));
  EXPECT_EQ(Check(leaf_), Finding::kUnknown);
  EXPECT_THAT(state_->Alarms(), ElementsAre("crl.unsigned"));
}

TEST_F(TrustStateTest, AnOlderOrVanishedOrMalformedListUndoesNothing) {
  Write("crl/members.pem", crypto::NewTestCrl(authority_, {100}));
  EXPECT_EQ(Check(leaf_), Finding::kRevoked);
  Write("crl/members.pem",
        crypto::NewTestCrl(authority_, {}, {.this_update = absl::Now() - absl::Hours(2)}));
  EXPECT_EQ(Check(leaf_), Finding::kRevoked);
  EXPECT_THAT(state_->Alarms(), ElementsAre("crl.older"));
  Write("crl/members.pem", "-----BEGIN X509 CRL-----\nMII=\n-----END X509 CRL-----\n");
  EXPECT_EQ(Check(leaf_), Finding::kRevoked);
  EXPECT_THAT(state_->Alarms(), ElementsAre("crl.malformed", "crl.missing"));
  std::filesystem::remove(directory_ / "crl/members.pem");
  EXPECT_EQ(Check(leaf_), Finding::kRevoked);
  EXPECT_THAT(state_->Alarms(), ElementsAre("crl.missing"));
  // Only a newer list of the same authority takes it back.
  Write("crl/members.pem",
        crypto::NewTestCrl(authority_, {}, {.this_update = absl::Now() + absl::Seconds(1)}));
  EXPECT_EQ(Check(leaf_), Finding::kGood);
  EXPECT_THAT(state_->Alarms(), IsEmpty());
}

TEST_F(TrustStateTest, AnExpiredListRevokesOn) {
  Write("crl/members.pem",
        crypto::NewTestCrl(authority_, {100}, {.next_update = absl::Now() + absl::Hours(1)}));
  EXPECT_EQ(Check(leaf_), Finding::kRevoked);
  clock_.Advance(absl::Hours(2));
  EXPECT_EQ(Check(leaf_), Finding::kRevoked);
  EXPECT_EQ(Check(NewLeaf(5)), Finding::kGood);
  EXPECT_THAT(state_->Alarms(), ElementsAre("crl.expired"));
}

TEST_F(TrustStateTest, DeniesByKeyUriAndSerial) {
  const std::string key = leaf_.certificate().spki_digest().ToHex();
  for (const std::string& target :
       {absl::StrCat("spki_sha256: \"", key, "\""), absl::StrCat("uri: \"", kUri, "\""),
        std::string("issuer_serial { issuer: \"members\" serial: \"64\" }")}) {
    Write("deny.textproto", absl::StrCat("certificates { ", target, " reason: \"lost\" }"));
    EXPECT_EQ(Check(leaf_), Finding::kRevoked) << target;
  }
  const std::string other_key = NewLeaf(101).certificate().spki_digest().ToHex();
  for (const std::string& target :
       {absl::StrCat("spki_sha256: \"", other_key, "\""),
        std::string("uri: \"spiffe://test.example/a/c\""),
        std::string("issuer_serial { issuer: \"members\" serial: \"65\" }")}) {
    Write("deny.textproto", absl::StrCat("certificates { ", target, " }"));
    EXPECT_EQ(Check(leaf_), Finding::kGood) << target;
    EXPECT_THAT(state_->Alarms(), IsEmpty()) << target;
  }
}

// A certificate's serial is whole bytes, a list's has no leading zeros.
TEST_F(TrustStateTest, DeniesASerialWhateverItsLeadingZeros) {
  const crypto::TestParty leaf = NewLeaf(0x0a3f);
  ASSERT_EQ(leaf.certificate().serial(), "0a3f");
  for (const char* serial : {"a3f", "0a3f", "000a3f"}) {
    Write("deny.textproto", absl::StrCat("certificates { issuer_serial { issuer: \"members\" "
                                         "serial: \"",
                                         serial, "\" } }"));
    EXPECT_EQ(Check(leaf), Finding::kRevoked) << serial;
    EXPECT_EQ(Check(leaf_), Finding::kGood) << serial;
  }
}

TEST_F(TrustStateTest, AnEntryThatCanMatchNobodySpoilsTheList) {
  const std::string key = leaf_.certificate().spki_digest().ToHex();
  for (const std::string& bad :
       {std::string("issuer_serial { issuer: \"members\" serial: \"A3F\" }"),
        std::string("issuer_serial { issuer: \"members\" serial: \"0\" }"),
        std::string("issuer_serial { issuer: \"members\" serial: \"a3:f0\" }"),
        std::string("issuer_serial { issuer: \"others\" serial: \"64\" }"),
        std::string("spki_sha256: \"00\""),
        absl::StrCat("spki_sha256: \"", absl::AsciiStrToUpper(key), "\""),
        std::string("uri: \"test.example/a/b\""), std::string("uri: \"spiffe://test.exmaple/a/b\""),
        std::string("reason: \"whom?\"")}) {
    Write("deny.textproto", absl::StrCat("certificates { spki_sha256: \"", key, "\" }"));
    EXPECT_EQ(Check(leaf_), Finding::kRevoked) << bad;
    EXPECT_THAT(state_->Alarms(), IsEmpty()) << bad;
    ::testing::internal::CaptureStderr();
    Write("deny.textproto", absl::StrCat("certificates { uri: \"spiffe://test.example/a/c\" } "
                                         "certificates { ",
                                         bad, " }"));
    EXPECT_EQ(Check(leaf_), Finding::kRevoked) << bad;
    const std::string told = ::testing::internal::GetCapturedStderr();
    EXPECT_THAT(told, HasSubstr("certificates[1]")) << bad;
    EXPECT_THAT(told, HasSubstr("write ")) << bad;
    EXPECT_THAT(state_->Alarms(), ElementsAre("denylist.unreadable")) << bad;
    EXPECT_EQ(Check(NewLeaf(101)), Finding::kGood) << bad;
  }
}

TEST_F(TrustStateTest, ARegistryThatRenamesAnIssuerTakesNobodyOffTheDenyList) {
  Write("deny.textproto", "certificates { issuer_serial { issuer: \"members\" serial: \"64\" } }");
  EXPECT_EQ(Check(leaf_), Finding::kRevoked);
  const auto before = snapshot_;
  snapshot_ = NewSnapshot("renamed");
  EXPECT_EQ(Check(leaf_), Finding::kRevoked);
  EXPECT_THAT(state_->Alarms(), ElementsAre("denylist.unreadable"));
  snapshot_ = before;
  EXPECT_EQ(Check(leaf_), Finding::kRevoked);
  EXPECT_THAT(state_->Alarms(), IsEmpty());
}

TEST_F(TrustStateTest, AnUnreadableDenyListKeepsTheLast) {
  Write("deny.textproto", absl::StrCat("certificates { uri: \"", kUri, "\" }"));
  EXPECT_EQ(Check(leaf_), Finding::kRevoked);
  // An entry that denies nothing is a mistake, not an empty list.
  for (const char* bad : {"certificates { reason: \"whom?\" }", "not a list"}) {
    Write("deny.textproto", bad);
    EXPECT_EQ(Check(leaf_), Finding::kRevoked);
    EXPECT_THAT(state_->Alarms(), ElementsAre("denylist.unreadable"));
  }
  std::filesystem::remove(directory_ / "deny.textproto");
  EXPECT_EQ(Check(leaf_), Finding::kRevoked);
  Write("deny.textproto", "");
  EXPECT_EQ(Check(leaf_), Finding::kGood);
}

TEST_F(TrustStateTest, WhatCannotBeReadAtTheStartIsAnError) {
  Write("deny.textproto", "{");
  EXPECT_THAT(Refresh(), StatusIs(absl::StatusCode::kInvalidArgument, _));
  Write("deny.textproto", "");
  std::filesystem::remove_all(directory_ / "crl");
  EXPECT_THAT(Refresh(), StatusIs(absl::StatusCode::kInvalidArgument, _));
}

TEST_F(TrustStateTest, ARootThatIsNoLongerTrustedIsNoticed) {
  EXPECT_EQ(Check(leaf_), Finding::kGood);
  const crypto::TestParty other = crypto::NewTestAuthority("Root");
  ASSERT_TRUE(state_->Refresh({other.certificate()}, snapshot_).ok());
  EXPECT_EQ(state_->Current()->Check(
                {leaf_.certificate(), authority_.certificate(), root_.certificate()}, kUri),
            Finding::kRootGone);
}

}  // namespace
}  // namespace chayan::rpc
