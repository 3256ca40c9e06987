// Goal: what is published is what witnesses cosigned; the quorum rules hold; only proof stops the
// gateway, and whatever else a witness says is that witness's fault. No answer waits for any of it.
// Method: the real committer over the real SQLite store; real witnesses and liars behind a world
// without a network; time and threads run when a test says so.
#include "gateway/log/publisher.h"

#include <stdlib.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gateway/base/file.h"
#include "gateway/base/status_matchers.h"
#include "gateway/crypto/timestamp.h"
#include "gateway/log/anchor_fakes.h"
#include "gateway/log/start_question.h"
#include "gateway/log/test_log.h"
#include "gateway/log/timestamper.h"
#include "gateway/log/tree_reader.h"
#include "gateway/registry/sample_set.h"
#include "gateway/store/sqlite.h"
#include "gateway/store/test_folder.h"
#include "gateway/tlog/add_checkpoint.h"
#include "gateway/tlog/inclusion_check.h"
#include "gateway/tlog/note.h"
#include "gateway/tlog/test_tree.h"

namespace chayan::log {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// Called witnesses "one" and "two", and "three", which dials in as witness-1/witness.
class PublisherTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(MakeDirectories(folder_ / "head"));
    for (const char* const name : {"one", "two", "three"}) {
      witnesses_.push_back(*witness::Witness::Create(
          {.state_directory = folder_ / name,
           .logs = *tlog::Policy::Parse(
               absl::StrCat("log ", TestVerifierKey(key_).ToString(), "\nquorum none\n"))},
          SignerOf(name), clock_));
    }
    for (size_t i = 0; i < 2; ++i) Connect(i);
    SetPolicy(PolicyText("quorum: \"two-of-three\" missing_quorum: MISSING_QUORUM_ALARM"));
    Open();
  }
  void TearDown() override {
    // Everything that was ever answered for is in the log, whatever witnesses said.
    publisher_.reset();
    committer_.reset();
    EXPECT_OK(CheckWholeLog(*store_));
  }

  static tlog::NoteSigner SignerOf(const std::string& name) {
    return WitnessSigner("witness.example/" + name, name[0] + 256 * uint64_t{name[1] == 'h'});
  }
  static std::string Url(size_t i) { return i == 0 ? "http://one" : "http://two"; }
  void Connect(size_t i) { world_.Answer(Url(i), HandlerOf(*witnesses_[i], Url(i))); }

  static std::string PolicyText(const std::string& rest) {
    const auto vkey = [](const char* name) { return SignerOf(name).verifier_key().ToString(); };
    return absl::StrCat(
        "witness_policy { witnesses { name: \"one\" vkey: \"", vkey("one"),
        "\" url: \"http://one\" } witnesses { name: \"two\" vkey: \"", vkey("two"),
        "\" url: \"http://two\" } witnesses { name: \"three\" vkey: \"", vkey("three"),
        "\" dials_in { member: \"witness-1\" system: \"witness\" } } "
        "groups { name: \"two-of-three\" members: [\"one\", \"two\", \"three\"] threshold: 2 } ",
        rest, " }");
  }
  void SetPolicy(const std::string& text) {
    registry::Files files = registry::SampleFiles();
    if (!text.empty()) files.emplace_back("witnesses.textproto", text);
    std::vector<std::string> faults;
    const auto snapshot = registry::Snapshot::Create(std::move(files), &faults);
    ASSERT_OK(snapshot) << absl::StrJoin(faults, "\n");
    registry_ = *snapshot;
  }

  void Open() {
    publisher_.reset();
    committer_.reset();
    store_.reset();
    store_ = *store::SqliteStore::Open(folder_ / "store.db");
    auto committer = Committer::Create({"gw-1", kTestOrigin, folder_ / "head/head"}, *store_, key_,
                                       clock_, random_, TestRegistry());
    ASSERT_OK(committer);
    committer_ = *std::move(committer);
    auto publisher = Publisher::Create(
        {.own_keys = own_keys_, .registry = [this] { return registry_; }, .start_alarm = ""},
        *committer_, *store_, world_, lanes_, clock_, random_);
    ASSERT_OK(publisher);
    publisher_ = *std::move(publisher);
  }

  // One entry more.
  void Append() { ASSERT_OK(SubmitOne(*committer_, TestEntry("NO_GRANT"))); }
  // A second passes, what is due is sent and answered, and the answers are taken.
  void Step(absl::Duration pause = absl::Seconds(1)) {
    clock_.Advance(pause);
    publisher_->Tick();
    lanes_.RunAll();
    publisher_->Tick();
  }

  tlog::CheckpointStanding Standing(const std::string& note) {
    const auto policy = tlog::Policy::Parse(registry::TlogPolicyText(
        registry_->witness_policy()->proto, TestVerifierKey(key_).ToString()));
    auto standing = tlog::CheckCheckpoint(note, *policy);
    EXPECT_OK(standing);
    return standing.ok() ? *standing : tlog::CheckpointStanding{};
  }
  std::string FaultOf(size_t i) const { return publisher_->Status().witnesses[i].fault; }
  // Lets a called witness answer everything alike, but show `note` to monitors.
  void Lie(size_t i, int status, const std::string& body, const std::string& note) {
    world_.Answer(Url(i), [=](const AnchorRequest& request) -> absl::StatusOr<AnchorAnswer> {
      if (request.content_type.empty()) return AnchorAnswer{note.empty() ? 404 : 200, "", note};
      return AnchorAnswer{status, status == 409 ? tlog::kTlogSizeType : "", body};
    });
  }
  // A checkpoint of another history, signed by the log's own key or by another of the same name.
  std::string Forged(uint64_t size, bool own_key = true) {
    const crypto::Ed25519Key other = TestKey(99);
    const tlog::NoteSigner signer(kTestOrigin, tlog::KeyType::kEd25519,
                                  std::make_shared<crypto::Ed25519Key>(own_key ? key_ : other));
    return *tlog::SignCheckpoint({size, tlog::TestTree("forged").Root(size)}, signer);
  }
  void ExpectAnswers() { Append(); }

  store::TestFolder folder_;
  SimulatedClock clock_{absl::FromUnixSeconds(1'767'225'600)};
  SeededRandom random_{3};
  crypto::Ed25519Key key_ = TestKey();
  std::vector<tlog::VerifierKey> own_keys_ = {TestVerifierKey(key_)};
  std::shared_ptr<const registry::Snapshot> registry_;
  FakeWorld world_;
  std::vector<std::unique_ptr<witness::Witness>> witnesses_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<Committer> committer_;
  HeldLanes lanes_;
  std::unique_ptr<Publisher> publisher_;
};

TEST_F(PublisherTest, PublishesWithTheCosignaturesThatCame) {
  Append();
  Step();
  const PublisherStatus status = publisher_->Status();
  EXPECT_EQ(status.published_size, 2u);
  EXPECT_EQ(status.witnessed_size, 2u);
  EXPECT_THAT(status.alarms, IsEmpty());
  const tlog::CheckpointStanding standing = Standing(publisher_->Witnessed());
  EXPECT_TRUE(standing.quorum_met);
  EXPECT_EQ(standing.checkpoint.head.size, 2u);
  ASSERT_EQ(standing.witnesses.size(), 2u);
  EXPECT_EQ(standing.witnesses[0].name, "one");
  const auto row = store_->publications()->ReadNewest(store::PublicationKind::kWitnessed);
  ASSERT_OK(row);
  EXPECT_EQ(row->note, publisher_->Witnessed());
}

TEST_F(PublisherTest, PublishesAtMostOnceASecondAndOnlyWhatIsNew) {
  Step();
  ASSERT_EQ(publisher_->Status().published_size, 1u);
  Append();
  Step(absl::Milliseconds(900));
  EXPECT_EQ(publisher_->Status().published_size, 1u);
  Step(absl::Milliseconds(100));
  EXPECT_EQ(publisher_->Status().published_size, 2u);
  const size_t requests = world_.requests().size();
  for (int i = 0; i < 5; ++i) Step();
  EXPECT_EQ(world_.requests().size(), requests);
}

TEST_F(PublisherTest, WithoutAPolicyNobodyIsAskedAndAPolicyTakesEffectAlive) {
  SetPolicy("");
  Append();
  Step();
  EXPECT_FALSE(publisher_->Status().publishing);
  EXPECT_EQ(publisher_->Published(), committer_->Checkpoint());
  EXPECT_EQ(publisher_->Witnessed(), "");
  const auto row = store_->publications()->ReadFirst(2, store::PublicationKind::kAny);
  ASSERT_OK(row);
  EXPECT_EQ(row->note, committer_->Checkpoint());
  EXPECT_FALSE(row->witnessed);
  // No older one proves more than the newest.
  Append();
  EXPECT_EQ(publisher_->BestCheckpoint(), committer_->Checkpoint());
  EXPECT_THAT(world_.requests(), IsEmpty());
  SetPolicy(PolicyText("quorum: \"one\" missing_quorum: MISSING_QUORUM_ALARM"));
  // What stands published is for its witnesses first.
  Step();
  EXPECT_EQ(publisher_->Status().witnessed_size, 2u);
  Step();
  EXPECT_EQ(publisher_->Status().witnessed_size, 3u);
  SetPolicy("");
  Step();
  EXPECT_EQ(publisher_->Witnessed(), "");
}

TEST_F(PublisherTest, AFirstPolicyIsNotLateForWhatNobodyWasAskedToCosign) {
  SetPolicy("");
  Append();
  Step();
  Step(absl::Hours(48));
  for (size_t i = 0; i < 2; ++i) world_.Silence(Url(i));
  SetPolicy(PolicyText("quorum: \"one\" missing_quorum: MISSING_QUORUM_CLOSED"));
  Step();
  EXPECT_THAT(publisher_->Status().alarms, Not(Contains("quorum.missing")));
  ExpectAnswers();
  Step(absl::Minutes(16));
  EXPECT_THAT(publisher_->Status().alarms, Contains("quorum.missing"));
}

TEST_F(PublisherTest, AQuorumIsEnoughAndStragglersArePolledOn) {
  world_.Silence(Url(1));
  Append();
  Step();
  EXPECT_EQ(publisher_->Status().witnessed_size, 0u);
  EXPECT_THAT(FaultOf(1), HasSubstr("connection refused"));
  EXPECT_THAT(publisher_->Status().alarms, ElementsAre("witness.fault"));
  Step();
  EXPECT_EQ(publisher_->Status().witnessed_size, 0u);
  Connect(1);
  for (int i = 0; i < 4; ++i) Step();
  EXPECT_EQ(publisher_->Status().witnessed_size, 2u);
  EXPECT_EQ(FaultOf(1), "");
}

TEST_F(PublisherTest, AWitnessThatDialsInCounts) {
  world_.Silence(Url(1));
  Append();
  Step();
  const std::string note = publisher_->Published();
  const std::string text = tlog::ParseNote(note)->text;
  const std::string line = *SignerOf("three").Cosign(text, 1'767'225'600);
  EXPECT_TRUE(absl::IsPermissionDenied(publisher_->TakeCosignature("witness-1", "other", 2, line)));
  EXPECT_TRUE(absl::IsNotFound(publisher_->TakeCosignature("witness-1", "witness", 3, line)));
  for (const std::string& wrong : {std::string("garbage"), *SignerOf("two").Cosign(text, 1),
                                   *SignerOf("three").Cosign("another text\n", 1)}) {
    EXPECT_TRUE(
        absl::IsInvalidArgument(publisher_->TakeCosignature("witness-1", "witness", 2, wrong)));
  }
  EXPECT_OK(publisher_->TakeCosignature("witness-1", "witness", 2, line));
  publisher_->Tick();
  EXPECT_EQ(publisher_->Status().witnessed_size, 2u);
  const tlog::CheckpointStanding standing = Standing(publisher_->Witnessed());
  ASSERT_EQ(standing.witnesses.size(), 2u);
  EXPECT_EQ(standing.witnesses[1].name, "three");
}

// Two that dial in every other second must meet the same checkpoint, however fast the log grows.
TEST_F(PublisherTest, ACheckpointWaitsAWhileForItsQuorum) {
  world_.Silence(Url(0));
  Append();
  Step();
  ASSERT_EQ(publisher_->Status().published_size, 2u);
  for (int second = 1; second < 5; ++second) {
    Append();
    Step();
    EXPECT_EQ(publisher_->Status().published_size, 2u) << second;
  }
  Append();
  Step();
  EXPECT_EQ(publisher_->Status().published_size, 7u);
}

TEST_F(PublisherTest, AWitnessThatDoesNotDialInIsAtFault) {
  Append();
  Step();
  Step(kDialInSilenceMax + absl::Seconds(1));
  EXPECT_THAT(FaultOf(2), HasSubstr("has not dialled in"));
  // The quorum is there without it.
  EXPECT_THAT(publisher_->Status().alarms, ElementsAre("witness.fault"));
}

TEST_F(PublisherTest, LiesStopNobody) {
  const std::string text = tlog::ParseNote(committer_->Checkpoint())->text;
  struct Row {
    int status;
    std::string body;
    std::string note;
    std::string fault;
  };
  const Row rows[] = {
      {200, "garbage", "", "no signature line"},
      {200, *SignerOf("two").Cosign(text, 1), "", "no signature by the key"},
      {200, *SignerOf("one").Cosign("other\n", 1), "", "does not hold"},
      {409, "18446744073709551615\n", "", "says that it cosigned"},
      {409, "1000\n", Forged(1000, /*own_key=*/false), "not signed by this log"},
      {409, "1000\n", "no note at all", "not signed by this log"},
      {409, "1000\n", committer_->Checkpoint(), "of this very log"},
      {422, "", Forged(1, /*own_key=*/false), "not signed by this log"},
      {500, "", "", "status 500"},
  };
  for (const Row& row : rows) {
    Lie(0, row.status, row.body, row.note);
    Append();
    Step();
    Step(kWitnessRetryMax);
    EXPECT_THAT(FaultOf(0), HasSubstr(row.fault)) << row.status << " " << row.body;
    EXPECT_FALSE(committer_->Status().stopped_by_fault) << row.fault;
    ExpectAnswers();
  }
}

TEST_F(PublisherTest, StopsOnACheckpointOfItsOwnThatIsLargerThanTheLog) {
  Append();
  Lie(0, 409, "1000\n", Forged(1000));
  Step();
  const CommitterStatus status = committer_->Status();
  EXPECT_TRUE(status.stopped_by_fault);
  EXPECT_THAT(status.fault, HasSubstr("witness one shows a checkpoint of 1000 entries"));
  EXPECT_TRUE(absl::IsUnavailable(SubmitOne(*committer_, TestEntry("NO_GRANT")).status()));
}

TEST_F(PublisherTest, StopsOnACheckpointOfItsOwnWithAnotherHistory) {
  Append();
  Append();
  Lie(0, 422, "", Forged(2));
  Step();
  EXPECT_TRUE(committer_->Status().stopped_by_fault);
  EXPECT_THAT(committer_->Status().fault, HasSubstr("another root than the first 2 entries"));
}

TEST_F(PublisherTest, StopsOnTheProofOfAWitnessThatDialsIn) {
  Append();
  Step();
  ASSERT_OK(publisher_->TakeConflict("witness-1", "witness", "garbage"));
  publisher_->Tick();
  EXPECT_FALSE(committer_->Status().stopped_by_fault);
  EXPECT_THAT(FaultOf(2), HasSubstr("not signed by this log"));
  EXPECT_TRUE(
      absl::IsPermissionDenied(publisher_->TakeConflict("witness-1", "other", Forged(1000))));
  ASSERT_OK(publisher_->TakeConflict("witness-1", "witness", Forged(1000)));
  publisher_->Tick();
  EXPECT_THAT(committer_->Status().fault, HasSubstr("witness three shows"));
}

// A late answer, or a second gateway of the same log: what the witness shows was appended after the
// checkpoint it was asked about.
TEST_F(PublisherTest, WhatWasAppendedMeanwhileIsNoProof) {
  Append();
  clock_.Advance(absl::Seconds(1));
  publisher_->Tick();
  Append();
  Append();
  Lie(0, 409, "4\n", committer_->Checkpoint());
  lanes_.RunAll();
  publisher_->Tick();
  EXPECT_FALSE(committer_->Status().stopped_by_fault);
  EXPECT_THAT(FaultOf(0), HasSubstr("of this very log"));
  ExpectAnswers();
}

TEST_F(PublisherTest, AnAlarmWhenTheQuorumStaysAwayLongerThanTheGrace) {
  Append();
  Step();
  world_.Silence(Url(0));
  Append();
  Step();
  Step(absl::Minutes(14));
  EXPECT_THAT(publisher_->Status().alarms, Not(Contains("quorum.missing")));
  Step(absl::Minutes(2));
  EXPECT_THAT(publisher_->Status().alarms, Contains("quorum.missing"));
  EXPECT_FALSE(publisher_->Status().closed);
  ExpectAnswers();
  Connect(0);
  Step(kWitnessRetryMax);
  Step(kQuorumPatience);
  EXPECT_THAT(publisher_->Status().alarms, Not(Contains("quorum.missing")));
}

TEST_F(PublisherTest, AClosedPolicyClosesTheLogUntilTheQuorumIsBack) {
  SetPolicy(PolicyText(
      "quorum: \"two-of-three\" grace_seconds: 60 missing_quorum: MISSING_QUORUM_CLOSED"));
  world_.Silence(Url(0));
  Append();
  Step();
  Step(absl::Seconds(61));
  EXPECT_TRUE(publisher_->Status().closed);
  const absl::Status refusal = SubmitOne(*committer_, TestEntry("NO_GRANT")).status();
  EXPECT_THAT(refusal, StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("no quorum")));
  EXPECT_EQ(committer_->CheckTaking(), refusal);
  EXPECT_FALSE(committer_->Status().stopped_by_fault);
  // The operator looks, and could change the policy.
  Entry look = TestEntry("");
  look.type = EntryType::kOperator;
  look.system = "console";
  look.method = "GetStatus";
  EXPECT_OK(SubmitOne(*committer_, look));
  Connect(0);
  Step(kWitnessRetryMax);
  Step(kQuorumPatience);
  EXPECT_FALSE(publisher_->Status().closed);
  ExpectAnswers();
  // A change of the policy opens it as well.
  world_.Silence(Url(0));
  Step();
  Step(absl::Seconds(70));
  ASSERT_TRUE(publisher_->Status().closed);
  SetPolicy(PolicyText("quorum: \"two\" missing_quorum: MISSING_QUORUM_CLOSED"));
  Step();
  EXPECT_FALSE(publisher_->Status().closed);
  ExpectAnswers();
}

TEST_F(PublisherTest, AnIdleLogMissesNoQuorum) {
  Append();
  Step();
  world_.Silence(Url(0));
  world_.Silence(Url(1));
  Step(absl::Hours(48));
  EXPECT_THAT(publisher_->Status().alarms, Not(Contains("quorum.missing")));
}

TEST_F(PublisherTest, RemembersAcrossARestartAndTheGraceGoesOn) {
  Append();
  Step();
  const std::string witnessed = publisher_->Witnessed();
  world_.Silence(Url(0));
  Append();
  Step();
  clock_.Advance(absl::Minutes(10));
  Open();
  publisher_->Tick();
  EXPECT_EQ(publisher_->Witnessed(), witnessed);
  EXPECT_EQ(publisher_->Status().published_size, 3u);
  EXPECT_THAT(publisher_->Status().alarms, Not(Contains("quorum.missing")));
  lanes_.RunAll();
  Step(absl::Minutes(6));
  EXPECT_THAT(publisher_->Status().alarms, Contains("quorum.missing"));
  // The cosignature of before still counts for the checkpoint that was open.
  Connect(0);
  Step(kWitnessRetryMax);
  EXPECT_EQ(publisher_->Status().witnessed_size, 3u);
}

TEST_F(PublisherTest, ProvesUnderTheBestCheckpointThatCoversAnEntry) {
  for (int i = 0; i < 3; ++i) Append();
  Step();  // 4 entries, witnessed
  world_.Silence(Url(0));
  Append();
  Step();  // 5, published
  Append();
  const auto size_under = [this](uint64_t index) -> uint64_t {
    const auto proof = publisher_->Prove(index);
    EXPECT_OK(proof);
    const auto head = CheckReceipt(*proof, own_keys_[0]);
    EXPECT_OK(head);
    return head->size;
  };
  EXPECT_EQ(size_under(0), 4u);
  EXPECT_EQ(size_under(3), 4u);
  EXPECT_EQ(size_under(4), 5u);
  EXPECT_EQ(size_under(5), 6u);
  EXPECT_TRUE(absl::IsOutOfRange(publisher_->Prove(6).status()));
  const auto standing =
      Standing(tlog::ParseProofFile(publisher_->Prove(2)->tlog_proof)->checkpoint);
  EXPECT_TRUE(standing.quorum_met);
}

TEST_F(PublisherTest, ProvesGrowthBetweenAnyTwoSizes) {
  for (int i = 0; i < 20; ++i) Append();
  std::vector<tlog::TreeHead> heads;
  const auto edge = committer_->Edge();
  for (uint64_t size = 0; size <= edge->size(); ++size) {
    heads.push_back({size, *RootAt(*store_, *edge, size)});
  }
  for (uint64_t old_size = 1; old_size <= edge->size(); ++old_size) {
    for (uint64_t new_size = old_size; new_size <= edge->size(); ++new_size) {
      const auto path = ConsistencyPath(*store_, *edge, old_size, new_size);
      ASSERT_OK(path);
      ASSERT_OK(tlog::VerifyConsistency(heads[old_size], heads[new_size], *path));
    }
  }
  EXPECT_THAT(*ConsistencyPath(*store_, *edge, 0, 5), IsEmpty());
  EXPECT_TRUE(absl::IsOutOfRange(ConsistencyPath(*store_, *edge, 5, 4).status()));
  EXPECT_TRUE(absl::IsOutOfRange(ConsistencyPath(*store_, *edge, 1, edge->size() + 1).status()));
}

class StampedTest : public PublisherTest {
 protected:
  void SetUp() override {
    PublisherTest::SetUp();
    ASSERT_EQ(system(absl::StrCat("certs/dev-tsa ", folder_ / "tsa").c_str()), 0);
    root_ = *ReadFile(folder_ / "tsa/root.pem");
    SetPolicy(PolicyText(absl::StrCat(
        "quorum: \"two-of-three\" missing_quorum: MISSING_QUORUM_ALARM timestamp_authority { url: "
        "\"http://tsa\" root_certificate_pem: \"",
        absl::CEscape(root_), "\" }")));
  }
  absl::StatusOr<AnchorAnswer> Stamp(const AnchorRequest& request) {
    EXPECT_EQ(request.content_type, "application/timestamp-query");
    EXPECT_OK(WriteFile(folder_ / "tsa/query", request.body));
    const std::string command = absl::StrCat(
        "cd ", folder_ / "tsa",
        " && openssl ts -reply -config tsa.cnf -queryfile query -out reply 2>/dev/null");
    EXPECT_EQ(system(command.c_str()), 0);
    return AnchorAnswer{200, "application/timestamp-reply", *ReadFile(folder_ / "tsa/reply")};
  }
  void StartAuthority() {
    world_.Answer("http://tsa", [this](const AnchorRequest& request) { return Stamp(request); });
  }
  size_t queries() const {
    const auto requests = world_.requests();
    return static_cast<size_t>(std::count(requests.begin(), requests.end(), "POST http://tsa"));
  }
  std::string root_;
};

TEST_F(StampedTest, ATimeIsPutOnTheWitnessedCheckpointOnceAnHour) {
  StartAuthority();
  Append();
  Step();
  Step();
  const auto row = store_->publications()->ReadNewest(store::PublicationKind::kTimestamped);
  ASSERT_OK(row);
  EXPECT_OK(crypto::VerifyTimestamp(row->timestamp, tlog::ParseNote(row->note)->text, root_));
  EXPECT_TRUE(row->witnessed);
  EXPECT_EQ(publisher_->Status().timestamp_size, row->size);
  const size_t first = queries();
  Append();
  for (int minute = 0; minute < 59; ++minute) Step(absl::Minutes(1));
  EXPECT_EQ(queries(), first);
  Step(absl::Minutes(2));
  Step();
  EXPECT_GT(queries(), first);
  // Nothing new: nothing to stamp.
  const size_t second = queries();
  for (int hour = 0; hour < 5; ++hour) Step(absl::Hours(1));
  EXPECT_EQ(queries(), second);
}

TEST_F(StampedTest, AnAuthorityThatIsDownDelaysNothing) {
  Append();
  Step();
  EXPECT_EQ(publisher_->Status().witnessed_size, 2u);
  EXPECT_THAT(publisher_->Status().timestamp_fault, HasSubstr("connection refused"));
  EXPECT_THAT(publisher_->Status().alarms, ElementsAre("timestamp.fault"));
  ExpectAnswers();
  world_.Answer("http://tsa", [](const AnchorRequest&) {
    return AnchorAnswer{200, "", "garbage"};
  });
  Step(kTimestampRetry);
  EXPECT_THAT(publisher_->Status().timestamp_fault, HasSubstr("not a TimeStampResp"));
  StartAuthority();
  Step(kTimestampRetry);
  EXPECT_EQ(publisher_->Status().timestamp_fault, "");
  EXPECT_OK(store_->publications()->ReadNewest(store::PublicationKind::kTimestamped));
}

class StartQuestionTest : public PublisherTest {
 protected:
  absl::StatusOr<std::string> AskAtStart() {
    return AskWitnessesAtStart(*registry_->witness_policy(), own_keys_, *store_, world_);
  }
};

TEST_F(StartQuestionTest, AWitnessThatKnowsTheLogOrNothingLetsItStart) {
  EXPECT_EQ(*AskAtStart(), "");
  Append();
  Step();
  EXPECT_EQ(*AskAtStart(), "");
  world_.Silence(Url(0));
  EXPECT_EQ(*AskAtStart(), "");
}

TEST_F(StartQuestionTest, ARolledBackStoreIsRefused) {
  Lie(0, 409, "", Forged(1000));
  EXPECT_THAT(AskAtStart(), StatusIs(absl::StatusCode::kFailedPrecondition,
                                     HasSubstr("witness one shows a checkpoint of 1000 entries")));
  Lie(0, 409, "", Forged(1));
  EXPECT_THAT(AskAtStart(),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("another root")));
  Lie(0, 409, "", Forged(1000, /*own_key=*/false));
  EXPECT_EQ(*AskAtStart(), "");
}

TEST_F(StartQuestionTest, WithoutAnyWitnessThePolicyDecides) {
  world_.Silence(Url(0));
  world_.Silence(Url(1));
  EXPECT_THAT(*AskAtStart(), HasSubstr("none of the 2 witnesses"));
  SetPolicy(PolicyText("quorum: \"two-of-three\" missing_quorum: MISSING_QUORUM_CLOSED"));
  EXPECT_THAT(AskAtStart(), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("closes the log")));
}

}  // namespace
}  // namespace chayan::log
