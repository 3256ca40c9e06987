// Goal: a witness answers exactly as c2sp.org/tlog-witness says, never cosigns two histories, and
// what it cosigned is on the disk before its cosignature leaves.
// Method: logs of known leaves; each answer is checked by the formats' own verifiers; the state
// folder is reopened, taken away and altered.
#include "gateway/witness/witness.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gateway/base/file.h"
#include "gateway/base/status_matchers.h"
#include "gateway/crypto/signing_key.h"
#include "gateway/tlog/add_checkpoint.h"
#include "gateway/tlog/checkpoint.h"
#include "gateway/tlog/note.h"
#include "gateway/tlog/test_tree.h"
#include "gateway/witness/witness_key.h"

namespace chayan::witness {
namespace {

using ::testing::HasSubstr;

constexpr char kOrigin[] = "gateway.example/log/test";

tlog::NoteSigner SignerOf(const std::string& name, tlog::KeyType type, uint64_t seed) {
  SeededRandom random(seed);
  return tlog::NoteSigner(
      name, type, std::make_shared<crypto::Ed25519Key>(crypto::Ed25519Key::Generate(random)));
}

class WitnessTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "/witness.XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    Reopen();
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  absl::StatusOr<std::unique_ptr<Witness>> Open(tlog::NoteSigner key) {
    return Witness::Create({.state_directory = folder_ + "/state",
                            .logs = *tlog::Policy::Parse(absl::StrCat(
                                "log ", log_.verifier_key().ToString(), "\nquorum none\n"))},
                           std::move(key), clock_);
  }
  void Reopen() {
    witness_.reset();
    auto opened = Open(key_);
    ASSERT_OK(opened);
    witness_ = *std::move(opened);
  }

  std::string Note(const tlog::TestTree& log, uint64_t size) {
    return *tlog::SignCheckpoint({size, log.Root(size)}, log_);
  }
  Answer Add(uint64_t old_size, uint64_t size, const tlog::TestTree& log) {
    std::vector<tlog::Hash> proof;
    if (old_size > 0 && old_size <= size) proof = log.Consistency(old_size, size);
    return witness_->AddCheckpoint(tlog::FormatAddCheckpoint({old_size, proof, Note(log, size)}));
  }

  std::string folder_;
  SimulatedClock clock_{absl::FromUnixSeconds(1'767'225'600)};
  tlog::NoteSigner log_ = SignerOf(kOrigin, tlog::KeyType::kEd25519, 1);
  tlog::NoteSigner key_ = SignerOf("witness.example/w1", tlog::KeyType::kCosignatureV1, 2);
  tlog::TestTree honest_{"entry"};
  tlog::TestTree forked_{"other"};
  std::unique_ptr<Witness> witness_;
};

TEST_F(WitnessTest, CosignsALogThatOnlyGrows) {
  uint64_t old_size = 0;
  for (const uint64_t size : {0, 1, 5, 5, 6, 300}) {
    const Answer answer = Add(old_size, size, honest_);
    ASSERT_EQ(answer.status, 200) << size << ": " << answer.body;
    const std::string text = tlog::ParseNote(Note(honest_, size))->text;
    const auto note = tlog::ParseNote(tlog::FormatNote(text, answer.body));
    ASSERT_OK(note);
    const auto verified = tlog::VerifySignatures(*note, std::span(&key_.verifier_key(), 1));
    ASSERT_OK(verified);
    ASSERT_EQ(verified->size(), 1u);
    EXPECT_EQ((*verified)[0].posix_seconds, 1'767'225'600u);
    // Log's and own signature, for whoever monitors.
    const Answer shown = witness_->Monitor(tlog::MonitoringPath(kOrigin));
    EXPECT_EQ(shown.status, 200);
    EXPECT_EQ(tlog::OpenCheckpoint(shown.body, log_.verifier_key())->head.size, size);
    EXPECT_EQ(shown.body, *witness_->LastCheckpoint(kOrigin));
    old_size = size;
  }
}

TEST_F(WitnessTest, AnswersEachFaultWithItsOwnStatus) {
  ASSERT_EQ(Add(0, 5, honest_).status, 200);
  // 409: with the size that it knows.
  for (const uint64_t old_size : {0, 3, 6}) {
    const Answer answer = Add(old_size, 6, honest_);
    EXPECT_EQ(answer.status, 409);
    EXPECT_EQ(answer.body, "5\n");
    EXPECT_EQ(answer.content_type, "text/x.tlog.size");
  }
  EXPECT_EQ(Add(5, 4, honest_).status, 400);  // old size above the checkpoint's
  EXPECT_EQ(Add(5, 8, forked_).status, 422);  // another history
  EXPECT_EQ(Add(5, 5, forked_).status, 422);  // another root of the same size
  const std::string note = Note(honest_, 8);
  const std::vector<std::string> malformed = {"",
                                              "old 5",
                                              "old 5\n",
                                              "old 05\n\n" + note,
                                              "old -1\n\n" + note,
                                              "old 5\nAAAA\n\n" + note,
                                              "old 5\n\nno note",
                                              "new 5\n\n" + note,
                                              "old 5\n\ntext\n\n— a AAAAAAA=\n"};
  for (const std::string& body : malformed) {
    EXPECT_EQ(witness_->AddCheckpoint(body).status, 400) << body;
  }
  const tlog::NoteSigner stranger = SignerOf(kOrigin, tlog::KeyType::kEd25519, 3);
  EXPECT_EQ(witness_
                ->AddCheckpoint(tlog::FormatAddCheckpoint(
                    {5, honest_.Consistency(5, 8),
                     *tlog::SignCheckpoint({8, honest_.Root(8)}, stranger)}))
                .status,
            403);
  const tlog::NoteSigner other = SignerOf("other.example/log", tlog::KeyType::kEd25519, 3);
  EXPECT_EQ(witness_
                ->AddCheckpoint(tlog::FormatAddCheckpoint(
                    {0, {}, *tlog::SignCheckpoint({8, honest_.Root(8)}, other)}))
                .status,
            404);
  // None of these moved it.
  EXPECT_EQ(Add(5, 8, honest_).status, 200);
}

TEST_F(WitnessTest, AFirstCheckpointTakesNoProof) {
  EXPECT_EQ(witness_
                ->AddCheckpoint(
                    tlog::FormatAddCheckpoint({0, honest_.Consistency(5, 8), Note(honest_, 8)}))
                .status,
            422);
  EXPECT_EQ(witness_->Monitor(tlog::MonitoringPath(kOrigin)).status, 404);
  EXPECT_TRUE(absl::IsNotFound(witness_->LastCheckpoint(kOrigin).status()));
  EXPECT_EQ(witness_->Monitor("/checkpoint").status, 404);
}

TEST_F(WitnessTest, RemembersAcrossARestart) {
  ASSERT_EQ(Add(0, 5, honest_).status, 200);
  Reopen();
  EXPECT_EQ(Add(0, 8, forked_).body, "5\n");
  EXPECT_EQ(Add(5, 8, forked_).status, 422);
  EXPECT_EQ(Add(5, 8, honest_).status, 200);
}

TEST_F(WitnessTest, SignsNothingThatItCannotRemember) {
  ASSERT_EQ(Add(0, 5, honest_).status, 200);
  // A folder in the file's place: it can be replaced by no rename.
  std::string state;
  for (const auto& file : std::filesystem::directory_iterator(folder_ + "/state")) {
    if (file.path().filename() != "lock") state = file.path();
  }
  std::filesystem::rename(state, state + ".away");
  std::filesystem::create_directory(state);
  EXPECT_EQ(Add(5, 8, honest_).status, 500);
  std::filesystem::remove(state);
  std::filesystem::rename(state + ".away", state);
  EXPECT_EQ(Add(5, 7, honest_).status, 200);
}

TEST_F(WitnessTest, RefusesAStateThatIsNotItsOwn) {
  ASSERT_EQ(Add(0, 5, honest_).status, 200);
  EXPECT_THAT(Open(key_), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("runs")));
  witness_.reset();
  EXPECT_THAT(Open(SignerOf("witness.example/w1", tlog::KeyType::kCosignatureV1, 9)),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("new key")));
  EXPECT_OK(Open(key_));
}

TEST_F(WitnessTest, KeepsItsKeyInAFileThatIsNeverReplaced) {
  SeededRandom random(5);
  const std::string path = folder_ + "/key";
  const auto made = GenerateKeyFile(path, "witness.example/w2", random);
  ASSERT_OK(made);
  EXPECT_EQ(ReadKeyFile(path)->verifier_key(), *made);
  EXPECT_EQ(std::filesystem::status(path).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_TRUE(absl::IsAlreadyExists(GenerateKeyFile(path, "witness.example/w2", random).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(GenerateKeyFile(path + "2", "a b", random).status()));
  ASSERT_OK(WriteFile(path + "3", "nonsense\n"));
  EXPECT_THAT(ReadKeyFile(path + "3"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(path + "3")));
}

}  // namespace
}  // namespace chayan::witness
