// Goal: what an auditor kept from before, and what others hold, tells of a log that was rewritten
// and signed again. Method: exports that prove by themselves, held against checkpoints and receipts
// of the history before.
#include "gateway/cli/kept_proofs.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gateway/cli/log_audit_for_test.h"

namespace chayan::cli {
namespace {

using ::testing::HasSubstr;

using KeptProofsTest = LogAuditTest;

TEST_F(KeptProofsTest, NamesTwoReceiptsThatPromiseDifferentEntries) {
  v1::EvidenceFile first = log_.Ask({});
  log_.Prove(first);
  SampleLog other = log_;
  other.leaves().pop_back();
  v1::EvidenceFile second = other.Ask({});
  other.Prove(second);
  log_.Export(directory_);
  AuditOptions options;
  options.receipts = {{"a.chayan", first.SerializeAsString()},
                      {"b.chayan", second.SerializeAsString()}};
  const AuditReport report = Run(options);
  ASSERT_TRUE(report.first_lie.has_value());
  EXPECT_THAT(report.first_lie->what, HasSubstr("promised two different entries as entry 1"));
}

class RewrittenLogTest : public LogAuditTest {
 protected:
  // Entries and tiles recomputed together from a forged history; only the signature is honest.
  void ExportForgedHistory(size_t changed) {
    log_.Export(directory_);
    const std::string checkpoint = Read("checkpoint");
    SampleLog forged = log_;
    std::string& leaf = forged.leaves()[changed];
    leaf = absl::StrReplaceAll(leaf, {{"auditor-1", "auditor-9"}});
    std::filesystem::remove_all(directory_);
    forged.Export(directory_);
    forged_checkpoint_ = Read("checkpoint");
    Write("checkpoint", checkpoint);
  }
  std::string forged_checkpoint_;
};

TEST_F(RewrittenLogTest, IsFoundByTheSignatureAlone) {
  log_.AppendReads(599);
  ExportForgedHistory(450);
  const AuditReport report = Run();
  ASSERT_TRUE(report.first_lie.has_value());
  EXPECT_THAT(report.first_lie->what, HasSubstr("rewritten, entries and tiles together"));
}

TEST_F(RewrittenLogTest, IsNarrowedDownByAnOldCheckpoint) {
  log_.AppendReads(599);
  const std::string old = log_.CheckpointAt(400);
  ExportForgedHistory(450);
  AuditOptions options;
  options.old_checkpoints = {{"the old checkpoint", old}};
  AuditReport report = Run(options);
  ASSERT_TRUE(report.first_lie.has_value());
  EXPECT_EQ(report.first_lie->index, 400u);  // as signed up to there

  ExportForgedHistory(350);
  report = Run(options);
  ASSERT_TRUE(report.first_lie.has_value());
  EXPECT_THAT(report.first_lie->what, HasSubstr("rewritten between entries 0 and 399"));
}

// The operator signs the second history too: only what others kept from before can tell.
TEST_F(RewrittenLogTest, SignedAgainIsFoundByOldCheckpointAndByReceipts) {
  log_.AppendReads(100);
  v1::EvidenceFile evidence = log_.Ask({});
  log_.AppendReads(50);
  log_.Prove(evidence);
  const std::string old = log_.Checkpoint();
  log_.AppendReads(400);
  ExportForgedHistory(20);
  Write("checkpoint", forged_checkpoint_);
  ASSERT_FALSE(Run().first_lie.has_value());

  AuditOptions with_old;
  with_old.old_checkpoints = {{"the old checkpoint", old}};
  EXPECT_THAT(Run(with_old).first_lie->how, HasSubstr("the old checkpoint holds a signed root"));
  AuditOptions with_receipt;
  with_receipt.receipts = {{"case-1.chayan", evidence.SerializeAsString()}};
  EXPECT_THAT(Run(with_receipt).first_lie->how, HasSubstr("receipt case-1.chayan"));
}

TEST_F(KeptProofsTest, HoldsReceiptsAgainstTheExport) {
  log_.AppendReads(10);
  v1::EvidenceFile evidence = log_.Ask({});
  log_.AppendReads(10);
  log_.Prove(evidence);
  log_.AppendReads(10);
  log_.Export(directory_);
  AuditOptions options;
  options.receipts = {{"a.chayan", evidence.SerializeAsString()}};
  options.old_checkpoints = {{"january", log_.CheckpointAt(5)}, {"march", log_.CheckpointAt(9)}};
  AuditReport report = Run(options);
  EXPECT_FALSE(report.first_lie.has_value()) << report.first_lie->what;
  EXPECT_EQ(report.receipts, 1u);
  EXPECT_EQ(report.old_checkpoints, 2u);

  v1::EvidenceFile changed = evidence;
  changed.mutable_request()->back() ^= 1;
  options.receipts = {{"b.chayan", changed.SerializeAsString()}};
  report = Run(options);
  EXPECT_THAT(report.first_lie->what, HasSubstr("receipt b.chayan does not hold"));
}

TEST_F(KeptProofsTest, SeesThatALogHasShrunk) {
  log_.AppendReads(10);
  const std::string longer = [&] {
    SampleLog more = log_;
    more.AppendReads(5);
    return more.Checkpoint();
  }();
  log_.Export(directory_);
  AuditOptions options;
  options.old_checkpoints = {{"the old checkpoint", longer}};
  EXPECT_THAT(Run(options).first_lie->what, HasSubstr("has shrunk"));
}

TEST_F(KeptProofsTest, RefusesAnOldCheckpointThatNobodyTrustedSigned) {
  log_.Export(directory_);
  AuditOptions options;
  options.directory = directory_;
  options.old_checkpoints = {{"old", "gw.example/log/2026\n1\nAAAA\n\n"}};
  EXPECT_FALSE(AuditLog(options, log_.Trust()).ok());
}

// Receipts are checked side by side, and told in their order all the same.
TEST_F(KeptProofsTest, NamesTheFirstOfManyReceiptsThatDoesNotHold) {
  std::vector<v1::EvidenceFile> evidence;
  for (int i = 0; i < 40; ++i) evidence.push_back(log_.Ask({}));
  AuditOptions options;
  for (size_t i = 0; i < evidence.size(); ++i) {
    log_.Prove(evidence[i]);
    options.receipts.emplace_back(absl::StrCat(i), evidence[i].SerializeAsString());
  }
  log_.Export(directory_);
  EXPECT_EQ(Run(options).receipts, 40u);
  options.receipts[31].second.back() ^= 1;
  options.receipts[17].second.back() ^= 1;
  EXPECT_THAT(Run(options).first_lie->what, HasSubstr("receipt 17 does not hold"));
}

}  // namespace
}  // namespace chayan::cli
