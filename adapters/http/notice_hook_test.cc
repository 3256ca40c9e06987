// Goal: a notice arrives at the agency's system as an event, and each of its answers means one
// thing: received, acknowledged, rejected, or come again. Method: a real HTTP server on a free
// port.
#include "adapters/http/notice_hook.h"

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "adapters/connector/json_tree.h"
#include "adapters/connector/testing_notices.h"
#include "adapters/connector/testing_take.h"
#include "gateway/base/file.h"
#include "gateway/base/status_matchers.h"
#include "gateway/fetch/test_server.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace chayan::http_connector {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class NoticeHookTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_.Write("hook.secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n");
  }
  // Settings with `more` in the hook; the faults, if there are any, in the status.
  absl::StatusOr<NoticeHookSettings> Load(
      const std::string& more = "", const std::string& secrets = "secrets: \"file:hook.secret\"") {
    return connector::LoadNoticesTo(
        folder_,
        absl::StrCat("hook { system { base_url: \"", server_.Url("/notices"),
                     "\" failures_max: 2 } ", secrets, more, "}"),
        LoadNoticeHook);
  }
  void Start(const std::string& more = "") {
    auto settings = Load(more);
    ASSERT_OK(settings.status());
    auto hook = NoticeHook::Create(clock_, *std::move(settings));
    ASSERT_OK(hook.status());
    hook_ = *std::move(hook);
  }
  static v1::DeliveredNotice Death() {
    v1::DeliveredNotice notice;
    CHAYAN_CHECK(google::protobuf::TextFormat::ParseFromString(
        R"(delivery_id: "018bcfe5-6800-7000-8000-000000000001" notice_id: "n-1"
           notice_kind: "person.death" subscription: "nhi-death" publisher: "hro-banqiao"
           accept_time { seconds: 1768435200 } subjects { name: "𠮷小明\"" }
           payload { code: "death_date" date { era: ERA_ROC year: 115 month: 1 day: 14 } })",
        &notice));
    return notice;
  }
  connector::NoticeResult Take(const v1::DeliveredNotice& notice = Death()) {
    return connector::TakeNow(*hook_, notice);
  }
  connector::NoticeResult TakeWith(int status, const std::string& body = "") {
    {
      absl::MutexLock lock(&mu_);
      status_ = status;
      body_ = body;
    }
    return Take();
  }

  connector::TestingFolder folder_;
  SimulatedClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  absl::Mutex mu_;
  int status_ = 204;
  std::string body_;
  fetch::TestServer server_{[this](const fetch::TestRequest&) {
    absl::MutexLock lock(&mu_);
    return fetch::HttpAnswer(status_, body_);
  }};
  std::unique_ptr<NoticeHook> hook_;
};

TEST_F(NoticeHookTest, PostsACloudEventWithItsSignature) {
  Start();
  EXPECT_EQ(Take().settlement.state(), v1::DELIVERY_STATE_UNSPECIFIED);
  ASSERT_THAT(server_.requests(), SizeIs(1));
  const fetch::TestRequest request = server_.requests()[0];
  EXPECT_THAT(request.first_line(), HasSubstr("POST /notices "));
  EXPECT_THAT(request.head, HasSubstr("application/cloudevents+json"));
  EXPECT_THAT(request.head, HasSubstr("webhook-id: 018bcfe5-6800-7000-8000-000000000001\r\n"));
  EXPECT_THAT(request.head, HasSubstr("webhook-timestamp: 1800000000\r\n"));
  WebhookSigner signer;
  ASSERT_OK(signer.AddSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
  EXPECT_THAT(request.head,
              HasSubstr(absl::StrCat(
                  "webhook-signature: ",
                  *signer.Sign(Death().delivery_id(), 1'800'000'000, request.body), "\r\n")));
  const auto event = connector::ParseJson(request.body, 16, 1000);
  ASSERT_OK(event.status());
  const auto text = [&](const char* pointer) {
    const auto* node = connector::JsonPointer::Create(pointer)->Find(*event);
    return node == nullptr ? "(none)" : node->text;
  };
  EXPECT_EQ(text("/specversion"), "1.0");
  EXPECT_EQ(text("/id"), Death().delivery_id());
  EXPECT_EQ(text("/type"), "chayan.notice.person.death");
  EXPECT_EQ(text("/source"), "spiffe://chayan.example/hro-banqiao");
  EXPECT_EQ(text("/time"), "2026-01-15T00:00:00.000Z");
  EXPECT_EQ(text("/test"), "(none)");
  EXPECT_EQ(text("/data/subjects/0/name"), "𠮷小明\"");
  EXPECT_EQ(text("/data/payload/0/date/year"), "115");
}

TEST_F(NoticeHookTest, EachAnswerMeansOneThing) {
  Start(
      "statuses { status: 404 meaning: HOOK_MEANING_REJECTED "
      "rejection_reason: REJECTION_REASON_NO_SUCH_PERSON }");
  for (const int status : {200, 202, 204, 409}) {
    const auto result = TakeWith(status);
    EXPECT_FALSE(result.not_taken.has_value()) << status;
    EXPECT_EQ(result.settlement.state(), v1::DELIVERY_STATE_UNSPECIFIED) << status;
  }
  const auto acknowledged = TakeWith(200, R"({"state": "ACKNOWLEDGED", "case_number": "115-7"})");
  EXPECT_EQ(acknowledged.settlement.state(), v1::DELIVERY_STATE_ACKNOWLEDGED);
  EXPECT_EQ(acknowledged.settlement.recipient_case_number(), "115-7");
  const auto rejected = TakeWith(200, R"({"state": "REJECTED", "reason": "DUPLICATE"})");
  EXPECT_EQ(rejected.settlement.rejection_reason(), v1::REJECTION_REASON_DUPLICATE);
  EXPECT_EQ(TakeWith(404).settlement.rejection_reason(), v1::REJECTION_REASON_NO_SUCH_PERSON);
  const auto unprocessable = TakeWith(422);
  EXPECT_EQ(unprocessable.settlement.rejection_reason(), v1::REJECTION_REASON_OTHER);
  EXPECT_THAT(unprocessable.settlement.rejection_text(), HasSubstr("422"));
  for (const int status : {302, 400, 401, 410}) {
    EXPECT_EQ(TakeWith(status).not_taken, v1::NOT_TAKEN_REASON_SYSTEM_REFUSED) << status;
  }
  EXPECT_EQ(TakeWith(429).not_taken, v1::NOT_TAKEN_REASON_SYSTEM_DOWN);
}

TEST_F(NoticeHookTest, AnAnswerThatContradictsItselfIsNotTaken) {
  Start();
  for (const char* body : {R"({"state": "DONE"})", R"({"state": "REJECTED"})",
                           R"({"state": "REJECTED", "reason": "BAD MOOD"})"}) {
    EXPECT_EQ(TakeWith(200, body).not_taken, v1::NOT_TAKEN_REASON_SYSTEM_REFUSED) << body;
  }
  // What is no such object says nothing besides.
  for (const char* body : {"thanks", "{}", "[1]", R"({"state": 7})", "{\"state\""}) {
    EXPECT_FALSE(TakeWith(200, body).not_taken.has_value()) << body;
  }
}

TEST_F(NoticeHookTest, ASystemThatFailsIsLeftAloneForAWhile) {
  Start();
  EXPECT_EQ(TakeWith(503).not_taken, v1::NOT_TAKEN_REASON_SYSTEM_DOWN);
  EXPECT_EQ(TakeWith(503).not_taken, v1::NOT_TAKEN_REASON_SYSTEM_DOWN);
  EXPECT_TRUE(hook_->Health().down);
  const size_t asked = server_.requests().size();
  EXPECT_EQ(TakeWith(204).not_taken, v1::NOT_TAKEN_REASON_SYSTEM_DOWN);
  EXPECT_THAT(server_.requests(), SizeIs(asked));
  clock_.Advance(absl::Seconds(5));
  EXPECT_FALSE(TakeWith(204).not_taken.has_value());
}

TEST_F(NoticeHookTest, ATrialGoesToItsOwnAddressOrEndsHere) {
  v1::DeliveredNotice trial = Death();
  trial.set_test(true);
  Start();
  EXPECT_FALSE(Take(trial).not_taken.has_value());
  EXPECT_THAT(server_.requests(), IsEmpty());
  Start(absl::StrCat("test_url: \"", server_.Url("/trials"), "\""));
  EXPECT_FALSE(Take(trial).not_taken.has_value());
  ASSERT_THAT(server_.requests(), SizeIs(1));
  EXPECT_THAT(server_.requests()[0].first_line(), HasSubstr("POST /trials "));
  EXPECT_THAT(server_.requests()[0].body, HasSubstr("\"test\":true"));
}

TEST_F(NoticeHookTest, SaysEveryFaultOfItsSettings) {
  const std::string faults(
      Load("statuses { status: 99 meaning: HOOK_MEANING_RETRY } statuses { status: 404 } "
           "test_url: \"ftp://x\"",
           "secrets: \"env:NO_SUCH_VARIABLE\" signing_keys: \"file:hook.secret\"")
          .status()
          .message());
  EXPECT_THAT(faults, HasSubstr("notices.hook.secrets: the environment has no"));
  EXPECT_THAT(faults, HasSubstr("notices.hook.signing_keys: "));
  EXPECT_THAT(faults, HasSubstr("notices.hook.statuses[0].status: is no status"));
  EXPECT_THAT(faults, HasSubstr("notices.hook.statuses[1].meaning: is missing"));
  EXPECT_THAT(faults, HasSubstr("notices.hook.test_url: "));
  EXPECT_THAT(faults, Not(HasSubstr("MfKQ9r8G")));
  EXPECT_THAT(std::string(Load("", "").status().message()),
              HasSubstr("notices.hook.secrets: is missing"));
}

}  // namespace
}  // namespace chayan::http_connector
