// Goal: the SDK keeps its side of the link: it signs what it sends, writes it down before, comes
// back when it is cut off, and goes when it is told to. Method: a small gateway made of gRPC's own
// server with mutual TLS on a free port, whose side of each link is in the test's hands. Time is
// simulated where time is the matter.
#include "adapters/sdk/link_client.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>
#include <stdlib.h>

#include <deque>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "chayan/v1/adapter_link_service.grpc.pb.h"
#include "gateway/base/check.h"
#include "gateway/base/file.h"
#include "gateway/base/status_matchers.h"
#include "gateway/tlog/frame.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace chayan::sdk {
namespace {

using ::testing::HasSubstr;

// Far beyond what any of the waits takes; a test that waits this long has failed.
constexpr absl::Duration kPatience = absl::Seconds(60);

// Waits for what only another thread brings about and nobody announces.
template <typename Predicate>
[[nodiscard]] bool Eventually(Predicate predicate) {
  const absl::Time end = absl::Now() + kPatience;
  while (!predicate()) {
    if (absl::Now() > end) return false;
    absl::SleepFor(absl::Milliseconds(1));
  }
  return true;
}

// One link as the gateway sees it.
class FakeLink {
 public:
  using Stream = grpc::ServerReaderWriter<v1::ToAdapter, v1::FromAdapter>;
  FakeLink(grpc::ServerContext* context, Stream* stream) : context_(context), stream_(stream) {}

  // Serves the link until it is over; on the server's thread.
  grpc::Status Serve() {
    v1::FromAdapter message;
    while (stream_->Read(&message)) {
      absl::MutexLock lock(&mu_);
      received_.push_back(std::move(message));
    }
    absl::MutexLock lock(&mu_);
    reading_ended_ = true;
    mu_.Await(absl::Condition(&finish_));
    gone_ = true;
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "the test ends this link");
  }
  // The next message that is no heartbeat.
  v1::FromAdapter Next() {
    absl::MutexLock lock(&mu_);
    while (true) {
      const auto some = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
        return !received_.empty() || reading_ended_;
      };
      if (!mu_.AwaitWithTimeout(absl::Condition(&some), kPatience) || received_.empty()) {
        ADD_FAILURE() << "no message came";
        return {};
      }
      v1::FromAdapter message = std::move(received_.front());
      received_.pop_front();
      if (!message.has_heartbeat()) return message;
    }
  }
  // Whether the adapter's side ended, well or not.
  bool WaitForEnd() {
    absl::MutexLock lock(&mu_);
    return mu_.AwaitWithTimeout(absl::Condition(&reading_ended_), kPatience);
  }
  bool ended() {
    absl::MutexLock lock(&mu_);
    return reading_ended_;
  }
  void Write(const v1::ToAdapter& message) { EXPECT_TRUE(stream_->Write(message)); }
  void Welcome(uint32_t heartbeat_ms) {
    v1::ToAdapter message;
    message.mutable_welcome()->set_protocol_version(1);
    message.mutable_welcome()->set_gateway("gw-1");
    message.mutable_welcome()->set_heartbeat_interval_ms(heartbeat_ms);
    Write(message);
  }
  void Ask(const Uuid& id, absl::string_view request_id, uint32_t timeout_ms = 10'000) {
    v1::VerifyDocumentRequest request;
    request.set_request_id(std::string(request_id));
    request.add_claims()->set_code("lot");
    v1::ToAdapter message;
    v1::Question& question = *message.mutable_questions()->add_questions();
    question.set_exchange_id(std::string(id.raw()));
    question.set_request(request.SerializeAsString());
    question.mutable_permit()->add_claims("lot");
    question.mutable_caller()->set_member("hro-1");
    question.set_timeout_ms(timeout_ms);
    Write(message);
  }
  void GiveUp(const Uuid& id) {
    v1::ToAdapter message;
    message.mutable_questions()->add_cancelled_exchange_ids(std::string(id.raw()));
    Write(message);
  }
  void TellRecorded(const Uuid& id, uint64_t index) {
    v1::ToAdapter message;
    v1::RecordedAnswer& answer = *message.mutable_recorded()->add_answers();
    answer.set_exchange_id(std::string(id.raw()));
    answer.set_entry_index(index);
    Write(message);
  }
  void Finish() {
    // An adapter that still writes keeps Serve reading: cut it off.
    absl::MutexLock lock(&mu_);
    if (!gone_) context_->TryCancel();
    finish_ = true;
  }
  // Ends the stream in order once the adapter has ended its side.
  void FinishWell() {
    absl::MutexLock lock(&mu_);
    finish_ = true;
  }

 private:
  grpc::ServerContext* const context_;
  Stream* const stream_;
  absl::Mutex mu_;
  std::deque<v1::FromAdapter> received_ ABSL_GUARDED_BY(mu_);
  bool reading_ended_ ABSL_GUARDED_BY(mu_) = false;
  bool finish_ ABSL_GUARDED_BY(mu_) = false;
  bool gone_ ABSL_GUARDED_BY(mu_) = false;
};

class FakeGateway final : public v1::AdapterLinkService::Service {
 public:
  FakeGateway(const std::string& pki, const std::string& certificate) {
    grpc::SslServerCredentialsOptions tls(
        GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
    tls.pem_root_certs = *ReadFile(pki + "/root.pem");
    tls.pem_key_cert_pairs.push_back({*ReadFile(absl::StrCat(pki, "/", certificate, ".key")),
                                      *ReadFile(absl::StrCat(pki, "/", certificate, ".pem"))});
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::SslServerCredentials(tls), &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  ~FakeGateway() override {
    {
      absl::MutexLock lock(&mu_);
      for (auto& link : links_) link->Finish();
    }
    server_->Shutdown(std::chrono::system_clock::now());
  }
  std::string address() const { return absl::StrCat("127.0.0.1:", port_); }

  grpc::Status Connect(grpc::ServerContext* context, FakeLink::Stream* stream) override {
    auto link = std::make_shared<FakeLink>(context, stream);
    {
      absl::MutexLock lock(&mu_);
      links_.push_back(link);
    }
    return link->Serve();
  }
  // The link that came as number `index`, from 0.
  std::shared_ptr<FakeLink> WaitForLink(size_t index) {
    absl::MutexLock lock(&mu_);
    const auto came = [this, index]()
                          ABSL_NO_THREAD_SAFETY_ANALYSIS { return links_.size() > index; };
    EXPECT_TRUE(mu_.AwaitWithTimeout(absl::Condition(&came), kPatience)) << "no link came";
    return links_.size() > index ? links_[index] : nullptr;
  }

 private:
  int port_ = 0;
  absl::Mutex mu_;
  std::vector<std::shared_ptr<FakeLink>> links_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<grpc::Server> server_;
};

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
  absl::Mutex mu_;
  std::deque<std::pair<Question, Responder>> kept_ ABSL_GUARDED_BY(mu_);
};

class LinkClientTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    // Debian's Abseil has deadlock detection on, which gRPC's own locks do not always survive.
    absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
    std::string pattern = absl::StrCat(testing::TempDir(), "/link_client_XXXXXX");
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    pki_ = new std::string(absl::StrCat(pattern, "/pki"));
    ASSERT_EQ(system(absl::StrCat("certs/dev-pki ", *pki_, " >/dev/null").c_str()), 0);
  }
  static void TearDownTestSuite() { delete pki_; }

  void SetUp() override {
    static int number = 0;
    options_.gateways = {gateway_.address()};
    options_.gateway_uri = "spiffe://chayan.example/gateway/";
    options_.ca_file = *pki_ + "/root.pem";
    options_.certificate_file = *pki_ + "/land-ad.pem";
    options_.key_file = *pki_ + "/land-ad.key";
    options_.answer_key_file = *pki_ + "/answer/land-ad.key";
    options_.kinds = {{"land.title", crypto::Digest(), {"AD"}}};
    options_.answer_log = absl::StrCat(*pki_, "/answers-", ++number, ".jsonl");
    options_.backoff_min = absl::Milliseconds(10);
    options_.backoff_max = absl::Milliseconds(50);
  }
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
  std::shared_ptr<FakeLink> Accept(size_t index, uint32_t heartbeat_ms = 5000) {
    auto link = gateway_.WaitForLink(index);
    EXPECT_TRUE(link->Next().has_hello());
    link->Welcome(heartbeat_ms);
    return link;
  }
  Uuid NewId() { return Uuid::Version7(absl::UnixEpoch(), random_); }
  bool LastErrorContains(const std::string& text) {
    return client_->Status().gateways[0].last_error.find(text) != std::string::npos;
  }

  static std::string* pki_;
  FakeGateway gateway_{*pki_, "gateway"};
  SystemRandom random_;
  SystemClock system_clock_;
  SimulatedClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  AdapterOptions options_;
  std::unique_ptr<TestAdapter> adapter_;
  std::unique_ptr<LinkClient> client_;  // last: it uses the others
};
std::string* LinkClientTest::pki_ = nullptr;

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
