// Goal: a log changes its key without a moment in which a receipt cannot be checked, and a start
// that died anywhere in between goes on rightly.
// Method: a real store, started with one set of keys after another; what verifiers get is read as
// they read it, from the first key alone.
#include "gateway/base/file.h"
#include "gateway/base/status_matchers.h"
#include "gateway/log/committer.h"
#include "gateway/log/key_chain.h"
#include "gateway/log/test_log.h"
#include "gateway/store/sqlite.h"
#include "gateway/store/test_folder.h"
#include "gateway/tlog/inclusion_check.h"

namespace chayan::log {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class CommitterKeysTest : public ::testing::Test {
 protected:
  CommitterKeysTest() {
    absl::StatusOr<std::unique_ptr<store::Store>> opened =
        store::SqliteStore::Open(folder_ / "store.db");
    EXPECT_OK(opened);
    store_ = *std::move(opened);
  }

  absl::Status Start(const crypto::Ed25519Key& key, const crypto::Ed25519Key* next = nullptr) {
    committer_.reset();
    CHAYAN_ASSIGN_OR_RETURN(committer_,
                            Committer::Create({.gateway = "gw-1",
                                               .origin = kTestOrigin,
                                               .head_file = folder_ / "head",
                                               .next_signer = next},
                                              *store_, key, clock_, random_, TestRegistry()));
    return absl::OkStatus();
  }

  // What a verifier makes of the newest checkpoint: only the first key is on its paper.
  absl::StatusOr<tlog::CheckpointStanding> CheckFromFirstKey() {
    CHAYAN_ASSIGN_OR_RETURN(
        const tlog::Policy paper,
        tlog::Policy::Parse("log " + TestVerifierKey(first_).ToString() + "\nquorum none\n"));
    CHAYAN_ASSIGN_OR_RETURN(const KeyChain chain, KeyChain::Parse(committer_->LogKeys()));
    return tlog::CheckCheckpoint(committer_->Checkpoint(), chain.Follow(paper));
  }

  store::TestFolder folder_;
  SimulatedClock clock_{absl::FromUnixSeconds(1767225600)};
  SystemRandom random_;
  const crypto::Ed25519Key first_ = TestKey(1);
  const crypto::Ed25519Key second_ = TestKey(2);
  const crypto::Ed25519Key third_ = TestKey(3);
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<Committer> committer_;
};

TEST_F(CommitterKeysTest, BothKeysSignWhileTheyOverlapAndThenTheNewOneAlone) {
  ASSERT_OK(Start(first_));
  EXPECT_THAT(committer_->Status().keys, ElementsAre(TestVerifierKey(first_).ToString()));

  ASSERT_OK(Start(first_, &second_));
  EXPECT_THAT(committer_->Status().keys, SizeIs(2));
  absl::StatusOr<Committed> overlap = SubmitOne(*committer_, TestEntry("OVERLAP"));
  ASSERT_OK(overlap);
  // A receipt of the overlap holds for whoever knows either key.
  EXPECT_OK(CheckReceipt(*overlap, TestVerifierKey(first_)));
  EXPECT_OK(CheckReceipt(*overlap, TestVerifierKey(second_)));
  ASSERT_OK(CheckFromFirstKey());

  ASSERT_OK(Start(second_));
  const absl::StatusOr<Committed> after = SubmitOne(*committer_, TestEntry("AFTER"));
  ASSERT_OK(after);
  EXPECT_FALSE(CheckReceipt(*after, TestVerifierKey(first_)).ok());
  EXPECT_OK(CheckReceipt(*after, TestVerifierKey(second_)));
  EXPECT_OK(CheckFromFirstKey());
  EXPECT_OK(CheckWholeLog(*store_));
}

TEST_F(CommitterKeysTest, TheEntryThatBringsAKeyIsSignedByTheOldOne) {
  ASSERT_OK(Start(first_));
  ASSERT_OK(Start(first_, &second_));
  const auto leaves = store_->ReadLeaves(1, 1, 0);
  ASSERT_OK(leaves);
  const auto leaf = ParseLeaf((*leaves)[0]);
  ASSERT_OK(leaf);
  EXPECT_EQ(leaf->known_type, EntryType::kKey);
  const std::string vkey = TestVerifierKey(second_).ToString();
  EXPECT_EQ(leaf->Get("vkey"), absl::string_view(vkey));
  EXPECT_TRUE(crypto::VerifyEd25519(first_.public_key(), KeyStatement(kKeyAdded, vkey),
                                    *Base64Decode(leaf->Get("sig"))));
}

TEST_F(CommitterKeysTest, AStartWithTheSameKeysRecordsNothing) {
  ASSERT_OK(Start(first_, &second_));
  const uint64_t size = committer_->Status().size;
  EXPECT_EQ(size, 2u);
  ASSERT_OK(Start(first_, &second_));
  EXPECT_EQ(committer_->Status().size, size);
  // In whichever order they are named.
  ASSERT_OK(Start(second_, &first_));
  EXPECT_EQ(committer_->Status().size, size);
}

TEST_F(CommitterKeysTest, OneKeyGoesAndTheNextComesInOneStart) {
  ASSERT_OK(Start(first_, &second_));
  ASSERT_OK(Start(second_, &third_));
  EXPECT_THAT(committer_->Status().keys,
              ElementsAre(TestVerifierKey(second_).ToString(), TestVerifierKey(third_).ToString()));
  ASSERT_OK(Start(third_));
  EXPECT_OK(CheckFromFirstKey());
}

TEST_F(CommitterKeysTest, AKeyThatTheLogDoesNotHaveCannotTakeItOver) {
  ASSERT_OK(Start(first_));
  EXPECT_THAT(Start(second_),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("a key that it has")));
  EXPECT_THAT(Start(second_, &third_),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("a key that it has")));
}

TEST_F(CommitterKeysTest, ARetiredKeyNeverComesBack) {
  ASSERT_OK(Start(first_, &second_));
  ASSERT_OK(Start(second_));
  EXPECT_THAT(Start(first_),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("can never return")));
  EXPECT_THAT(Start(second_, &first_),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("can never return")));
}

// The guard file was written before the keys changed: a start that died between the commit and the
// file leaves exactly that.
TEST_F(CommitterKeysTest, AGuardFileFromBeforeTheChangeStillGuards) {
  ASSERT_OK(Start(first_));
  const absl::StatusOr<std::string> old_guard = ReadFile(folder_ / "head");
  ASSERT_OK(old_guard);
  ASSERT_OK(Start(first_, &second_));
  committer_.reset();
  ASSERT_OK(WriteFile(folder_ / "head", *old_guard));
  ASSERT_OK(Start(second_));
  committer_.reset();
  ASSERT_OK(WriteFile(folder_ / "head", *old_guard));
  EXPECT_OK(Start(second_));
}

}  // namespace
}  // namespace chayan::log
