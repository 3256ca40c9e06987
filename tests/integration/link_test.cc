// Goal: SDK, front, links and log agree with each other over real connections. Method: a whole
// gateway on a free port, adapters made with the SDK that answer as the test says, one that speaks
// the protocol by hand to break it, and a household system on gRPC's own client.
#include <deque>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/mutex.h"
#include "chayan/v1/receipt.pb.h"
#include "gateway/base/check.h"
#include "gateway/base/file.h"
#include "gateway/base/status_matchers.h"
#include "gateway/crypto/digest.h"
#include "gateway/tlog/frame.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/integration/deployment.h"

namespace chayan::integration {
namespace {

using ::testing::HasSubstr;

// Answers MATCH to everything, or leaves every question unanswered.
class TestAdapter final : public sdk::Adapter {
 public:
  explicit TestAdapter(bool answers) : answers_(answers) {}
  void Answer(sdk::Question question, sdk::Responder responder) override {
    ++questions_;
    if (!answers_) return;
    v1::VerificationAnswer answer;
    answer.set_outcome(v1::OUTCOME_MATCH);
    answer.mutable_as_of_time()->set_seconds(absl::ToUnixSeconds(absl::Now()));
    for (const v1::Claim& claim : question.request().claims()) {
      v1::ClaimVerdict& verdict = *answer.add_verdicts();
      verdict.set_code(claim.code());
      verdict.set_verdict(v1::VERDICT_MATCH);
      verdict.set_match_level(v1::MATCH_LEVEL_EXACT);
    }
    EXPECT_OK(responder.Send(std::move(answer)));
  }
  int questions() const { return questions_; }

 private:
  const bool answers_;
  std::atomic<int> questions_ = 0;
};

class LinkTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { deployment_ = new Deployment(); }
  static void TearDownTestSuite() {
    delete deployment_;
    deployment_ = nullptr;
  }
  void SetUp() override { deployment_->StartGateway(); }
  void TearDown() override { deployment_->StopGateway(); }

  std::unique_ptr<sdk::LinkClient> StartAdapter(TestAdapter& adapter,
                                                const sdk::AdapterOptions& options) {
    auto client = sdk::LinkClient::Create(options, adapter, clock_, random_);
    CHAYAN_CHECK(client.ok());
    return *std::move(client);
  }
  // Until the gateway takes questions for it.
  std::unique_ptr<sdk::LinkClient> OpenAdapter(TestAdapter& adapter) {
    auto client = StartAdapter(adapter, deployment_->AdapterFor("land-ad"));
    EXPECT_TRUE(Eventually([&] { return client->Status().gateways[0].connected; }))
        << client->Status().gateways[0].last_error;
    return client;
  }
  struct Asked {
    grpc::Status status;
    std::string request;  // bytes
    v1::VerifyDocumentResponse response;
    v1::VerifyDocumentResponseView view;
  };
  Asked Ask() {
    Asked asked;
    const v1::VerifyDocumentRequest request =
        LandQuestion(Uuid::Version7(clock_.Now(), random_).ToText());
    asked.request = request.SerializeAsString();
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    asked.status = v1::VerificationService::NewStub(deployment_->Channel("household"))
                       ->VerifyDocument(&context, request, &asked.response);
    EXPECT_TRUE(asked.view.ParseFromString(asked.response.SerializeAsString()));
    return asked;
  }
  static std::string LeafValue(const std::string& leaf, absl::string_view key) {
    const std::vector<std::string> parts = absl::StrSplit(leaf, absl::StrCat("\"", key, "\":\""));
    return parts.size() < 2 ? "" : parts[1].substr(0, parts[1].find('"'));
  }

  static Deployment* deployment_;
  SystemClock clock_;
  SystemRandom random_;
};
Deployment* LinkTest::deployment_ = nullptr;

TEST_F(LinkTest, AnswerComesWithTheHoldersSignatureAndTheAdapterHearsItsIndex) {
  TestAdapter adapter(/*answers=*/true);
  auto client = OpenAdapter(adapter);
  const Asked asked = Ask();
  ASSERT_TRUE(asked.status.ok()) << asked.status.error_message();
  ASSERT_EQ(asked.response.answer().outcome(), v1::OUTCOME_MATCH);
  EXPECT_EQ(asked.response.answer().answered_by(), v1::ANSWER_SOURCE_HOLDER);

  const std::string& leaf = asked.view.receipt().leaf();
  const Uuid exchange = *Uuid::FromText(LeafValue(leaf, "id"));
  const v1::HolderSignature& sent = asked.view.receipt().holder_signature();
  tlog::HolderSignature signature;
  signature.key_id = *crypto::Digest::FromRaw(sent.key_id());
  signature.signature = *crypto::Ed25519Signature::FromRaw(sent.signature());
  signature.index = sent.index();
  signature.count = sent.count();
  for (const std::string& hash : sent.path()) {
    signature.path.push_back(*crypto::Digest::FromRaw(hash));
  }
  EXPECT_OK(tlog::VerifyHolderSignature(
      deployment_->AnswerKey("land-ad").public_key(),
      tlog::AnswerDigest(exchange, asked.request, asked.view.answer()), signature));
  EXPECT_EQ(LeafValue(leaf, "hsig"), tlog::HolderSignatureDigest(signature).ToBase64());

  EXPECT_TRUE(Eventually([&] { return client->Status().answers_recorded == 1; }));
  EXPECT_THAT(*ReadFile(deployment_->Path("land-ad.answers.jsonl")),
              HasSubstr(absl::StrCat("\"exchange\":\"", exchange.ToText(), "\",\"entry\":")));
  client = nullptr;
  deployment_->StopGateway();
  EXPECT_THAT(deployment_->Leaves(), HasSubstr("\"reason\":\"OPENED\""));
}

TEST_F(LinkTest, ManyQuestionsAtOnceAreAllAnsweredAndRecorded) {
  TestAdapter adapter(/*answers=*/true);
  auto client = OpenAdapter(adapter);
  constexpr uint64_t kThreads = 4;
  constexpr uint64_t kQuestions = 25;
  std::atomic<uint64_t> matches = 0;
  std::vector<std::thread> threads;
  for (uint64_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (uint64_t n = 0; n < kQuestions; ++n) {
        matches += Ask().response.answer().outcome() == v1::OUTCOME_MATCH ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(matches, kThreads * kQuestions);
  EXPECT_TRUE(
      Eventually([&] { return client->Status().answers_recorded == kThreads * kQuestions; }));
  EXPECT_EQ(client->Status().alarms, 0u);
}

TEST_F(LinkTest, WithoutALinkTheSourceIsDownAndNothingWasForwarded) {
  const Asked asked = Ask();
  ASSERT_TRUE(asked.status.ok()) << asked.status.error_message();
  EXPECT_EQ(asked.response.answer().outcome(), v1::OUTCOME_SOURCE_DOWN);
  EXPECT_FALSE(asked.response.answer().forwarded());
  EXPECT_TRUE(asked.response.has_receipt());
}

TEST_F(LinkTest, AdapterThatDisconnectsMidCallLeavesTheSourceDownAndForwarded) {
  TestAdapter adapter(/*answers=*/false);
  auto client = OpenAdapter(adapter);
  Asked asked;
  std::thread asker([&] { asked = Ask(); });
  EXPECT_TRUE(Eventually([&] { return adapter.questions() == 1; }));
  client = nullptr;
  asker.join();
  ASSERT_TRUE(asked.status.ok()) << asked.status.error_message();
  EXPECT_EQ(asked.response.answer().outcome(), v1::OUTCOME_SOURCE_DOWN);
  EXPECT_TRUE(asked.response.answer().forwarded());
}

TEST_F(LinkTest, QuestionOfALostLinkGoesToTheOtherReplica) {
  TestAdapter hanging(/*answers=*/false);
  TestAdapter answering(/*answers=*/true);
  auto first = OpenAdapter(hanging);
  Asked asked;
  std::thread asker([&] { asked = Ask(); });
  EXPECT_TRUE(Eventually([&] { return hanging.questions() == 1; }));
  auto second = OpenAdapter(answering);
  first = nullptr;
  asker.join();
  EXPECT_EQ(asked.response.answer().outcome(), v1::OUTCOME_MATCH);
  EXPECT_EQ(answering.questions(), 1);
}

TEST_F(LinkTest, AdapterComesBackAfterTheGatewayRestarts) {
  TestAdapter adapter(/*answers=*/true);
  auto client = OpenAdapter(adapter);
  deployment_->StopGateway();
  EXPECT_TRUE(Eventually([&] { return !client->Status().gateways[0].connected; }));
  deployment_->StartGateway();
  EXPECT_TRUE(Eventually([&] { return client->Status().gateways[0].connected; }));
  EXPECT_EQ(Ask().response.answer().outcome(), v1::OUTCOME_MATCH);
}

TEST_F(LinkTest, HelloThatClaimsAnotherOfficesAreaIsRefused) {
  TestAdapter adapter(/*answers=*/true);
  sdk::AdapterOptions options = deployment_->AdapterFor("land-ad");
  options.kinds[0].areas = {"QD"};
  auto client = StartAdapter(adapter, options);
  EXPECT_TRUE(Eventually([&] {
    return absl::StrContains(client->Status().gateways[0].last_error, "PERMISSION_DENIED");
  }));
  EXPECT_FALSE(client->Status().gateways[0].connected);
}

TEST_F(LinkTest, HouseholdSystemMayNotOpenALink) {
  grpc::ClientContext context;
  auto stub = v1::AdapterLinkService::NewStub(deployment_->Channel("household"));
  auto stream = stub->Connect(&context);
  v1::ToAdapter message;
  EXPECT_FALSE(stream->Read(&message));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::PERMISSION_DENIED);
}

// Speaks the protocol by hand.
class HandmadeLink {
 public:
  HandmadeLink(Deployment& deployment, const std::string& holder)
      : key_(deployment.AnswerKey(holder)),
        stub_(v1::AdapterLinkService::NewStub(deployment.Channel(holder))),
        stream_(stub_->Connect(&context_)) {
    v1::FromAdapter message;
    v1::Hello& hello = *message.mutable_hello();
    hello.set_protocol_version(1);
    hello.set_answer_key_id(crypto::KeyId(key_.public_key()).ToString());
    hello.add_kinds()->set_document_kind("land.title");
    hello.mutable_kinds(0)->set_digest(deployment.KindDigest("land.title").ToString());
    EXPECT_TRUE(stream_->Write(message));
    v1::ToAdapter answer;
    EXPECT_TRUE(stream_->Read(&answer) && answer.has_welcome());
  }
  v1::Question NextQuestion() {
    v1::ToAdapter message;
    while (stream_->Read(&message)) {
      if (message.has_questions()) return message.questions().questions(0);
    }
    ADD_FAILURE() << "the link ended";
    return {};
  }
  // A frame with one good answer; `forge` spoils its signature.
  void Answer(const v1::Question& question, bool forge) {
    v1::VerifyDocumentRequest request;
    EXPECT_TRUE(request.ParseFromString(question.request()));
    v1::VerificationAnswer answer;
    answer.set_request_id(request.request_id());
    answer.set_outcome(v1::OUTCOME_NOT_FOUND);
    answer.set_answered_by(v1::ANSWER_SOURCE_HOLDER);
    v1::FromAdapter message;
    v1::AnswerFrame& frame = *message.mutable_answers();
    v1::Answer& item = *frame.add_answers();
    item.set_exchange_id(question.exchange_id());
    item.set_answer(answer.SerializeAsString());
    const tlog::Frame tree({tlog::AnswerDigest(*Uuid::FromRaw(question.exchange_id()),
                                               question.request(), item.answer())});
    frame.set_signature(tree.Sign(key_)->ToString());
    if (forge) (*frame.mutable_signature())[0] ^= 1;
    frame.set_key_id(crypto::KeyId(key_.public_key()).ToString());
    stream_->Write(message);
  }
  grpc::Status WaitForEnd() {
    v1::ToAdapter message;
    while (stream_->Read(&message)) {
    }
    return stream_->Finish();
  }

 private:
  const crypto::Ed25519Key key_;
  grpc::ClientContext context_;
  std::unique_ptr<v1::AdapterLinkService::Stub> stub_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::FromAdapter, v1::ToAdapter>> stream_;
};

TEST_F(LinkTest, AdapterThatSignsWronglyLosesItsLinkAndItIsRecorded) {
  HandmadeLink link(*deployment_, "land-ad");
  std::thread asker([&] { Ask(); });
  link.Answer(link.NextQuestion(), /*forge=*/true);
  const grpc::Status end = link.WaitForEnd();
  asker.join();
  EXPECT_EQ(end.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_THAT(end.error_details(), HasSubstr("FRAME_SIGNATURE_INVALID"));
  deployment_->StopGateway();
  EXPECT_THAT(deployment_->Leaves(), HasSubstr("\"reason\":\"FRAME_SIGNATURE_INVALID\""));
}

TEST_F(LinkTest, AdapterThatAnswersTwiceLosesItsLinkAfterTheFirstAnswerCounted) {
  HandmadeLink link(*deployment_, "land-ad");
  Asked asked;
  std::thread asker([&] { asked = Ask(); });
  const v1::Question question = link.NextQuestion();
  link.Answer(question, /*forge=*/false);
  link.Answer(question, /*forge=*/false);
  const grpc::Status end = link.WaitForEnd();
  asker.join();
  EXPECT_EQ(end.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(end.error_details(), HasSubstr("ANSWER_UNEXPECTED"));
  EXPECT_EQ(asked.response.answer().outcome(), v1::OUTCOME_NOT_FOUND);
}

}  // namespace
}  // namespace chayan::integration
