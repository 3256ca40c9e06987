// Goal: whatever the two sides do not agree on is found, each in its kind, and nothing else.
// Method: a log and an answer log of the same exchanges, the latter written by the adapter's own
// class; then one side is changed, a lie a case.
#include "gateway/cli/reconcile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "absl/strings/str_replace.h"
#include "adapters/sdk/answer_log.h"
#include "gateway/base/check.h"
#include "gateway/base/file.h"
#include "gateway/base/status_matchers.h"
#include "gateway/cli/sample_log_for_test.h"

namespace chayan::cli {
namespace {

using ::testing::HasSubstr;

constexpr absl::Duration kLateMax = absl::Seconds(60);

class ReconcileTest : public ::testing::Test {
 protected:
  ReconcileTest() : directory_(::testing::TempDir() + "/reconcile_XXXXXX") {
    CHAYAN_CHECK(mkdtemp(directory_.data()) != nullptr);
    auto answers = sdk::AnswerLog::Open(Path());
    CHAYAN_CHECK(answers.ok());
    answers_ = *std::move(answers);
    auto set = registry::Snapshot::Create(log_.registry(), nullptr);
    CHAYAN_CHECK(set.ok());
    set_ = *std::move(set);
  }
  ~ReconcileTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  std::string Path() const { return directory_ + "/answers"; }
  // land-ad's key in the sample registry.
  const crypto::Ed25519Key key_ = registry::SampleKey('a');

  // An exchange on both sides; the agency's line is `before` the entry.
  uint64_t Ask(absl::Duration before = absl::ZeroDuration()) {
    const v1::EvidenceFile evidence = log_.Ask({.signing_key = &key_});
    const uint64_t index = log_.leaves().size() - 1;
    const log::ParsedLeaf leaf = *log::ParseLeaf(log_.leaves()[index]);
    CHAYAN_CHECK(answers_->Answered(FrameOf(evidence, leaf.id), leaf.time - before).ok());
    CHAYAN_CHECK(answers_->Recorded({{leaf.id, index}}, leaf.time).ok());
    return index;
  }
  // As SampleLog signs: the second of three in its frame.
  sdk::SignedFrame FrameOf(const v1::EvidenceFile& evidence, const Uuid& id) const {
    const v1::HolderSignature& proto = evidence.receipt().holder_signature();
    tlog::HolderSignature signature;
    signature.key_id = *crypto::Digest::FromRaw(proto.key_id());
    signature.signature = *crypto::Ed25519Signature::FromRaw(proto.signature());
    signature.index = proto.index();
    signature.count = proto.count();
    for (const std::string& hash : proto.path()) {
      signature.path.push_back(*tlog::Hash::FromRaw(hash));
    }
    sdk::SignedFrame frame;
    frame.answers.resize(1);
    frame.answers[0].exchange_id = id;
    frame.answers[0].request_digest = crypto::Sha256(evidence.request());
    frame.answers[0].answer_digest = crypto::Sha256(evidence.answer());
    frame.proofs.push_back(signature);
    return frame;
  }

  std::vector<Discrepancy> Reconcile() {
    // Something behind them all, so that no line is newer than the log.
    log_.Wait(absl::Hours(1));
    log_.AppendReads(1);
    Reconciler reconciler("land-ad", kLateMax);
    CHAYAN_CHECK(reconciler.ReadAnswers(Path()).ok());
    for (uint64_t i = 0; i < log_.leaves().size(); ++i) {
      const log::LeafView leaf = *log::ReadLeaf(log_.leaves()[i]);
      reconciler.Add({i, log_.leaves()[i], leaf}, set_.get());
    }
    withheld_ = reconciler.withheld();
    return reconciler.Take();
  }
  void ExpectOne(Discrepancy::Kind kind, std::optional<uint64_t> index) {
    const std::vector<Discrepancy> found = Reconcile();
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(KindName(found[0].kind), KindName(kind)) << found[0].detail;
    EXPECT_EQ(found[0].index, index);
  }

  std::string directory_;
  uint64_t withheld_ = 0;
  SampleLog log_;
  std::unique_ptr<sdk::AnswerLog> answers_;
  std::shared_ptr<const registry::Snapshot> set_;
};

TEST_F(ReconcileTest, FindsNothingWhereBothSidesAgree) {
  for (int i = 0; i < 5; ++i) Ask(absl::Milliseconds(20));
  EXPECT_TRUE(Reconcile().empty());
}

// A holder that is asked around the log still signs, and its own log tells.
TEST_F(ReconcileTest, FindsAnAnswerThatTheLogDoesNotHold) {
  Ask();
  Ask();
  log_.leaves().erase(log_.leaves().begin() + 2);
  ExpectOne(Discrepancy::Kind::kNotInLog, std::nullopt);
}

TEST_F(ReconcileTest, FindsAnAnswerInventedInTheHoldersName) {
  Ask();
  log_.Ask({.signing_key = &key_});
  Ask();
  ExpectOne(Discrepancy::Kind::kNotAtHolder, 2);
}

TEST_F(ReconcileTest, FindsAnAnswerThatWasRecordedAsNone) {
  Ask();
  std::string& leaf = log_.leaves()[1];
  leaf.replace(leaf.find("\"by\":\"holder\""), 13, "\"by\":\"gateway\"");
  ExpectOne(Discrepancy::Kind::kNotUsed, 1);
}

// Of several guesses at once, those that the lock found under way.
TEST_F(ReconcileTest, AnAnswerThatALockWithheldIsAsTheEntrySays) {
  Ask();
  std::string& leaf = log_.leaves()[1];
  // The caller is not given the holder's signature of what it is not told.
  const size_t signature = leaf.find(",\"hsig\"");
  leaf.erase(signature, leaf.find(',', signature + 1) - signature);
  leaf = absl::StrReplaceAll(leaf, {{"\"outcome\":\"MATCH\",\"by\":\"holder\"",
                                     "\"outcome\":\"LOCKED\",\"by\":\"gateway\""}});
  EXPECT_TRUE(Reconcile().empty());
  EXPECT_EQ(withheld_, 1u);
  // In another holder's name it explains nothing. Reconcile made the log grow: looked up again.
  std::string& other = log_.leaves()[1];
  other = absl::StrReplaceAll(other, {{"\"holder\":\"land-ad\"", "\"holder\":\"land-ae\""}});
  ExpectOne(Discrepancy::Kind::kNotUsed, 1);
}

TEST_F(ReconcileTest, FindsAnotherSignature) {
  Ask();
  std::string& leaf = log_.leaves()[1];
  const size_t at = leaf.find("\"hsig\":\"") + 8;
  leaf[at] = leaf[at] == 'A' ? 'B' : 'A';
  ExpectOne(Discrepancy::Kind::kSignature, 1);
}

TEST_F(ReconcileTest, FindsALineThatTheAgencyDidNotSign) {
  Ask();
  std::string text = *ReadFile(Path());
  const size_t at = text.find("\"answer\":\"") + 10;
  text[at] = text[at] == 'A' ? 'B' : 'A';
  ASSERT_OK(WriteFile(Path(), text));
  ExpectOne(Discrepancy::Kind::kBadSignature, 1);
}

TEST_F(ReconcileTest, FindsAnotherIndexAndLateEntries) {
  Ask();
  log_.leaves().insert(log_.leaves().begin() + 1, log_.leaves()[0]);
  ExpectOne(Discrepancy::Kind::kIndex, 2);
  log_.leaves().erase(log_.leaves().begin() + 1);
  const uint64_t late = Ask(absl::Seconds(61));
  std::vector<Discrepancy> found = Reconcile();
  std::erase_if(found, [&](const Discrepancy& one) { return one.index != late; });
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(KindName(found[0].kind), "late");
}

TEST_F(ReconcileTest, NamesTheLineThatIsNone) {
  Ask();
  std::string text = *ReadFile(Path());
  text += "{\"time\":\"yesterday\"}\n";
  ASSERT_OK(WriteFile(Path(), text));
  Reconciler reconciler("land-ad", kLateMax);
  EXPECT_THAT(reconciler.ReadAnswers(Path()).message(),
              HasSubstr("answers:3: no line of an answer"));
  EXPECT_THAT(reconciler.ReadAnswers(Path() + "x").message(), HasSubstr("cannot be opened"));
}

}  // namespace
}  // namespace chayan::cli
