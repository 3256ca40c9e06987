// Goal: what an agency's people are given to begin with works, what they are told of a fixture is
// true, and their switches hold. Method: the real loader, checker and front; a connector of this
// file that counts.
#include <filesystem>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "absl/synchronization/notification.h"
#include "adapters/connector/testing_folder.h"
#include "adapters/program/fixtures.h"
#include "adapters/program/front.h"
#include "adapters/program/loaded.h"
#include "adapters/program/notice_skeleton.h"
#include "adapters/program/skeleton.h"
#include "adapters/program/status_file.h"
#include "gateway/base/check.h"
#include "gateway/base/file.h"
#include "gateway/base/status_matchers.h"

namespace chayan::adapter {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kLand = "adapters/agencies/registry/land.textproto";

class ProgramTest : public ::testing::Test {
 protected:
  void Write(const Skeleton& skeleton) {
    folder_.Write("adapter.textproto", skeleton.settings);
    folder_.Write("fixture.textproto", skeleton.fixture);
  }
  Skeleton Made(const std::string& connector) {
    const auto kind = FindKind(*ReadKinds(kLand), "land.title");
    CHAYAN_CHECK(kind.ok());
    const auto skeleton =
        NewSkeleton(*kind, connector, std::filesystem::absolute(kLand).lexically_normal().string());
    CHAYAN_CHECK(skeleton.ok());
    return *skeleton;
  }

  connector::TestingFolder folder_;
};

TEST_F(ProgramTest, ASkeletonOfEachConnectorPassesItsOwnCheck) {
  for (const std::string connector : {"sql", "http", "file"}) {
    Write(Made(connector));
    const auto loaded = Load(folder_.File("adapter.textproto"));
    ASSERT_OK(loaded);
    EXPECT_EQ(loaded->connector_name, connector);
    const auto fixture = LoadFixture(loaded->config.fixture_file());
    ASSERT_OK(fixture);
    std::ostringstream out;
    EXPECT_TRUE(CheckFixture(*loaded, *fixture, absl::Now(), out)) << out.str();
    std::ostringstream seen;
    RehearseFixture(*loaded, *fixture, absl::Now(), seen);
    EXPECT_THAT(seen.str(), HasSubstr("NOT_FOUND  查無資料"));
  }
}

TEST_F(ProgramTest, ASkeletonForEachNoticeKindAndConnectorPassesItsOwnCheck) {
  SeededRandom random(7);
  for (const std::string file : {"notices", "notices-household", "notices-inbound"}) {
    const auto kinds = ReadKinds(absl::StrCat("adapters/agencies/registry/", file, ".textproto"));
    ASSERT_OK(kinds);
    ASSERT_FALSE(kinds->notice_kinds().empty());
    for (const v1::NoticeKind& kind : kinds->notice_kinds()) {
      for (const std::string connector : {"sql", "http", "file"}) {
        SCOPED_TRACE(absl::StrCat(kind.code(), " ", connector));
        const auto skeleton = NewNoticeSkeleton(kind, connector, random);
        ASSERT_OK(skeleton);
        Write(*skeleton);
        for (const auto& [name, content] : skeleton->secrets) folder_.Write(name, content);
        const auto loaded = Load(folder_.File("adapter.textproto"));
        ASSERT_OK(loaded);
        EXPECT_EQ(loaded->sink_name, connector);
        std::ostringstream out;
        EXPECT_TRUE(
            CheckFixture(*loaded, *LoadFixture(loaded->config.fixture_file()), absl::Now(), out))
            << out.str();
      }
    }
  }
}

TEST_F(ProgramTest, ASkeletonForNoticesSaysWhatItCannotMake) {
  const auto kinds = ReadKinds("adapters/agencies/registry/notices.textproto");
  ASSERT_OK(kinds);
  SeededRandom random(7);
  EXPECT_THAT(NewNoticeSkeleton(*FindNoticeKind(*kinds, "person.death"), "fax", random),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("write sql, http or file")));
  EXPECT_THAT(FindNoticeKind(*kinds, "person.deth"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("it has person.death")));
}

TEST_F(ProgramTest, SaysWhatDiffersFromAFixture) {
  Skeleton skeleton = Made("http");
  skeleton.fixture = absl::StrReplaceAll(skeleton.fixture, {{"OUTCOME_NOT_FOUND", "OUTCOME_VOID"}});
  Write(skeleton);
  const auto loaded = Load(folder_.File("adapter.textproto"));
  ASSERT_OK(loaded);
  std::ostringstream out;
  EXPECT_FALSE(
      CheckFixture(*loaded, *LoadFixture(loaded->config.fixture_file()), absl::Now(), out));
  EXPECT_THAT(out.str(), AllOf(HasSubstr("DIFFERS nobody of this number"),
                               HasSubstr("outcome: OUTCOME_VOID -> OUTCOME_NOT_FOUND")));
}

TEST_F(ProgramTest, ARecordOfAnotherConnectorIsSaid) {
  Skeleton skeleton = Made("http");
  skeleton.fixture = Made("file").fixture;
  Write(skeleton);
  const auto loaded = Load(folder_.File("adapter.textproto"));
  ASSERT_OK(loaded);
  std::ostringstream out;
  EXPECT_FALSE(
      CheckFixture(*loaded, *LoadFixture(loaded->config.fixture_file()), absl::Now(), out));
  EXPECT_THAT(out.str(), HasSubstr("has no response"));
}

TEST_F(ProgramTest, AnAdapterHasOneSource) {
  Skeleton skeleton = Made("http");
  skeleton.settings += "files { folder: \"inbox\" }\n";
  Write(skeleton);
  EXPECT_THAT(Load(folder_.File("adapter.textproto")),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("source: an adapter has one of source, http and files")));
}

TEST_F(ProgramTest, TheExamplesPassTheCheck) {
  for (const std::string name : {"sqlserver", "mariadb"}) {
    EXPECT_OK(Load(absl::StrCat("adapters/examples/", name, ".textproto")));
  }
}

TEST_F(ProgramTest, NamesAKindThatIsNotThere) {
  EXPECT_THAT(FindKind(*ReadKinds(kLand), "land.tittle"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("it has land.title")));
}

// Answers everything as not found, and counts.
class CountingConnector final : public connector::Connector {
 public:
  explicit CountingConnector(int& asked) : asked_(asked) {}
  void Answer(const connector::Inquiry& inquiry, Done done) override {
    ++asked_;
    done(connector::NewAnswer(inquiry.request, v1::OUTCOME_NOT_FOUND));
  }
  connector::SourceHealth Health() const override { return {}; }
  absl::Status Probe() override { return absl::OkStatus(); }

 private:
  int& asked_;
};

// Comes to its end when a test lets it, as a driver that hangs does.
class HangingConnector final : public connector::Connector {
 public:
  explicit HangingConnector(absl::Notification& release) : release_(release) {}
  ~HangingConnector() override { release_.WaitForNotification(); }
  void Answer(const connector::Inquiry&, Done) override {}
  connector::SourceHealth Health() const override { return {}; }
  absl::Status Probe() override { return absl::OkStatus(); }

 private:
  absl::Notification& release_;
};

// What the SDK would sign.
class Signed final : public sdk::AnswerSink {
 public:
  absl::Status Submit(std::shared_ptr<sdk::OpenQuestion>, std::string bytes, bool) override {
    v1::VerificationAnswer answer;
    CHAYAN_CHECK(answer.ParseFromString(bytes));
    answers.push_back(answer);
    return absl::OkStatus();
  }
  std::vector<v1::VerificationAnswer> answers;
};

class FrontTest : public ::testing::Test {
 protected:
  v1::VerificationAnswer Ask(const std::string& office) {
    auto open = std::make_shared<sdk::OpenQuestion>();
    open->wire.mutable_caller()->set_acting_for(office);
    open->wire.mutable_permit()->add_claims("lot");
    open->request.set_document_kind("land.title");
    open->request.add_claims()->set_code("lot");
    open->deadline = clock_.Elapsed() + absl::Minutes(1);
    open->clock = &clock_;
    open->sink = signed_;
    front_.Answer(sdk::Question(open), sdk::Responder(open));
    return signed_->answers.back();
  }
  void Use(const std::function<void(v1::KindSource&)>& edit) {
    connector::KindPlan plan;
    plan.kind.set_code("land.title");
    edit(plan.source);
    front_.Use(std::make_unique<CountingConnector>(asked_), {plan});
  }

  SimulatedClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  std::shared_ptr<Signed> signed_ = std::make_shared<Signed>();
  int asked_ = 0;
  Front front_{clock_};
};

TEST_F(FrontTest, APausedKindIsNotCompared) {
  Use([](v1::KindSource&) {});
  EXPECT_EQ(Ask("o").outcome(), v1::OUTCOME_NOT_FOUND);
  Use([](v1::KindSource& source) { source.set_paused(true); });
  EXPECT_EQ(Ask("o").outcome(), v1::OUTCOME_NOT_COMPARED);
  EXPECT_EQ(asked_, 1);
  EXPECT_TRUE(front_.Counts()["land.title"].paused);
  EXPECT_EQ(front_.Counts()["land.title"].refused_paused, 1u);
  Use([](v1::KindSource&) {});
  EXPECT_EQ(Ask("o").outcome(), v1::OUTCOME_NOT_FOUND);
}

TEST_F(FrontTest, AnOfficeOverItsBudgetHurtsOnlyItself) {
  Use([](v1::KindSource& source) { source.set_office_questions_per_minute_max(10); });
  EXPECT_EQ(Ask("a").outcome(), v1::OUTCOME_NOT_FOUND);
  const auto refused = Ask("a");
  EXPECT_EQ(refused.outcome(), v1::OUTCOME_SOURCE_DOWN);
  EXPECT_FALSE(refused.forwarded());
  EXPECT_EQ(Ask("b").outcome(), v1::OUTCOME_NOT_FOUND);
  EXPECT_EQ(front_.Counts()["land.title"].refused_office_budget, 1u);
  clock_.Advance(absl::Seconds(10));
  EXPECT_EQ(Ask("a").outcome(), v1::OUTCOME_NOT_FOUND);
}

TEST_F(FrontTest, TheKindsBudgetIsForAll) {
  Use([](v1::KindSource& source) { source.set_questions_per_minute_max(20); });
  EXPECT_EQ(Ask("a").outcome(), v1::OUTCOME_NOT_FOUND);
  EXPECT_EQ(Ask("b").outcome(), v1::OUTCOME_NOT_FOUND);
  EXPECT_EQ(Ask("c").outcome(), v1::OUTCOME_SOURCE_DOWN);
  EXPECT_EQ(asked_, 2);
}

TEST_F(FrontTest, ASourceThatHangsHoldsNoReload) {
  absl::Notification release;
  front_.Use(std::make_unique<HangingConnector>(release), {});
  Use([](v1::KindSource&) {});
  EXPECT_EQ(Ask("a").outcome(), v1::OUTCOME_NOT_FOUND);
  EXPECT_EQ(front_.retired().count(), 1);
  EXPECT_FALSE(front_.retired().AwaitAll(absl::ZeroDuration()));
  release.Notify();
  EXPECT_TRUE(front_.retired().AwaitAll(absl::InfiniteDuration()));
}

TEST(StatusFileTest, SaysWhatIsWrongAndWhy) {
  StatusReport report;
  report.member = "land-ad";
  report.connector = "sql";
  report.time = absl::FromUnixSeconds(1'800'000'000);
  report.link.gateways = {{"127.0.0.1:1", false, "", "connection \"refused\"\xFF"},
                          {"127.0.0.1:2", true, "gw-1", "an old error"}};
  report.link.questions = 7;
  report.source = connector::SourceHealth{true, "the database counts as down"};
  report.reload_fault = "adapter.textproto:3: system: is missing";
  report.kinds["land.title"].paused = true;
  report.kinds["land.title"].refused_paused = 2;
  report.kinds["land.title"].outcomes["MATCH"] = 5;
  const std::string json = StatusJson(report);
  const auto text = StatusText(json, report.time + absl::Seconds(1));
  ASSERT_OK(text);
  EXPECT_THAT(*text,
              AllOf(HasSubstr("127.0.0.1:1  DOWN: (not text)"), HasSubstr("127.0.0.1:2  up, gw-1"),
                    Not(HasSubstr("an old error")), HasSubstr("DOWN  the database counts as down"),
                    HasSubstr("REFUSED"), HasSubstr("land.title  PAUSED"), HasSubstr("MATCH 5"),
                    HasSubstr("paused: 2"), Not(HasSubstr("RUNNING"))));
  EXPECT_THAT(*StatusText(json, report.time + absl::Hours(1)), HasSubstr("NOT RUNNING"));
  EXPECT_FALSE(StatusText("{}", report.time).ok());
}

}  // namespace
}  // namespace chayan::adapter
