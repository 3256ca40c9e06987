// Goal: an evidence file is replaced only by a witnessed proof of the same entry that was checked
// whole; else it stays as it is, byte for byte.
// Method: evidence of a small log with its own keys; a gateway's answers made by hand, honest and
// not.
#include "gateway/cli/receipt_upgrade.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "absl/strings/str_replace.h"
#include "gateway/base/status_matchers.h"
#include "gateway/cli/receipt_check.h"
#include "gateway/cli/sample_log_for_test.h"

namespace chayan::cli {
namespace {

using ::testing::HasSubstr;

class ReceiptUpgradeTest : public ::testing::Test {
 protected:
  ReceiptUpgradeTest() {
    log_.AppendReads(5);
    evidence_ = log_.Ask({});
    log_.Prove(evidence_);
    log_.AppendReads(3);
    CHAYAN_CHECK(WriteFile(path_, evidence_.SerializeAsString(), 0640).ok());
    trust_ =
        *tlog::Policy::Parse(absl::StrReplaceAll(log_.TrustText(), {{"quorum none", "quorum w1"}}));
  }

  // What an honest gateway answers.
  v1::GetReceiptResponse Now(bool cosigned) const {
    v1::EvidenceFile proved = evidence_;
    log_.Prove(proved, cosigned);
    v1::GetReceiptResponse response;
    response.set_leaf(proved.receipt().leaf());
    response.set_tlog_proof(proved.receipt().tlog_proof());
    return response;
  }
  absl::StatusOr<UpgradeOutcome> Upgrade(absl::StatusOr<v1::GetReceiptResponse> response) {
    return UpgradeReceipt(path_, trust_, [&](uint64_t index) {
      EXPECT_EQ(index, 6u);
      ++asked_;
      return response;
    });
  }
  void ExpectUnchanged() { EXPECT_EQ(*ReadFile(path_), evidence_.SerializeAsString()); }

  SampleLog log_;
  v1::EvidenceFile evidence_;
  tlog::Policy trust_;
  const std::string path_ = ::testing::TempDir() + "/upgrade.chayan";
  int asked_ = 0;
};

TEST_F(ReceiptUpgradeTest, AWitnessedProofTakesThePlaceOfThePromise) {
  ASSERT_EQ(*Upgrade(Now(true)), UpgradeOutcome::kUpgraded);
  const ReceiptReport report = CheckEvidence(*ReadFile(path_), trust_);
  EXPECT_TRUE(report.ok());
  EXPECT_TRUE(report.holder_signed);
  EXPECT_EQ(report.standing->checkpoint.witnesses.size(), 1u);
  struct stat attributes = {};
  ASSERT_EQ(stat(path_.c_str(), &attributes), 0);
  EXPECT_EQ(attributes.st_mode & 0777, 0640u);
  // A second run asks nobody.
  asked_ = 0;
  EXPECT_EQ(*Upgrade(Now(true)), UpgradeOutcome::kWitnessedBefore);
  EXPECT_EQ(asked_, 0);
}

TEST_F(ReceiptUpgradeTest, WhatIsNotWitnessedYetChangesNothing) {
  EXPECT_EQ(*Upgrade(Now(false)), UpgradeOutcome::kNotYetWitnessed);
  ExpectUnchanged();
}

TEST_F(ReceiptUpgradeTest, AnotherEntryOrProofIsALieAndChangesNothing) {
  v1::GetReceiptResponse other_leaf = Now(true);
  other_leaf.set_leaf(log_.leaves()[2]);
  EXPECT_THAT(Upgrade(other_leaf),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("two histories")));
  v1::GetReceiptResponse other_proof = Now(true);
  other_proof.mutable_tlog_proof()->replace(other_proof.tlog_proof().find("index 6"), 7, "index 5");
  EXPECT_THAT(Upgrade(other_proof),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("does not hold")));
  v1::GetReceiptResponse none = Now(true);
  none.set_tlog_proof("garbage");
  EXPECT_THAT(Upgrade(none), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("does not hold")));
  EXPECT_TRUE(absl::IsUnavailable(Upgrade(absl::UnavailableError("down")).status()));
  ExpectUnchanged();
}

TEST_F(ReceiptUpgradeTest, AFileThatDoesNotHoldIsNamedAndNobodyIsAsked) {
  evidence_.mutable_receipt()->set_tlog_proof("garbage");
  ASSERT_OK(WriteFile(path_, evidence_.SerializeAsString()));
  EXPECT_THAT(Upgrade(Now(true)), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("file")));
  EXPECT_EQ(asked_, 0);
  ExpectUnchanged();
}

}  // namespace
}  // namespace chayan::cli
