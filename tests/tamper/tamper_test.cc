// Goal: an operator with full control of machine, files and log key cannot change what was
// published, or what anybody holds a receipt of, without an auditor seeing it offline, and being
// told which entry and why. Method: an honest log, made by the gateway's own committer, store,
// vault and exporter, with a holder, an office and a witness beside it (machine.h). Each forgery is
// made properly: tiles computed anew, the checkpoint signed with the real key, so that the export
// proves itself; that is tried first. Then the auditor runs the real programs with what somebody
// kept: a cosigned checkpoint, a receipt, another auditor's checkpoint, the holder's answer log.
//
// What nobody holds anything of, in the second before it is published, can be rewritten; the
// last tests say so, and that the auditor is told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gateway/base/file.h"
#include "gateway/base/status_matchers.h"
#include "tests/tamper/machine.h"

namespace chayan::tamper {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

using Leaves = std::vector<std::string>;

// The log: genesis, reads, one answer, reads up to the cosigned checkpoint, and more behind it.
constexpr uint64_t kAnswer = 100;
constexpr uint64_t kCosigned = 400;
constexpr uint64_t kSize = 600;
// Where a leaf's time stands: {"v":1,"t":"2026-01-01T00:00:00.001Z", …
constexpr size_t kTimeAt = 12;
constexpr size_t kTimeBytes = 24;

std::string TimeOf(const std::string& leaf) { return leaf.substr(kTimeAt, kTimeBytes); }
void SetTime(std::string& leaf, const std::string& time) {
  leaf.replace(kTimeAt, kTimeBytes, time);
}
// Another auditor read.
void Alter(std::string& leaf) { leaf = absl::StrReplaceAll(leaf, {{"auditor-1", "auditor-2"}}); }
Leaves::iterator At(Leaves& leaves, uint64_t index) {
  return leaves.begin() + static_cast<std::ptrdiff_t>(index);
}

class TamperTest : public ::testing::Test {
 protected:
  TamperTest() {
    machine_.AppendReads(kAnswer - 1);
    evidence_ = machine_.Ask();
    while (machine_.committer().Status().size < kCosigned) machine_.AppendReads(1);
    cosigned_ = machine_.Keep("kept-checkpoint", machine_.Publish());
    machine_.AppendReads(kSize - kCosigned);
    leaves_ = machine_.Leaves();
  }

  std::string Old() const { return "--old " + cosigned_; }
  std::string Receipts() const { return "--receipts " + machine_.KeepReceipt(evidence_); }

  // By itself the forged history proves: nothing but what was kept tells.
  void ExpectMadeProperly(const std::string& directory) {
    const Ran alone = machine_.Verify(directory);
    EXPECT_EQ(alone.exit_code, 0) << alone.text;
    EXPECT_THAT(alone.text, HasSubstr("the operator's signed promise (no witness yet)"));
  }

  Machine machine_;
  v1::EvidenceFile evidence_;  // of entry kAnswer
  std::string cosigned_;       // file of the checkpoint of kCosigned
  Leaves leaves_;
};

void ExpectLie(const Ran& ran, const std::string& what, const std::string& how) {
  EXPECT_EQ(ran.exit_code, 1) << ran.text;
  EXPECT_THAT(ran.text, AllOf(HasSubstr("NOT PROVED: "), HasSubstr(what), HasSubstr(how)));
}
std::string Index(uint64_t index) { return absl::StrCat("index: ", index, "\n"); }

TEST_F(TamperTest, TheHonestLogHoldsAgainstAllThatWasKept) {
  const auto directory = machine_.Export();
  ASSERT_OK(directory);
  const Ran verified = machine_.Verify(*directory, Old() + " " + Receipts());
  EXPECT_EQ(verified.exit_code, 0) << verified.text;
  EXPECT_THAT(verified.text, AllOf(HasSubstr("entries: 600"), HasSubstr("receipts that agree: 1"),
                                   HasSubstr("old checkpoints that it continues: 1")));
  const Ran reconciled = machine_.Reconcile(*directory);
  EXPECT_EQ(reconciled.exit_code, 0) << reconciled.text;
  machine_.Publish();
  const auto published = machine_.Export();
  ASSERT_OK(published);
  const Ran witnessed = machine_.VerifyWitnessed(*published);
  EXPECT_EQ(witnessed.exit_code, 0) << witnessed.text;
  EXPECT_THAT(witnessed.text, AllOf(HasSubstr("witnessed by 1/1"), Not(HasSubstr("unseen"))));
}

struct Forgery {
  const char* name;
  std::function<void(Leaves&)> forge;
};

// All of them before the cosigned checkpoint.
const Forgery kRewritings[] = {
    {"delete", [](Leaves& leaves) { leaves.erase(At(leaves, 250)); }},
    {"delete the last cosigned entry",
     [](Leaves& leaves) { leaves.erase(At(leaves, kCosigned - 1)); }},
    {"reorder",
     [](Leaves& leaves) {
       // Their times change places too: what is signed is in order.
       const std::string earlier = TimeOf(leaves[250]);
       const std::string later = TimeOf(leaves[270]);
       std::swap(leaves[250], leaves[270]);
       SetTime(leaves[250], earlier);
       SetTime(leaves[270], later);
     }},
    {"alter", [](Leaves& leaves) { Alter(leaves[250]); }},
    {"insert",
     [](Leaves& leaves) {
       std::string extra = leaves[250];
       Alter(extra);
       leaves.insert(At(leaves, 250), extra);
     }},
    {"backdate", [](Leaves& leaves) { SetTime(leaves[250], TimeOf(leaves[200])); }},
    {"backdate what is behind an entry of that time",
     [](Leaves& leaves) {
       for (size_t i = 201; i < 260; ++i) SetTime(leaves[i], TimeOf(leaves[200]));
     }},
    {"rewrite it all",
     [](Leaves& leaves) {
       for (std::string& leaf : leaves) Alter(leaf);
     }},
};

TEST_F(TamperTest, ACosignedCheckpointTellsOfEachRewritingBeforeIt) {
  for (const Forgery& forgery : kRewritings) {
    SCOPED_TRACE(forgery.name);
    Leaves forged = leaves_;
    forgery.forge(forged);
    ASSERT_NE(forged, leaves_);
    const std::string directory = machine_.ExportForged(forged);
    // Only times that go back show by themselves.
    if (forgery.name != std::string("backdate")) {
      ExpectMadeProperly(directory);
      ExpectLie(machine_.Verify(directory, Old()),
                "the log was rewritten between entries 0 and 399",
                "kept-checkpoint holds a signed root for 400 entries");
    } else {
      ExpectLie(machine_.Verify(directory), "entry 250 is older than the entry before it",
                Index(250));
    }
    // Who wants a witness needs to have kept nothing, for no witness cosigns it.
    EXPECT_EQ(machine_.AskWitness(machine_.Sign(forged), forged).status, 422);
    ExpectLie(machine_.VerifyWitnessed(directory), "lacks the trust file's quorum of witnesses",
              "0 of 1 cosigned");
  }
}

TEST_F(TamperTest, ATruncatedLogHasShrunk) {
  Leaves forged = leaves_;
  forged.resize(kCosigned - 50);
  const std::string directory = machine_.ExportForged(forged);
  ExpectMadeProperly(directory);
  ExpectLie(machine_.Verify(directory, Old()), "the log has shrunk",
            "signs 400 entries, the export's only 350");
  EXPECT_NE(machine_.AskWitness(machine_.Sign(forged), forged).status, 200);
}

// Not a rewritten export but the real thing: yesterday's disk, head file included, under today's
// gateway.
TEST_F(TamperTest, ADiskThatWasRolledBackIsFound) {
  Machine machine;
  machine.AppendReads(200);
  machine.Stop();
  const std::string yesterday = *ReadFile(machine.StorePath());
  const std::string guard = *ReadFile(machine.GuardPath());
  ASSERT_OK(machine.Start());
  machine.AppendReads(20);
  const v1::EvidenceFile evidence = machine.Ask();
  const std::string kept = machine.Keep("kept-checkpoint", machine.Publish());
  machine.Stop();

  ASSERT_OK(WriteFile(machine.StorePath(), yesterday));
  // The head file alone would have told the gateway.
  EXPECT_THAT(machine.Start(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("head")));
  machine.Stop();
  ASSERT_OK(WriteFile(machine.GuardPath(), guard));
  ASSERT_OK(machine.Start());
  const auto shrunk = machine.Export();
  ASSERT_OK(shrunk);
  ExpectLie(machine.Verify(*shrunk, "--old " + kept), "the log has shrunk", kept);
  machine.AppendReads(50);
  const auto regrown = machine.Export();
  ASSERT_OK(regrown);
  EXPECT_EQ(machine.Verify(*regrown).exit_code, 0);
  ExpectLie(machine.Verify(*regrown, "--old " + kept),
            "the log was rewritten between entries 0 and 221", kept);
  ExpectLie(machine.Verify(*regrown, "--receipts " + machine.KeepReceipt(evidence)),
            "entry 221 is not the one that was answered for", Index(221));
}

TEST_F(TamperTest, AForkIsSeenWhenTwoAuditorsCompareCheckpoints) {
  Leaves other = leaves_;
  Alter(other[550]);
  const std::string shown_to_one = machine_.ExportForged(leaves_);
  const std::string shown_to_other = machine_.ExportForged(other);
  // Both continue what was cosigned.
  EXPECT_EQ(machine_.Verify(shown_to_one, Old()).exit_code, 0);
  EXPECT_EQ(machine_.Verify(shown_to_other, Old()).exit_code, 0);
  const std::string others = "--old " + shown_to_other + "/checkpoint";
  ExpectLie(machine_.Verify(shown_to_one, Old() + " " + others),
            "the log was rewritten between entries 400 and 599", shown_to_other);
  // A witness goes along with one of them only.
  EXPECT_EQ(machine_.AskWitness(machine_.Sign(leaves_), leaves_).status, 200);
  EXPECT_NE(machine_.AskWitness(machine_.Sign(other), other).status, 200);
}

// The receipt's own index is named, whatever else was rewritten.
TEST_F(TamperTest, AnEntryThatAReceiptPromisesCannotBeLeftOut) {
  const Forgery forgeries[] = {
      {"left out", [](Leaves& leaves) { leaves.erase(At(leaves, kAnswer)); }},
      {"replaced", [](Leaves& leaves) { leaves[kAnswer] = leaves[kAnswer - 1]; }},
      {"another outcome", [](Leaves& leaves) {
         leaves[kAnswer] = absl::StrReplaceAll(leaves[kAnswer], {{"\"MATCH\"", "\"MISMATCH\""}});
       }}};
  for (const Forgery& forgery : forgeries) {
    SCOPED_TRACE(forgery.name);
    Leaves forged = leaves_;
    forgery.forge(forged);
    ASSERT_NE(forged, leaves_);
    const std::string directory = machine_.ExportForged(forged);
    ExpectMadeProperly(directory);
    const Ran ran = machine_.Verify(directory, Receipts());
    ExpectLie(ran, "entry 100 is not the one that was answered for", Index(kAnswer));
    EXPECT_THAT(ran.text, HasSubstr("known by: receipt office.chayan"));
  }
}

// Behind the last cosigned checkpoint a receipt tells too, of its entry and of all before it.
TEST_F(TamperTest, AReceiptTellsOfWhatIsNotPublishedYet) {
  const v1::EvidenceFile late = machine_.Ask();  // entry 600
  machine_.AppendReads(5);
  Leaves forged = machine_.Leaves();
  Alter(forged[580]);
  const std::string directory = machine_.ExportForged(forged);
  EXPECT_EQ(machine_.Verify(directory, Old()).exit_code, 0);
  ExpectLie(machine_.Verify(directory, "--receipts " + machine_.KeepReceipt(late)),
            "the log was rewritten between entries 0 and 600", "receipt office.chayan");
}

TEST_F(TamperTest, AnAnswerInventedInAHoldersNameIsFound) {
  const v1::EvidenceFile invented = machine_.Invent();  // entry 600
  machine_.Advance(absl::Minutes(5));
  machine_.AppendReads(1);
  const auto directory = machine_.Export();
  ASSERT_OK(directory);
  // The log is what was signed; only the holder knows better.
  EXPECT_EQ(machine_.Verify(*directory, Old()).exit_code, 0);
  const Ran reconciled = machine_.Reconcile(*directory);
  EXPECT_EQ(reconciled.exit_code, 1) << reconciled.text;
  EXPECT_THAT(reconciled.text, AllOf(HasSubstr("not_at_holder"), HasSubstr("600")));
  // Its evidence lacks the one key that the operator has not.
  ExpectLie(machine_.Verify(*directory, "--receipts " + machine_.KeepReceipt(invented)),
            "receipt office.chayan does not hold", "holder");
}

TEST_F(TamperTest, AHolderThatIsAskedAroundTheLogKnowsIt) {
  machine_.AskAroundTheLog();
  machine_.Advance(absl::Minutes(5));
  machine_.AppendReads(1);
  const auto directory = machine_.Export();
  ASSERT_OK(directory);
  EXPECT_EQ(machine_.Verify(*directory, Old()).exit_code, 0);
  const Ran reconciled = machine_.Reconcile(*directory);
  EXPECT_EQ(reconciled.exit_code, 1) << reconciled.text;
  EXPECT_THAT(reconciled.text, HasSubstr("not_in_log"));
}

// An entry that was taken out behind every checkpoint: the holder's line remains.
TEST_F(TamperTest, AnAnswerThatWasTakenOutIsStillInTheHoldersLog) {
  // So that the holder's line is not newer than the log.
  machine_.Advance(absl::Minutes(5));
  machine_.AppendReads(1);
  Leaves forged = machine_.Leaves();
  forged.erase(At(forged, kAnswer));
  const std::string directory = machine_.ExportForged(forged);
  ExpectMadeProperly(directory);
  const Ran reconciled = machine_.Reconcile(directory);
  EXPECT_EQ(reconciled.exit_code, 1) << reconciled.text;
  EXPECT_THAT(reconciled.text, HasSubstr("not_in_log"));
}

// A cosignature's time bounds the entries on both sides of it.
TEST_F(TamperTest, TimesThatContradictACosignatureAreNamed) {
  machine_.Advance(absl::Hours(2));
  const std::string kept = "--old " + machine_.Keep("later-checkpoint", machine_.Publish());
  machine_.AppendReads(3);
  const Leaves honest = machine_.Leaves();
  EXPECT_EQ(machine_.Verify(machine_.ExportForged(honest), kept).exit_code, 0);

  // Said to be of two hours before: the log had not this entry then.
  Leaves backdated = honest;
  SetTime(backdated[kSize], TimeOf(backdated[kSize - 1]));
  std::string directory = machine_.ExportForged(backdated);
  ExpectMadeProperly(directory);
  Ran ran = machine_.Verify(directory, kept);
  EXPECT_EQ(ran.exit_code, 1) << ran.text;
  EXPECT_THAT(ran.text,
              AllOf(HasSubstr("entry 600 says it is older than a checkpoint"), HasSubstr("w1")));

  // Said to be later than the witness saw it.
  Machine ahead;
  ahead.Advance(absl::Hours(3));
  ahead.AppendReads(10);
  ahead.Advance(absl::Hours(-3));
  const std::string seen = "--old " + ahead.Keep("kept-checkpoint", ahead.Publish());
  const auto exported = ahead.Export();
  ASSERT_OK(exported);
  ran = ahead.Verify(*exported, seen);
  EXPECT_EQ(ran.exit_code, 1) << ran.text;
  EXPECT_THAT(ran.text, HasSubstr("entry 1 says it is newer than a checkpoint that covers it"));
}

// The window: behind the last published checkpoint, without a receipt. The auditor is told of which
// entries that is, and that no witness stands behind them.
TEST_F(TamperTest, WhatNobodyKeptAnythingOfCanBeRewrittenAndTheAuditorIsToldSo) {
  Leaves forged = leaves_;
  Alter(forged[kCosigned + 50]);
  const std::string directory = machine_.ExportForged(forged);
  const Ran ran = machine_.Verify(directory, Old() + " " + Receipts());
  EXPECT_EQ(ran.exit_code, 0) << ran.text;
  EXPECT_THAT(ran.text, AllOf(HasSubstr("could still be rewritten unseen: 400–599"),
                              HasSubstr("the operator's signed promise (no witness yet)")));
  EXPECT_THAT(ran.text, Not(HasSubstr("witnessed by")));
  // With a receipt of a later entry the window begins behind that one.
  const v1::EvidenceFile late = machine_.Ask();  // entry 600
  machine_.AppendReads(2);
  EXPECT_THAT(machine_
                  .Verify(machine_.ExportForged(machine_.Leaves()),
                          Old() + " --receipts " + machine_.KeepReceipt(late))
                  .text,
              HasSubstr("could still be rewritten unseen: 601–602"));
  // Who asks for the witness does not get it.
  ExpectLie(machine_.VerifyWitnessed(directory), "lacks the trust file's quorum of witnesses",
            "0 of 1 cosigned");
}

}  // namespace
}  // namespace chayan::tamper
