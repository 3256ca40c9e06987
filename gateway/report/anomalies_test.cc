// Goal: each rule finds what it is for and leaves ordinary work alone; a rule that cannot mean
// anything is refused with the field and the remedy. Method: entries of one office with times set
// by hand around each bound.
#include "gateway/report/anomalies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "gateway/base/check.h"
#include "gateway/base/file.h"
#include "gateway/base/random.h"
#include "gateway/base/status_matchers.h"

namespace chayan::report {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class AnomaliesTest : public ::testing::Test {
 protected:
  // A question at a time in Taiwan, "2026-01-15 08:30:00".
  void Ask(Anomalies& anomalies, const char* time, const char* outcome = "MATCH",
           const Opened* opened = nullptr, const char* office = "hro-shanhua") {
    log::Entry entry;
    entry.type = log::EntryType::kVerification;
    entry.id = Uuid::Version7(absl::UnixEpoch(), random_);
    entry.member = "hro-shanhua";
    entry.system = "counter";
    entry.acting_for = office;
    entry.method = "VerifyDocument";
    entry.kind = "land.title";
    entry.purpose = "household.move";
    entry.basis = "household-act-68";
    entry.person_proof = "none";
    entry.grant = "g";
    entry.outcome = outcome;
    entry.by = "holder";
    entry.cert = entry.registry = crypto::Sha256("x");
    entry.c_req = entry.c_res = entry.c_detail = crypto::Sha256("commitment");
    absl::Time at;
    CHAYAN_CHECK(
        absl::ParseTime("%Y-%m-%d %H:%M:%S", time, absl::FixedTimeZone(8 * 3600), &at, nullptr));
    const std::string leaf = log::RenderLeaf(entry, at, "gw-1");
    anomalies.Add(next_++, *log::ReadLeaf(leaf), opened);
  }
  static Anomalies Rules(const std::string& text) {
    auto anomalies = Anomalies::Create(text);
    CHAYAN_CHECK(anomalies.ok());
    return *std::move(anomalies);
  }

  SeededRandom random_{1};
  uint64_t next_ = 0;
};

constexpr char kHours[] =
    "outside_hours { default_hours { hours { from: '08:00' to: '17:30' } holidays: '2026-02-17' }\n"
    "offices { office: 'hro-night' hours { from: '08:00' to: '20:00' } weekdays: 6 } }";

TEST_F(AnomaliesTest, FindsQuestionsOutsideTheOfficesHours) {
  Anomalies anomalies = Rules(kHours);
  Ask(anomalies, "2026-01-15 08:00:00");
  Ask(anomalies, "2026-01-15 17:29:59");
  EXPECT_THAT(anomalies.Take(), IsEmpty());
  Ask(anomalies, "2026-01-15 07:59:59");  // 2, a Thursday
  Ask(anomalies, "2026-01-15 17:30:00");  // 3
  Ask(anomalies, "2026-01-17 10:00:00");  // 4, a Saturday
  Ask(anomalies, "2026-02-17 10:00:00");  // 5, a holiday
  const std::vector<Anomaly> found = anomalies.Take();
  ASSERT_EQ(found.size(), 3u) << "one a day";
  EXPECT_THAT(found[0].entries, ElementsAre(2, 3));
  EXPECT_THAT(found[1].entries, ElementsAre(4));
  EXPECT_THAT(found[2].entries, ElementsAre(5));
  EXPECT_EQ(found[0].office, "hro-shanhua");
}

TEST_F(AnomaliesTest, KnowsOfficesWithHoursOfTheirOwn) {
  Anomalies anomalies = Rules(kHours);
  Ask(anomalies, "2026-01-17 19:00:00", "MATCH", nullptr, "hro-night");
  Ask(anomalies, "2026-01-16 10:00:00", "MATCH", nullptr, "hro-night");
  const std::vector<Anomaly> found = anomalies.Take();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_THAT(found[0].entries, ElementsAre(1)) << "it works on Saturdays only";
}

TEST_F(AnomaliesTest, FindsOnePersonAndOneSubjectAgainAndAgain) {
  Anomalies anomalies = Rules("repeated_subject { questions: 3 within_hours: 24 }");
  const Opened ours{"clerk-7", "A123456789"}, other{"clerk-8", "A123456789"};
  Ask(anomalies, "2026-01-15 09:00:00", "MATCH", &ours);
  Ask(anomalies, "2026-01-15 09:01:00", "MATCH", &other);
  Ask(anomalies, "2026-01-15 09:02:00", "MATCH", &ours);
  Ask(anomalies, "2026-01-16 09:01:00", "MATCH", &ours);  // a minute too late
  Ask(anomalies, "2026-01-16 09:02:00", "MATCH", &other);
  EXPECT_THAT(anomalies.Take(), IsEmpty());
  Ask(anomalies, "2026-01-16 09:02:00", "MATCH", &ours);
  Ask(anomalies, "2026-01-16 09:03:00", "MATCH", &ours);
  const std::vector<Anomaly> found = anomalies.Take();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_THAT(found[0].entries, ElementsAre(2, 3, 5, 6));
  EXPECT_EQ(found[0].person, "clerk-7");
}

TEST_F(AnomaliesTest, ForgetsPairsThatAreOver) {
  Anomalies anomalies = Rules("repeated_subject { questions: 2 within_hours: 1 }");
  const auto ask = [&](size_t subject, const char* time) {
    const Opened opened{"clerk-7", absl::StrCat(subject)};
    Ask(anomalies, time, "MATCH", &opened);
  };
  for (size_t i = 0; i < Anomalies::kPairsMin; ++i) ask(i, "2026-01-15 09:00:00");
  EXPECT_EQ(anomalies.pairs_kept(), Anomalies::kPairsMin);
  // Within the hour nothing is over; the two questions about subject 0 still count as two.
  ask(0, "2026-01-15 09:30:00");
  EXPECT_EQ(anomalies.pairs_kept(), Anomalies::kPairsMin);
  for (size_t i = 1; i <= 2 * Anomalies::kPairsMin; ++i) ask(i, "2026-01-15 11:00:00");
  EXPECT_EQ(anomalies.pairs_kept(), 2 * Anomalies::kPairsMin) << "subject 0 is over";
  const std::vector<Anomaly> found = anomalies.Take();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].entries.front(), 0u);
}

TEST_F(AnomaliesTest, FindsFailedLookupsInARow) {
  Anomalies anomalies =
      Rules("failed_streak { length: 3 within_minutes: 10 failures: 'NOT_FOUND' }");
  Ask(anomalies, "2026-01-15 09:00:00", "NOT_FOUND");
  Ask(anomalies, "2026-01-15 09:01:00", "NOT_FOUND");
  Ask(anomalies, "2026-01-15 09:02:00", "MATCH");
  Ask(anomalies, "2026-01-15 09:03:00", "NOT_FOUND");
  Ask(anomalies, "2026-01-15 09:04:00", "NOT_FOUND");
  Ask(anomalies, "2026-01-15 09:13:01", "NOT_FOUND");  // begins anew
  Ask(anomalies, "2026-01-15 09:14:00", "NOT_FOUND");
  EXPECT_THAT(anomalies.Take(), IsEmpty());
  for (int i = 0; i < 4; ++i) Ask(anomalies, "2026-01-15 10:00:00", "NOT_FOUND");
  const std::vector<Anomaly> found = anomalies.Take();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_THAT(found[0].entries, ElementsAre(7, 8, 9, 10));
  EXPECT_EQ(found[0].system, "counter");
}

TEST_F(AnomaliesTest, RefusesRulesThatMeanNothing) {
  const std::pair<const char*, const char*> cases[] = {
      {"failed_streak { length: 1 }", "failed_streak.length: write 2"},
      {"failed_streak { length: 3 within_minutes: 1 }", "failed_streak.failures: is empty"},
      {"repeated_subject { questions: 3 }", "repeated_subject.within_hours"},
      {"outside_hours { }", "outside_hours.default_hours.hours.from: no time of day"},
      {"outside_hours { default_hours { hours { from: '9:00' to: '17:00' } } }",
       "write it as 08:30"},
      {"outside_hours { default_hours { hours { from: '18:00' to: '17:00' } } }", "exchange"},
      {"outside_hours { default_hours { hours { from: '08:00' to: '17:00' } weekdays: 0 } }",
       "1 (Monday)"},
      {"outside_hours {\n unknown: 1 }", "line 2:"},
      {"outside_hour { }", "did you mean outside_hours?"},
  };
  for (const auto& [text, message] : cases) {
    EXPECT_THAT(Anomalies::Create(text).status().message(), HasSubstr(message)) << text;
  }
}

TEST_F(AnomaliesTest, TheRulesThatAreShippedAreGood) {
  EXPECT_OK(Anomalies::Create(*ReadFile("deploy/anomalies.textproto")));
}

TEST_F(AnomaliesTest, ShowsNoSubject) {
  Anomalies anomalies = Rules("repeated_subject { questions: 2 within_hours: 1 }");
  const Opened opened{"clerk-7", "A123456789"};
  Ask(anomalies, "2026-01-15 09:00:00", "MATCH", &opened);
  Ask(anomalies, "2026-01-15 09:01:00", "MATCH", &opened);
  const Table table = AnomalyTable(Language::kZhTw, anomalies.Take());
  ASSERT_EQ(table.rows.size(), 1u);
  EXPECT_EQ(table.rows[0].size(), table.header.size());
  for (const std::string& cell : table.rows[0]) EXPECT_NE(cell, "A123456789");
  EXPECT_EQ(table.rows[0].back(), "0 1");
}

}  // namespace
}  // namespace chayan::report
