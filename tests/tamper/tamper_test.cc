// Goal: an operator with full control of machine, files and log key cannot change what was
// published without an auditor seeing it offline, and being told which entry and why. Method: each
// forgery is made properly: the history is rewritten, every tile computed anew and the checkpoint
// signed with the real key, so that the export proves itself; then it is held against what somebody
// kept: a cosigned checkpoint, a receipt, another auditor's export. Each case also shows that
// nothing but what was kept tells: that is the window before publication, and it is said here.
//
// That an answer was invented in a holder's name, or the holder asked around the log, shows in the
// holder's own log: gateway/cli/reconcile_test.cc.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <functional>

#include "absl/strings/str_replace.h"
#include "gateway/base/check.h"
#include "gateway/base/file.h"
#include "gateway/base/status_matchers.h"
#include "gateway/cli/log_audit.h"
#include "gateway/cli/sample_log_for_test.h"

namespace chayan::cli {
namespace {

using ::testing::HasSubstr;

// What the witness cosigned, and how long the log is now.
constexpr uint64_t kCosigned = 400;
constexpr int kEntries = 600;

class TamperTest : public ::testing::Test {
 protected:
  TamperTest() : directory_(::testing::TempDir() + "/tamper_XXXXXX") {
    CHAYAN_CHECK(mkdtemp(directory_.data()) != nullptr);
    log_.AppendReads(99);
    evidence_ = log_.Ask({});  // entry 100
    log_.AppendReads(kEntries - 101);
    cosigned_ = log_.CheckpointAt(kCosigned, /*cosigned=*/true);
    log_.Prove(evidence_, /*cosigned=*/true);
  }
  ~TamperTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  // Exports a history, with tiles of its own and the log's signature.
  AuditReport Audit(const SampleLog& history, bool with_checkpoint, bool with_receipt = false) {
    std::filesystem::remove_all(directory_);
    history.Export(directory_);
    AuditOptions options;
    options.directory = directory_;
    if (with_checkpoint) options.old_checkpoints = {{"the kept checkpoint", cosigned_}};
    if (with_receipt) options.receipts = {{"office.chayan", evidence_.SerializeAsString()}};
    const auto report = AuditLog(options, log_.Trust());
    CHAYAN_CHECK(report.ok());
    return *report;
  }
  static void Alter(std::string& leaf) {
    leaf = absl::StrReplaceAll(leaf, {{"auditor-1", "auditor-2"}});
  }
  // An entry of the same millisecond as the one at `index`, so that no time goes back.
  static void Insert(SampleLog& log, size_t index) {
    std::string extra = log.leaves()[index];
    Alter(extra);
    log.leaves().insert(log.leaves().begin() + static_cast<ptrdiff_t>(index), extra);
  }

  SampleLog log_;
  v1::EvidenceFile evidence_;
  std::string cosigned_;
  std::string directory_;
};

struct Forgery {
  const char* name;
  std::function<void(SampleLog&)> forge;
  const char* what;
};

const std::vector<Forgery>& Forgeries() {
  static const auto* const forgeries = new std::vector<Forgery>{
      {"delete", [](SampleLog& log) { log.leaves().erase(log.leaves().begin() + 250); },
       "rewritten between entries 0 and 399"},
      {"reorder",
       [](SampleLog& log) {
         // Their times change places too: what is signed is in order.
         const std::string time = log.leaves()[250].substr(12, 24);
         std::swap(log.leaves()[250], log.leaves()[251]);
         const std::string later = log.leaves()[250].substr(12, 24);
         log.leaves()[250].replace(12, 24, time);
         log.leaves()[251].replace(12, 24, later);
       },
       "rewritten between entries 0 and 399"},
      {"alter",
       [](SampleLog& log) {
         log.leaves()[250] = absl::StrReplaceAll(log.leaves()[250], {{"auditor-1", "auditor-2"}});
       },
       "rewritten between entries 0 and 399"},
      {"insert",
       [](SampleLog& log) { log.leaves().insert(log.leaves().begin() + 250, log.leaves()[250]); },
       "rewritten between entries 0 and 399"},
      {"backdate",
       [](SampleLog& log) {
         std::string& leaf = log.leaves()[250];
         leaf.replace(12, 24, log.leaves()[249].substr(12, 24));
       },
       "rewritten between entries 0 and 399"},
      {"truncate", [](SampleLog& log) { log.leaves().resize(350); }, "the log has shrunk"},
      {"roll the disk back and go on",
       [](SampleLog& log) {
         log.leaves().resize(390);
         log.AppendReads(100);
       },
       "rewritten between entries 0 and 399"},
      {"delete the last cosigned entry",
       [](SampleLog& log) { log.leaves().erase(log.leaves().begin() + kCosigned - 1); },
       "rewritten between entries 0 and 399"},
  };
  return *forgeries;
}

TEST_F(TamperTest, AKeptCosignedCheckpointTellsOfEachForgeryBeforeIt) {
  ASSERT_FALSE(Audit(log_, /*with_checkpoint=*/true, /*with_receipt=*/true).first_lie.has_value());
  for (const Forgery& forgery : Forgeries()) {
    SampleLog forged = log_;
    forgery.forge(forged);
    const AuditReport alone = Audit(forged, /*with_checkpoint=*/false);
    EXPECT_FALSE(alone.first_lie.has_value())
        << forgery.name << " was not made properly: " << alone.first_lie->what;
    const AuditReport report = Audit(forged, /*with_checkpoint=*/true);
    ASSERT_TRUE(report.first_lie.has_value()) << forgery.name;
    EXPECT_THAT(report.first_lie->what, HasSubstr(forgery.what)) << forgery.name;
    EXPECT_THAT(report.first_lie->how, HasSubstr("the kept checkpoint")) << forgery.name;
  }
}

// What was neither published nor receipted can be rewritten: nobody holds anything against it.
// Checkpoints are published every second, so this is the window.
TEST_F(TamperTest, WhatNobodyKeptAnythingOfCanBeRewritten) {
  SampleLog forged = log_;
  Alter(forged.leaves()[kCosigned + 50]);
  EXPECT_FALSE(Audit(forged, /*with_checkpoint=*/true).first_lie.has_value());
}

TEST_F(TamperTest, AReceiptTellsOfItsOwnEntryWithoutAnyCheckpoint) {
  SampleLog omitted = log_;
  omitted.leaves().erase(omitted.leaves().begin() + 100);
  AuditReport report = Audit(omitted, /*with_checkpoint=*/false, /*with_receipt=*/true);
  ASSERT_TRUE(report.first_lie.has_value());
  EXPECT_EQ(report.first_lie->index, 100u);
  EXPECT_THAT(report.first_lie->what, HasSubstr("is not the one that was answered for"));
  EXPECT_THAT(report.first_lie->how, HasSubstr("office.chayan"));

  // The receipt's checkpoint covers all 600: it tells of what stands behind its entry too.
  SampleLog altered = log_;
  Alter(altered.leaves()[580]);
  report = Audit(altered, /*with_checkpoint=*/true, /*with_receipt=*/true);
  ASSERT_TRUE(report.first_lie.has_value());
  EXPECT_THAT(report.first_lie->what, HasSubstr("rewritten between entries 400 and 599"));
}

TEST_F(TamperTest, TwoAuditorsWhoCompareCheckpointsSeeTheFork) {
  SampleLog shown_to_other = log_;
  Alter(shown_to_other.leaves()[550]);
  // Each export proves itself, also against what both saw before.
  ASSERT_FALSE(Audit(log_, /*with_checkpoint=*/true).first_lie.has_value());
  ASSERT_FALSE(Audit(shown_to_other, /*with_checkpoint=*/true).first_lie.has_value());
  const std::string ours = log_.Checkpoint();
  AuditOptions options;
  options.directory = directory_;
  options.old_checkpoints = {{"the other auditor's checkpoint", ours}};
  const auto report = AuditLog(options, log_.Trust());
  ASSERT_OK(report);
  ASSERT_TRUE(report->first_lie.has_value());
  EXPECT_THAT(report->first_lie->what, HasSubstr("rewritten between entries 0 and 599"));
  EXPECT_THAT(report->first_lie->how, HasSubstr("the other auditor's checkpoint"));
}

// The same key under another name is another log, not this one's continuation.
TEST_F(TamperTest, AnotherLogInThisOnesPlaceIsRefused) {
  SampleLog other = log_;
  for (std::string& leaf : other.leaves()) {
    leaf = absl::StrReplaceAll(leaf, {{SampleLog::kOrigin, "gw.example/log/2027"}});
  }
  const AuditReport report = Audit(other, /*with_checkpoint=*/false);
  ASSERT_TRUE(report.first_lie.has_value());
  EXPECT_EQ(report.first_lie->index, 0u);
  EXPECT_THAT(report.first_lie->what, HasSubstr("names another log"));
}

// An evidence file that the operator makes up in a holder's name lacks the one key that it has not.
TEST_F(TamperTest, AnInventedAnswerLacksTheHoldersSignature) {
  SeededRandom random(99);
  const crypto::Ed25519Key invented = crypto::Ed25519Key::Generate(random);
  v1::EvidenceFile evidence = log_.Ask({.signing_key = &invented});
  log_.Prove(evidence);
  log_.Export(directory_);
  AuditOptions options;
  options.directory = directory_;
  options.receipts = {{"invented.chayan", evidence.SerializeAsString()}};
  const auto report = AuditLog(options, log_.Trust());
  ASSERT_OK(report);
  ASSERT_TRUE(report->first_lie.has_value());
  EXPECT_THAT(report->first_lie->how, HasSubstr("holder"));
}

// Anywhere: every file of an export, and in each file bytes all along it.
TEST_F(TamperTest, ABitFlipAnywhereInAnExportIsFound) {
  SampleLog log;
  log.Ask({});
  log.AppendReads(300);
  log.Export(directory_);
  AuditOptions options;
  options.directory = directory_;
  ASSERT_FALSE(AuditLog(options, log.Trust())->first_lie.has_value());
  // As many places as a second allows; a prime, so that they fall on all parts of an entry.
  constexpr size_t kStep = 1009;
  size_t flips = 0;
  const auto files = ReadTree(directory_, "");
  ASSERT_OK(files);
  for (const auto& [name, content] : *files) {
    for (size_t at = content.size() / 2 % kStep; at < content.size(); at += kStep) {
      std::string flipped = content;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << (at % 8)));
      ASSERT_OK(WriteFile(directory_ + "/" + name, flipped));
      const auto report = AuditLog(options, log.Trust());
      ASSERT_OK(report);
      EXPECT_TRUE(report->first_lie.has_value()) << name << " at " << at;
      ++flips;
    }
    ASSERT_OK(WriteFile(directory_ + "/" + name, content));
  }
  EXPECT_GE(flips, files->size());
}

}  // namespace
}  // namespace chayan::cli
