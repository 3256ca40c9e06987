// Goal: the SDK keeps its side of the link: it signs what it sends, writes it down before, comes
// back when it is cut off, and goes when it is told to. Method: the small gateway of
// testing_gateway.h. Time is simulated where time is the matter.
#include "adapters/sdk/link_client.h"

#include <deque>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "adapters/sdk/testing_gateway.h"
#include "gateway/base/check.h"
#include "gateway/base/file.h"
#include "gateway/base/status_matchers.h"
#include "gateway/tlog/frame.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace chayan::sdk {
namespace {

using ::testing::HasSubstr;

// Answers at once, or keeps the questions for the test.
class TestAdapter final : public Adapter {
 public:
  explicit TestAdapter(bool at_once) : at_once_(at_once) {}
  static v1::VerificationAnswer Match() {
    v1::VerificationAnswer answer;
    answer.set_outcome(v1::OUTCOME_MATCH);
    v1::ClaimVerdict& verdict = *answer.add_verdicts();
    verdict.set_code("lot");
    verdict.set_verdict(v1::VERDICT_MATCH);
    verdict.set_match_level(v1::MATCH_LEVEL_EXACT);
    answer.mutable_as_of_time()->set_seconds(1);
    return answer;
  }
  void Answer(Question question, Responder responder) override {
    if (at_once_) {
      EXPECT_OK(responder.Send(Match()));
      return;
    }
    absl::MutexLock lock(&mu_);
    kept_.emplace_back(std::move(question), std::move(responder));
  }
  std::vector<std::string> DownKinds() const override {
    absl::MutexLock lock(&mu_);
    ++times_asked_for_health_;
    return down_;
  }
  void SetDown(std::vector<std::string> kinds) {
    absl::MutexLock lock(&mu_);
    down_ = std::move(kinds);
  }
  int times_asked_for_health() const {
    absl::MutexLock lock(&mu_);
    return times_asked_for_health_;
  }
  std::pair<Question, Responder> Take() {
    absl::MutexLock lock(&mu_);
    const auto some = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return !kept_.empty(); };
    CHAYAN_CHECK(mu_.AwaitWithTimeout(absl::Condition(&some), kPatience));
    auto kept = std::move(kept_.front());
    kept_.pop_front();
    return kept;
  }

 private:
  const bool at_once_;
  mutable absl::Mutex mu_;
  mutable int times_asked_for_health_ ABSL_GUARDED_BY(mu_) = 0;
  std::vector<std::string> down_ ABSL_GUARDED_BY(mu_);
  std::deque<std::pair<Question, Responder>> kept_ ABSL_GUARDED_BY(mu_);
};

class LinkClientTest : public LinkFixture {
 protected:
  void Start(bool at_once, Clock& clock) {
    adapter_ = std::make_unique<TestAdapter>(at_once);
    auto client = LinkClient::Create(options_, *adapter_, clock, random_);
    ASSERT_OK(client.status());
    client_ = *std::move(client);
  }
  // Starts, and welcomes the first link.
  std::shared_ptr<FakeLink> Open(bool at_once, Clock& clock) {
    Start(at_once, clock);
    return Accept(0);
  }
  std::shared_ptr<FakeLink> Open(bool at_once) { return Open(at_once, system_clock_); }
  bool LastErrorContains(const std::string& text) {
    return client_->Status().gateways[0].last_error.find(text) != std::string::npos;
  }

  std::unique_ptr<TestAdapter> adapter_;
  std::unique_ptr<LinkClient> client_;  // last: it uses the others
};

TEST_F(LinkClientTest, SaysWhatItAnswersInItsHello) {
  options_.in_flight_max = 17;
  options_.software = "test 1.0";
  Start(/*at_once=*/true, system_clock_);
  const v1::FromAdapter message = gateway_.WaitForLink(0)->Next();
  const v1::Hello& hello = message.hello();
  EXPECT_EQ(hello.protocol_version(), 1u);
  EXPECT_EQ(hello.software(), "test 1.0");
  EXPECT_EQ(hello.in_flight_max(), 17u);
  ASSERT_EQ(hello.kinds_size(), 1);
  EXPECT_EQ(hello.kinds(0).document_kind(), "land.title");
  EXPECT_EQ(hello.kinds(0).areas(0), "AD");
  const auto key = crypto::Ed25519Key::FromPemFile(options_.answer_key_file);
  EXPECT_EQ(hello.answer_key_id(), crypto::KeyId(key->public_key()).raw());
}

TEST_F(LinkClientTest, TellsTheGatewayWhenItsSourceGoesDownAndComesBack) {
  auto link = Open(/*at_once=*/true);
  adapter_->SetDown({"land.title"});
  EXPECT_EQ(link->Next().source_health().down_kinds(0), "land.title");
  adapter_->SetDown({});
  const v1::FromAdapter back = link->Next();
  ASSERT_TRUE(back.has_source_health());
  EXPECT_EQ(back.source_health().down_kinds_size(), 0);
}

TEST_F(LinkClientTest, SaysNothingOfItsSourceToAGatewayThatDoesNotKnowTheWord) {
  Start(/*at_once=*/true, system_clock_);
  adapter_->SetDown({"land.title"});
  auto link = gateway_.WaitForLink(0);
  EXPECT_TRUE(link->Next().has_hello());
  link->Welcome(/*heartbeat_ms=*/5000, /*features=*/{});
  ASSERT_TRUE(Eventually([&] { return adapter_->times_asked_for_health() > 20; }));
  link->Ask(NewId(), "request-1");
  EXPECT_TRUE(link->Next().has_answers());
}

TEST_F(LinkClientTest, AnswersWithFramesThatVerifyAndAreInItsLogBefore) {
  auto link = Open(/*at_once=*/true);
  std::vector<Uuid> ids;
  for (int i = 0; i < 20; ++i) {
    ids.push_back(NewId());
    link->Ask(ids.back(), absl::StrCat("request-", i));
  }
  const auto key = crypto::Ed25519Key::FromPemFile(options_.answer_key_file);
  size_t answered = 0;
  while (answered < ids.size()) {
    const v1::FromAdapter message = link->Next();
    ASSERT_TRUE(message.has_answers());
    std::vector<crypto::Digest> digests;
    const std::string log = *ReadFile(options_.answer_log);
    for (const v1::Answer& answer : message.answers().answers()) {
      v1::VerifyDocumentRequest request;
      request.set_request_id(absl::StrCat("request-", answered));
      request.add_claims()->set_code("lot");
      EXPECT_EQ(answer.exchange_id(), ids[answered].raw());
      v1::VerificationAnswer parsed;
      ASSERT_TRUE(parsed.ParseFromString(answer.answer()));
      EXPECT_EQ(parsed.request_id(), request.request_id());
      EXPECT_EQ(parsed.outcome(), v1::OUTCOME_MATCH);
      EXPECT_THAT(log, HasSubstr(ids[answered].ToText()));
      digests.push_back(
          tlog::AnswerDigest(ids[answered], request.SerializeAsString(), answer.answer()));
      ++answered;
    }
    EXPECT_TRUE(tlog::Frame(digests).Verify(key->public_key(), message.answers().signature()));
  }
  link->TellRecorded(ids[3], 99);
  EXPECT_TRUE(Eventually([&] { return client_->Status().answers_recorded == 1; }));
  EXPECT_THAT(*ReadFile(options_.answer_log),
              HasSubstr(absl::StrCat("\"exchange\":\"", ids[3].ToText(), "\",\"entry\":99}")));
}

TEST_F(LinkClientTest, TellsTheAdapterThatAQuestionWasGivenUp) {
  auto link = Open(/*at_once=*/false);
  const Uuid id = NewId();
  link->Ask(id, "request");
  auto [question, responder] = adapter_->Take();
  EXPECT_EQ(question.caller().member(), "hro-1");
  EXPECT_EQ(question.exchange_id(), id);
  EXPECT_FALSE(question.cancelled());
  link->GiveUp(id);
  EXPECT_TRUE(Eventually([&question = question] { return question.cancelled(); }));
  EXPECT_THAT(responder.Send(TestAdapter::Match()),
              StatusIs(absl::StatusCode::kCancelled, testing::_));
}

TEST_F(LinkClientTest, DropsAnAnswerAfterItsDeadline) {
  auto link = Open(/*at_once=*/false, clock_);
  link->Ask(NewId(), "request", /*timeout_ms=*/1000);
  auto [question, responder] = adapter_->Take();
  clock_.Advance(absl::Seconds(1));
  EXPECT_TRUE(question.cancelled());
  EXPECT_THAT(responder.Send(TestAdapter::Match()),
              StatusIs(absl::StatusCode::kDeadlineExceeded, testing::_));
}

TEST_F(LinkClientTest, AlarmsWhenAnAnswerIsNotRecordedWithinAMinute) {
  auto link = Open(/*at_once=*/true, clock_);
  link->Ask(NewId(), "request");
  EXPECT_TRUE(link->Next().has_answers());
  EXPECT_TRUE(Eventually([&] { return client_->Status().answers_sent == 1; }));
  EXPECT_EQ(client_->Status().alarms, 0u);
  clock_.Advance(absl::Seconds(60));
  EXPECT_TRUE(Eventually([&] { return client_->Status().alarms == 1; }));
}

TEST_F(LinkClientTest, EndsALinkOnWhichNothingIsHeard) {
  auto link = Open(/*at_once=*/true, clock_);
  ASSERT_TRUE(Eventually([&] { return client_->Status().gateways[0].connected; }));
  clock_.Advance(absl::Seconds(15));
  EXPECT_TRUE(link->WaitForEnd());
  link->Finish();
  EXPECT_TRUE(Eventually([&] { return LastErrorContains("nothing heard"); }));
}

TEST_F(LinkClientTest, EndsALinkThatIsNotWelcomed) {
  Start(/*at_once=*/true, clock_);
  auto link = gateway_.WaitForLink(0);
  EXPECT_TRUE(link->Next().has_hello());
  clock_.Advance(absl::Seconds(15));
  EXPECT_TRUE(link->WaitForEnd());
  link->Finish();
  EXPECT_TRUE(Eventually([&] { return LastErrorContains("not welcomed"); }));
}

TEST_F(LinkClientTest, ComesBackAfterALinkIsCutAndAnswersThere) {
  auto first = Open(/*at_once=*/false);
  first->Ask(NewId(), "lost");
  auto [question, responder] = adapter_->Take();
  first->Finish();
  auto second = Accept(1);
  EXPECT_TRUE(Eventually([&question = question] { return question.cancelled(); }));
  EXPECT_FALSE(responder.Send(TestAdapter::Match()).ok());
  second->Ask(NewId(), "found");
  EXPECT_OK(adapter_->Take().second.Send(TestAdapter::Match()));
  EXPECT_TRUE(second->Next().has_answers());
}

TEST_F(LinkClientTest, ReadsItsCertificateAnewWhenItDials) {
  const std::string good = *ReadFile(options_.key_file);
  options_.key_file = absl::StrCat(options_.answer_log, ".key");
  ASSERT_OK(WriteFile(options_.key_file, good, 0600));
  auto first = Open(/*at_once=*/true);
  ASSERT_EQ(unlink(options_.key_file.c_str()), 0);
  first->Finish();
  EXPECT_TRUE(Eventually([&] { return LastErrorContains(options_.key_file); }));
  ASSERT_OK(WriteFile(options_.key_file, good, 0600));
  Accept(1);
  EXPECT_TRUE(Eventually([&] { return client_->Status().gateways[0].connected; }));
  EXPECT_EQ(client_->Status().gateways[0].gateway, "gw-1");
}

TEST_F(LinkClientTest, OpensAnotherLinkWhenTheGatewayDrainsAndLosesNoAnswer) {
  auto first = Open(/*at_once=*/false);
  const Uuid id = NewId();
  first->Ask(id, "on the old link");
  auto [question, responder] = adapter_->Take();
  v1::ToAdapter draining;
  draining.mutable_draining();
  first->Write(draining);
  auto second = Accept(1);
  EXPECT_FALSE(first->ended());
  ASSERT_OK(responder.Send(TestAdapter::Match()));
  EXPECT_TRUE(first->Next().has_answers());
  first->TellRecorded(id, 5);
  EXPECT_TRUE(first->WaitForEnd());
  first->FinishWell();
  second->Ask(NewId(), "on the new link");
  adapter_->Take();
}

TEST_F(LinkClientTest, DrainsInOrder) {
  auto link = Open(/*at_once=*/false);
  const Uuid id = NewId();
  link->Ask(id, "request");
  auto [question, responder] = adapter_->Take();
  std::thread drainer([this] { client_->Drain(kPatience); });
  EXPECT_TRUE(link->Next().has_draining());
  EXPECT_FALSE(link->ended());
  EXPECT_OK(responder.Send(TestAdapter::Match()));
  EXPECT_TRUE(link->Next().has_answers());
  EXPECT_FALSE(link->ended());
  link->TellRecorded(id, 1);
  EXPECT_TRUE(link->WaitForEnd());
  link->FinishWell();
  drainer.join();
  EXPECT_FALSE(client_->Status().gateways[0].connected);
}

TEST_F(LinkClientTest, AnAnswerThatCrossesItsCancellationDoesNotHoldADrain) {
  auto link = Open(/*at_once=*/true, clock_);
  const Uuid id = NewId();
  link->Ask(id, "request");
  EXPECT_TRUE(link->Next().has_answers());
  // The clock stands still: nothing but the cancellation lets the drain end.
  std::thread drainer([this] { client_->Drain(kPatience); });
  EXPECT_TRUE(link->Next().has_draining());
  EXPECT_FALSE(link->ended());
  link->GiveUp(id);
  EXPECT_TRUE(link->WaitForEnd());
  link->FinishWell();
  drainer.join();
}

TEST_F(LinkClientTest, AnAnswerThatCrossesItsCancellationIsNoAlarm) {
  auto link = Open(/*at_once=*/true, clock_);
  const Uuid id = NewId();
  link->Ask(id, "given up");
  EXPECT_TRUE(link->Next().has_answers());
  link->GiveUp(id);
  // Its answer says that the cancellation before it was read; its alarm, that the watch was asked.
  link->Ask(NewId(), "never recorded");
  EXPECT_TRUE(link->Next().has_answers());
  EXPECT_TRUE(Eventually([&] { return client_->Status().answers_sent == 2; }));
  clock_.Advance(absl::Seconds(60));
  EXPECT_TRUE(Eventually([&] { return client_->Status().alarms > 0; }));
  EXPECT_EQ(client_->Status().alarms, 1u);
}

// As after a fault of the gateway's log.
TEST_F(LinkClientTest, AnOverdueAnswerDoesNotHoldADrain) {
  Start(/*at_once=*/true, clock_);
  // With this heartbeat the link bears a silence of three minutes.
  auto link = Accept(0, /*heartbeat_ms=*/60'000);
  link->Ask(NewId(), "request");
  EXPECT_TRUE(link->Next().has_answers());
  EXPECT_TRUE(Eventually([&] { return client_->Status().answers_sent == 1; }));
  std::thread drainer([this] { client_->Drain(absl::Hours(1)); });
  EXPECT_TRUE(link->Next().has_draining());
  EXPECT_FALSE(link->ended());
  clock_.Advance(absl::Seconds(60));
  EXPECT_TRUE(link->WaitForEnd());
  link->FinishWell();
  drainer.join();
  EXPECT_EQ(client_->Status().alarms, 1u);
  EXPECT_FALSE(LastErrorContains("nothing heard"));
}

TEST_F(LinkClientTest, WithholdsAnswersItCannotWriteDown) {
  options_.answer_log = "/dev/full";
  Start(/*at_once=*/true, system_clock_);
  auto link = Accept(0);
  link->Ask(NewId(), "request");
  EXPECT_TRUE(link->WaitForEnd());
  link->Finish();
  EXPECT_EQ(client_->Status().answers_sent, 0u);
  EXPECT_TRUE(Eventually([&] { return LastErrorContains("No space left"); }));
}

TEST_F(LinkClientTest, RefusesAGatewayOfAnotherName) {
  options_.gateway_uri = "spiffe://chayan.example/gateway/gw-9";
  Start(/*at_once=*/true, system_clock_);
  auto link = Accept(0);
  EXPECT_TRUE(link->WaitForEnd());
  link->Finish();
  EXPECT_TRUE(Eventually([&] { return LastErrorContains("does not name"); }));
  EXPECT_FALSE(client_->Status().gateways[0].connected);
}

TEST_F(LinkClientTest, RefusesAGatewayOfAnotherAuthority) {
  options_.ca_file = *pki_ + "/ca/other/cert.pem";
  Start(/*at_once=*/true, system_clock_);
  EXPECT_TRUE(Eventually([&] { return LastErrorContains("UNAVAILABLE"); }));
  EXPECT_FALSE(client_->Status().gateways[0].connected);
}

TEST_F(LinkClientTest, NamesTheFileItCannotUse) {
  adapter_ = std::make_unique<TestAdapter>(true);
  options_.answer_key_file = "/nowhere/answer.key";
  EXPECT_THAT(LinkClient::Create(options_, *adapter_, clock_, random_).status().ToString(),
              HasSubstr("/nowhere/answer.key"));
}

TEST_F(LinkClientTest, OneLinkAGateway) {
  adapter_ = std::make_unique<TestAdapter>(true);
  options_.gateways = {"127.0.0.1:1", "127.0.0.1:1"};
  EXPECT_THAT(LinkClient::Create(options_, *adapter_, clock_, random_).status(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("twice")));
}

}  // namespace
}  // namespace chayan::sdk
