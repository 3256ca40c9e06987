// Goal: the log's side of add-checkpoint takes what a right witness gives and believes nothing
// else.
// Method: real witnesses (gateway/witness) and liars behind a world without a network.
#include "gateway/log/witness_client.h"

#include <memory>

#include "gateway/base/clock.h"
#include "gateway/base/random.h"
#include "gateway/base/status_matchers.h"
#include "gateway/log/anchor_fakes.h"
#include "gateway/store/test_folder.h"
#include "gateway/tlog/add_checkpoint.h"
#include "gateway/tlog/checkpoint.h"
#include "gateway/tlog/test_tree.h"

namespace chayan::log {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kOrigin[] = "gateway.example/log/test";
constexpr char kUrl[] = "http://one";

class WitnessClientTest : public ::testing::Test {
 protected:
  void SetUp() override {
    SeededRandom random(1);
    log_ = std::make_unique<tlog::NoteSigner>(
        kOrigin, tlog::KeyType::kEd25519,
        std::make_shared<crypto::Ed25519Key>(crypto::Ed25519Key::Generate(random)));
    witness_ = *witness::Witness::Create(
        {.state_directory = folder_ / "state",
         .logs = *tlog::Policy::Parse(
             absl::StrCat("log ", log_->verifier_key().ToString(), "\nquorum none\n"))},
        signer_, clock_);
    world_.Answer(kUrl, HandlerOf(*witness_, kUrl));
  }

  std::string NoteOf(uint64_t size) {
    return *tlog::SignCheckpoint({size, tree_.Root(size)}, *log_);
  }
  WitnessReply Ask(uint64_t size, uint64_t known_size, const std::string& monitoring_url = "") {
    return AskWitness(
        {signer_.verifier_key(), kUrl, monitoring_url, ""},
        {.origin = kOrigin, .note = NoteOf(size), .size = size, .known_size = known_size},
        [this](uint64_t old_size, uint64_t new_size) {
          return absl::StatusOr<std::vector<tlog::Hash>>(tree_.Consistency(old_size, new_size));
        },
        world_);
  }
  void Lie(int status, const std::string& body, const std::string& type = "text/plain") {
    world_.Answer(std::string(kUrl) + "/add-checkpoint", [=](const AnchorRequest&) {
      return AnchorAnswer{status, type, body};
    });
  }

  store::TestFolder folder_;
  SimulatedClock clock_{absl::FromUnixSeconds(1'767'225'600)};
  tlog::NoteSigner signer_ = WitnessSigner("witness.example/one", 7);
  std::unique_ptr<tlog::NoteSigner> log_;
  tlog::TestTree tree_{"entry"};
  std::unique_ptr<witness::Witness> witness_;
  FakeWorld world_;
};

TEST_F(WitnessClientTest, LearnsTheSizeThatAWitnessKnows) {
  WitnessReply reply = Ask(5, 0);
  ASSERT_TRUE(reply.cosignature.has_value()) << reply.fault;
  EXPECT_EQ(reply.known_size, 5u);
  // A process that was started anew knows nothing: two requests, then one.
  reply = Ask(8, 0);
  ASSERT_TRUE(reply.cosignature.has_value()) << reply.fault;
  reply = Ask(300, reply.known_size);
  ASSERT_TRUE(reply.cosignature.has_value()) << reply.fault;
  // Again, by a size that another gateway of the log moved on.
  reply = Ask(301, 8);
  ASSERT_TRUE(reply.cosignature.has_value()) << reply.fault;
  const std::string post = "POST http://one/add-checkpoint";
  EXPECT_THAT(world_.requests(), ElementsAre(post, post, post, post, post, post));
}

TEST_F(WitnessClientTest, WhatAWitnessKnowsBeyondTheCheckpointIsAskedFor) {
  ASSERT_TRUE(Ask(8, 0).cosignature.has_value());
  for (const uint64_t known_size : {0, 3, 8}) {
    const WitnessReply reply = Ask(5, known_size);
    EXPECT_FALSE(reply.cosignature.has_value());
    EXPECT_THAT(reply.fault, HasSubstr("cosigned 8 entries, was shown 5"));
    EXPECT_EQ(tlog::OpenCheckpoint(reply.shown, log_->verifier_key())->head.size, 8u);
  }
  const WitnessReply elsewhere = Ask(5, 0, "http://monitor");
  EXPECT_THAT(elsewhere.shown, IsEmpty());
  EXPECT_EQ(world_.requests().back(), "GET http://monitor" + tlog::MonitoringPath(kOrigin));
}

TEST_F(WitnessClientTest, BelievesNothingButASignature) {
  const std::string foreign =
      *WitnessSigner("witness.example/one", 8).Cosign(tlog::ParseNote(NoteOf(5))->text, 1);
  std::string wrong = *signer_.Cosign("another text\n", 1);
  struct Row {
    int status;
    std::string body;
    std::string type;
    std::string fault;
  };
  const Row rows[] = {
      {200, "garbage", "", "no signature line"},
      {200, "", "", "no signature line"},
      {200, foreign, "", "no signature by the key in the registry"},
      {200, wrong, "", "does not hold"},
      {200, foreign + wrong, "", "does not hold"},
      {200, std::string(100'000, 'x'), "", "no signature line"},
      {409, "18446744073709551615\n", tlog::kTlogSizeType, "cosigned 18446744073709551615"},
      {409, "99999999999999999999\n", tlog::kTlogSizeType, "without the size"},
      {409, "-1\n", tlog::kTlogSizeType, "without the size"},
      {409, "3\n", "text/plain", "without the size"},
      {409, "3\n", tlog::kTlogSizeType, "cosigned 3 entries"},  // whatever it is sent
      {403, "", "", "give its operator the log's vkey"},
      {404, "", "", "give its operator the log's vkey"},
      {422, "", "", "no continuation"},
      {500, "", "", "status 500"},
      {302, "", "", "status 302"},
  };
  for (const Row& row : rows) {
    Lie(row.status, row.body, row.type);
    const WitnessReply reply = Ask(5, 0);
    EXPECT_FALSE(reply.cosignature.has_value()) << row.fault;
    EXPECT_THAT(reply.fault, HasSubstr(row.fault));
  }
  // A stranger's line beside the right one harms nobody.
  Lie(200, foreign + *signer_.Cosign(tlog::ParseNote(NoteOf(5))->text, 1), "");
  EXPECT_TRUE(Ask(5, 0).cosignature.has_value());
  world_.Silence(std::string(kUrl) + "/add-checkpoint");
  world_.Silence(kUrl);
  EXPECT_THAT(Ask(5, 0).fault, HasSubstr("connection refused"));
}

}  // namespace
}  // namespace chayan::log
