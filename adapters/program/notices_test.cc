// Goal: an agency that only takes notices has settings that load, a check that replays them, and a
// status that says what became of them. Method: the real loader, desk and status file; a sink and a
// line of this file.
#include <stdlib.h>

#include <sstream>

#include "absl/strings/str_cat.h"
#include "adapters/connector/testing_folder.h"
#include "adapters/program/fixtures.h"
#include "adapters/program/front.h"
#include "adapters/program/loaded.h"
#include "adapters/program/notice_errands.h"
#include "adapters/program/status_file.h"
#include "gateway/base/check.h"
#include "gateway/base/file.h"
#include "gateway/base/status_matchers.h"

namespace chayan::adapter {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

class NoticesTest : public ::testing::Test {
 protected:
  absl::StatusOr<Loaded> LoadWith(const std::string& sink, const std::string& fixture = "") {
    folder_.Write("adapter.textproto",
                  absl::StrCat(R"(member: "tax" system: "adapter-1" trust_domain: "chayan.example"
      gateways: "127.0.0.1:7443" certificate_file: "c" key_file: "k" roots_file: "r"
      answer_key_file: "a" answer_log_file: "l" fixture_file: "fixture.textproto"
      notices { subscriptions: "tax-death" )",
                               sink, " }"));
    folder_.Write("hook.secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    folder_.Write("fixture.textproto", fixture);
    return Load(folder_.File("adapter.textproto"));
  }
  // What `check` says of the fixture.
  std::string Check(const Loaded& loaded, bool agrees) {
    const auto fixture = LoadFixture(loaded.config.fixture_file());
    CHAYAN_CHECK(fixture.ok());
    std::ostringstream out;
    EXPECT_EQ(CheckFixture(loaded, *fixture, absl::UnixEpoch(), out), agrees) << out.str();
    return out.str();
  }

  connector::TestingFolder folder_;
};

constexpr char kDatabase[] = R"(database {
  source { driver: "SQLite3" }
  statements { statement: "UPDATE t SET d = :day WHERE n = :number"
               values { name: "number" part: NOTICE_PART_IDENTIFIER }
               values { name: "day" element: "death_date" date_form: DATE_FORM_ROC_MINUS } } })";
constexpr char kFiles[] =
    R"(files { folder: "out" name: "n-{date}.csv" due: "17:30" count_line: "COUNT"
  columns { name: "number" part: NOTICE_PART_IDENTIFIER } })";
constexpr char kHook[] =
    R"(hook { system { base_url: "https://tax.example/notices" } secrets: "file:hook.secret" })";
constexpr char kDeath[] = R"(notice {
  delivery_id: "018bcfe5-6800-7000-8000-000000000001" notice_kind: "person.death"
  subjects { identifier { scheme: IDENTIFIER_SCHEME_NATIONAL_ID value: "A123456789" } }
  payload { code: "death_date" date { era: ERA_ROC year: 115 month: 1 day: 14 } } )";

TEST_F(NoticesTest, ReplaysWhatADatabaseIsTold) {
  const auto loaded = LoadWith(kDatabase, absl::StrCat("notices { name: \"a death\" ", kDeath,
                                                       R"( } writes { values { text: "1150114" }
                                                      values { text: "A123456789" } } }
                                           notices { name: "a trial" )",
                                                       kDeath, " test: true } }"));
  ASSERT_OK(loaded.status());
  EXPECT_EQ(loaded->sink_name, "sql");
  EXPECT_THAT(Check(*loaded, true),
              AllOf(HasSubstr("ok      a death"), HasSubstr("ok      a trial")));
}

TEST_F(NoticesTest, ReplaysTheLinesOfAFileAndSaysWhatDiffers) {
  const auto loaded = LoadWith(kFiles, absl::StrCat("notices { name: \"a death\" ", kDeath,
                                                    R"( } writes { values { } } })"));
  ASSERT_OK(loaded.status());
  EXPECT_THAT(Check(*loaded, false),
              AllOf(HasSubstr("DIFFERS a death"), HasSubstr("writes[0]: NULL -> A123456789")));
}

TEST_F(NoticesTest, ReplaysAHooksAnswers) {
  const auto loaded = LoadWith(
      kHook,
      absl::StrCat("notices { name: \"taken\" ", kDeath,
                   " } response { } expected { state: DELIVERY_STATE_DELIVERED } }",
                   "notices { name: \"down\" ", kDeath, " } response { status: 503 } }",
                   "notices { name: \"settled\" ", kDeath,
                   R"( } response { body: "{\"state\":\"ACKNOWLEDGED\",\"case_number\":\"7\"}" }
                       expected { state: DELIVERY_STATE_ACKNOWLEDGED recipient_case_number: "7" } })"));
  ASSERT_OK(loaded.status());
  Check(*loaded, true);
  const auto wrong = LoadWith(kHook, absl::StrCat("notices { name: \"down\" ", kDeath,
                                                  " } response { status: 503 } expected { state: "
                                                  "DELIVERY_STATE_DELIVERED } } notices { name: "
                                                  "\"nothing\" ",
                                                  kDeath, " } }"));
  ASSERT_OK(wrong.status());
  EXPECT_THAT(Check(*wrong, false), AllOf(HasSubstr("-> tried again (the system answered 503)"),
                                          HasSubstr("has no response")));
}

TEST_F(NoticesTest, AnAdapterHasKindsOrNoticesAndASinkForThem) {
  EXPECT_THAT(LoadWith("").status().ToString(), HasSubstr("notices.subscriptions: their notices go "
                                                          "nowhere"));
  const auto twice = LoadWith(absl::StrCat(kFiles, " subscriptions: \"tax-death\""));
  EXPECT_THAT(twice.status().ToString(), HasSubstr("notices.subscriptions: stands twice"));
  folder_.Write("bare.textproto", "member: \"tax\"");
  EXPECT_THAT(Load(folder_.File("bare.textproto")).status().ToString(),
              HasSubstr("kinds: is missing"));
}

TEST_F(NoticesTest, TheExamplesAgreeWithWhatTheyRecorded) {
  setenv("CHAYAN_HOOK_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", /*overwrite=*/1);
  for (const char* name : {"sql", "http", "file"}) {
    const auto loaded = Load(absl::StrCat("adapters/examples/notices-", name, ".textproto"));
    ASSERT_OK(loaded.status());
    EXPECT_EQ(loaded->sink_name, name);
    Check(*loaded, true);
  }
}

// Takes what it is told to.
class ToldSink final : public connector::NoticeSink {
 public:
  explicit ToldSink(connector::NoticeResult result) : result_(std::move(result)) {}
  void Take(const v1::DeliveredNotice&, Done done) override { done(result_); }
  connector::SourceHealth Health() const override { return {true, "the disk is full"}; }
  absl::Status Probe() override { return absl::OkStatus(); }

 private:
  const connector::NoticeResult result_;
};

// Keeps what is said.
class KeptLine final : public sdk::NoticeLine {
 public:
  absl::Status Reply(const sdk::OpenNotice&, sdk::NoticeReply reply) override {
    replies.push_back(std::move(reply));
    return absl::OkStatus();
  }
  std::vector<sdk::NoticeReply> replies;
};

class NoticeDeskTest : public ::testing::Test {
 protected:
  sdk::NoticeReply Give(connector::NoticeResult result) {
    front_.notices().Use(std::make_unique<ToldSink>(std::move(result)));
    auto open = std::make_shared<sdk::OpenNotice>();
    open->notice.set_notice_kind("person.death");
    open->MoveTo(line_);
    front_.OnNotice(sdk::Notice(open), sdk::NoticeResponder(open));
    return line_->replies.back();
  }

  SimulatedClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  std::shared_ptr<KeptLine> line_ = std::make_shared<KeptLine>();
  Front front_{clock_};
};

TEST_F(NoticeDeskTest, SaysWhatTheSinkSaidAndCountsIt) {
  EXPECT_TRUE(Give(connector::Received()).settlement.empty());
  v1::DeliveryReceipt settled;
  ASSERT_TRUE(settled.ParseFromString(Give(connector::Acknowledged("7")).settlement));
  EXPECT_EQ(settled.recipient_case_number(), "7");
  ASSERT_TRUE(
      settled.ParseFromString(Give(connector::Rejected(v1::REJECTION_REASON_NOT_OURS)).settlement));
  EXPECT_EQ(settled.rejection_reason(), v1::REJECTION_REASON_NOT_OURS);
  EXPECT_FALSE(Give(connector::NotTaken(v1::NOT_TAKEN_REASON_SYSTEM_DOWN, "gone")).taken);
  const NoticeCounts counts = front_.notices().Counts()["person.death"];
  EXPECT_EQ(counts.received, 1u);
  EXPECT_EQ(counts.acknowledged, 1u);
  EXPECT_EQ(counts.rejected, 1u);
  EXPECT_EQ(counts.not_taken, 1u);
  EXPECT_EQ(counts.last_cause, "gone");
}

TEST_F(NoticeDeskTest, WhatNoReceiptCanCarryIsNotTaken) {
  const auto reply = Give(connector::Acknowledged(std::string(65, '7')));
  EXPECT_FALSE(reply.taken);
  EXPECT_EQ(reply.not_taken_reason, v1::NOT_TAKEN_REASON_SYSTEM_REFUSED);
}

TEST_F(NoticeDeskTest, TheStatusFileShowsNoticesAndTheirSink) {
  Give(connector::NotTaken(v1::NOT_TAKEN_REASON_SYSTEM_DOWN, "gone"));
  StatusReport report;
  report.member = "tax";
  report.time = clock_.Now();
  report.sink = "file";
  report.sink_health = front_.notices().Health();
  report.notices = front_.notices().Counts();
  report.link.notices = 5;
  const auto text = StatusText(StatusJson(report), report.time);
  ASSERT_OK(text.status());
  EXPECT_THAT(*text,
              AllOf(HasSubstr("sink      DOWN  the disk is full"), HasSubstr("5 came"),
                    HasSubstr("notice    person.death"),
                    HasSubstr("to come again: 1; the last: gone"), Not(HasSubstr("source "))));
}

// A system whose office writes down what it did, until that is told.
class WrittenDown final : public connector::NoticeSink {
 public:
  void Take(const v1::DeliveredNotice&, Done done) override { done(connector::Received()); }
  connector::SourceHealth Health() const override { return {}; }
  absl::Status Probe() override { return absl::OkStatus(); }
  absl::Status NoneToday(const v1::NoneToday& none) override {
    if (down) return absl::UnavailableError("the disk is full");
    silent.push_back(none.subscription());
    return absl::OkStatus();
  }
  absl::StatusOr<std::vector<connector::Outcome>> Outcomes() override { return outcomes; }
  absl::Status OutcomeTold(const connector::Outcome& outcome, const std::string& word) override {
    const std::string delivery_id = outcome.settlement.delivery_id();
    told[delivery_id] = word;
    std::erase_if(outcomes, [&](const connector::Outcome& one) {
      return one.settlement.delivery_id() == delivery_id;
    });
    return absl::OkStatus();
  }
  void Acted(const std::string& delivery_id, const std::string& fault = "") {
    auto& outcome = outcomes.emplace_back();
    outcome.settlement.set_delivery_id(delivery_id);
    outcome.settlement.set_state(v1::DELIVERY_STATE_ACKNOWLEDGED);
    outcome.fault = fault;
  }

  std::vector<connector::Outcome> outcomes;
  std::map<std::string, std::string> told;
  std::vector<std::string> silent;
  bool down = false;
};

// Says what it is told to of each; of others, that they are on their way.
class ToldClient final : public sdk::LinkClient {
 public:
  sdk::LinkClientStatus Status() const override { return {}; }
  absl::StatusOr<std::optional<uint64_t>> Settle(const v1::DeliveryReceipt& settlement) override {
    const auto it = said.find(settlement.delivery_id());
    return it == said.end() ? std::nullopt : it->second;
  }
  void Drain(absl::Duration) override {}

  std::map<std::string, absl::StatusOr<std::optional<uint64_t>>> said;
};

TEST_F(NoticeDeskTest, TellsWhatAnOfficeWroteDownAndWritesBesideItWhatCameOfIt) {
  auto used = std::make_unique<WrittenDown>();
  WrittenDown* const sink = used.get();
  front_.notices().Use(std::move(used));
  ToldClient client;
  client.said = {{"acted", 17},
                 {"unknown", absl::NotFoundError("no such notice was taken here")},
                 {"unwell", absl::UnavailableError("the disk is full")}};
  for (const char* id : {"acted", "on its way", "unknown", "unwell", "behind it"}) sink->Acted(id);
  sink->Acted("unreadable", "state: write ACKNOWLEDGED or REJECTED");
  TellOutcomes(front_.notices(), client);
  EXPECT_THAT(sink->told, ElementsAre(Pair("acted", "entry 17"),
                                      Pair("unknown", "no such notice was taken here")));
  client.said = {{"on its way", 18}, {"unwell", 19}, {"behind it", 20}};
  TellOutcomes(front_.notices(), client);
  EXPECT_THAT(sink->outcomes, testing::IsEmpty());
  EXPECT_EQ(sink->told["on its way"], "entry 18");
  EXPECT_EQ(sink->told["unreadable"], "state: write ACKNOWLEDGED or REJECTED");
}

TEST_F(NoticeDeskTest, PeriodsWithoutNoticesReachTheSinkWhenItTakesThem) {
  auto used = std::make_unique<WrittenDown>();
  WrittenDown* const sink = used.get();
  front_.notices().Use(std::move(used));
  sink->down = true;
  for (const char* id : {"tax-death", "tax-move"}) {
    v1::NoneToday none;
    none.set_subscription(id);
    front_.OnNoneToday(none);
  }
  testing::internal::CaptureStderr();
  for (int i = 0; i < 3; ++i) front_.notices().HandOnSilences();
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_THAT(said, HasSubstr("the disk is full"));
  EXPECT_EQ(said.find("adapter.none_today_not_taken"), said.rfind("adapter.none_today_not_taken"))
      << "a cause that stays is said once";
  EXPECT_THAT(sink->silent, testing::IsEmpty());
  sink->down = false;
  for (int i = 0; i < 2; ++i) front_.notices().HandOnSilences();
  EXPECT_THAT(sink->silent, ElementsAre("tax-death", "tax-move"));
}

}  // namespace
}  // namespace chayan::adapter
