// Goal: each question is counted once, in its month, with what the registry said when it was
// decided. Method: leaves written out by hand for a period, read as an export is, and every count
// compared; the tables of both languages hold those counts.
#include "gateway/report/statistics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/base/check.h"
#include "gateway/base/encoding.h"
#include "gateway/base/random.h"
#include "gateway/base/status_matchers.h"
#include "gateway/registry/sample_set.h"
#include "gateway/report/statistics_tables.h"

namespace chayan::report {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Pair;

class StatisticsTest : public ::testing::Test {
 protected:
  StatisticsTest() {
    std::vector<std::string> faults;
    auto set = registry::Snapshot::Create(registry::SampleFiles(), &faults);
    CHAYAN_CHECK(set.ok());
    set_ = *std::move(set);
  }

  log::Entry Verification(const char* outcome, const char* by = "holder") {
    log::Entry entry;
    entry.type = log::EntryType::kVerification;
    entry.member = "hro-shanhua";
    entry.system = "counter-1";
    entry.acting_for = "hro-shanhua";
    entry.cert = crypto::Sha256("certificate");
    entry.method = "VerifyDocument";
    entry.kind = "land.title";
    entry.holder = "land-ad";
    entry.purpose = "household.move";
    entry.basis = "household-act-68";
    entry.person_proof = "none";
    entry.grant = "shanhua-land-title";
    entry.outcome = outcome;
    entry.by = by;
    entry.c_req = entry.c_res = entry.c_detail = crypto::Sha256("commitment");
    return entry;
  }
  log::Entry Denied(const char* reason) {
    log::Entry entry;
    entry.type = log::EntryType::kDenied;
    entry.member = "hro-shanhua";
    entry.reason = reason;
    return entry;
  }
  void Add(Statistics& statistics, log::Entry entry, const char* time) {
    entry.id = Uuid::Version7(absl::UnixEpoch(), random_);
    entry.registry = set_->digest();
    absl::Time at;
    CHAYAN_CHECK(absl::ParseTime(absl::RFC3339_full, time, &at, nullptr));
    const std::string leaf = log::RenderLeaf(entry, at, "gw-1");
    statistics.Add(*log::ReadLeaf(leaf));
  }
  Statistics HalfYear() {
    return Statistics(*Period::Parse("2026-01-01", "1150630"), [this](absl::string_view digest) {
      return digest == absl::string_view(Base64Encode(set_->digest().raw())) ? set_.get() : nullptr;
    });
  }

  SeededRandom random_{1};
  std::shared_ptr<const registry::Snapshot> set_;
};

TEST_F(StatisticsTest, CountsQuestionsAnswersAndSheets) {
  Statistics statistics = HalfYear();
  Add(statistics, Verification("MATCH"), "2026-01-15T02:00:00Z");
  Add(statistics, Verification("VARIANT"), "2026-01-15T03:00:00Z");
  Add(statistics, Verification("MISMATCH"), "2026-02-15T03:00:00Z");
  Add(statistics, Verification("NOT_COMPARED"), "2026-02-15T03:00:00Z");
  Add(statistics, Verification("SOURCE_DOWN", "gateway"), "2026-02-15T03:00:00Z");
  Add(statistics, Denied("NO_GRANT"), "2026-02-16T03:00:00Z");
  Add(statistics, Denied("NO_GRANT"), "2026-02-16T03:00:00Z");
  Add(statistics, Denied("OUTSIDE_HOURS"), "2026-02-16T03:00:00Z");
  const uint64_t sheets = set_->FindKind("land.title")->proto->replaces_sheets();
  ASSERT_GT(sheets, 0u);
  EXPECT_EQ(statistics.total().questions, 5u);
  EXPECT_EQ(statistics.total().answered, 3u);
  EXPECT_EQ(statistics.total().sheets_avoided, 2 * sheets);
  EXPECT_EQ(statistics.total().denied, 3u);
  EXPECT_THAT(statistics.denials(), ElementsAre(Pair("NO_GRANT", 2), Pair("OUTSIDE_HOURS", 1)));
  EXPECT_THAT(statistics.outcomes(), Contains(Pair("SOURCE_DOWN", 1)));
  EXPECT_EQ(statistics.by_month().at(absl::CivilMonth(2026, 1)).questions, 2u);
  EXPECT_EQ(statistics.by_kind().at("land.title").answered, 3u);
  EXPECT_EQ(statistics.by_kind().at("-").denied, 3u);
  EXPECT_EQ((statistics.by_kind_and_office().at({"land.title", "hro-shanhua"}).questions), 5u);
}

TEST_F(StatisticsTest, CountsAFollowUpAsAnswerAndNotAsQuestion) {
  Statistics statistics = HalfYear();
  Add(statistics, Verification("PENDING"), "2026-01-15T02:00:00Z");
  log::Entry answer = Verification("MATCH");
  answer.ref = 0;
  Add(statistics, answer, "2026-01-16T02:00:00Z");
  EXPECT_EQ(statistics.total().questions, 1u);
  EXPECT_EQ(statistics.total().answered, 1u);
}

// Days and months are Taiwan's: its day begins at 16:00 of the day before in UTC.
TEST_F(StatisticsTest, KeepsToThePeriodAsTaiwanCountsDays) {
  Statistics statistics = HalfYear();
  Add(statistics, Verification("MATCH"), "2025-12-31T15:59:59.999Z");
  EXPECT_EQ(statistics.entries(), 0u);
  Add(statistics, Verification("MATCH"), "2025-12-31T16:00:00Z");
  Add(statistics, Verification("MATCH"), "2026-01-31T16:30:00Z");
  Add(statistics, Verification("MATCH"), "2026-06-30T15:59:59Z");
  EXPECT_EQ(statistics.entries(), 3u);
  Add(statistics, Verification("MATCH"), "2026-06-30T16:00:00Z");
  EXPECT_EQ(statistics.entries(), 3u);
  EXPECT_EQ(statistics.by_month().at(absl::CivilMonth(2026, 1)).questions, 1u);
  EXPECT_EQ(statistics.by_month().at(absl::CivilMonth(2026, 2)).questions, 1u);
}

TEST_F(StatisticsTest, TablesHoldTheCountsInBothLanguages) {
  Statistics statistics = HalfYear();
  Add(statistics, Verification("MATCH"), "2026-01-15T02:00:00Z");
  Add(statistics, Verification("SOURCE_DOWN", "gateway"), "2026-01-15T02:00:00Z");
  const std::vector<Table> zh = StatisticsTables(Language::kZhTw, statistics);
  const std::vector<Table> en = StatisticsTables(Language::kEn, statistics);
  ASSERT_EQ(zh.size(), en.size());
  for (size_t i = 0; i < zh.size(); ++i) {
    EXPECT_EQ(zh[i].name, en[i].name);
    EXPECT_EQ(zh[i].rows.size(), en[i].rows.size());
    EXPECT_NE(zh[i].title, en[i].title);
    for (const Row& row : zh[i].rows) EXPECT_EQ(row.size(), zh[i].header.size()) << zh[i].name;
  }
  EXPECT_THAT(zh[0].rows, ElementsAre(ElementsAre("2026-01", "民國115年1月", "2", "1", "50.0 %",
                                                  ::testing::_, "0", "0")));
  EXPECT_EQ(PeriodFacts(Language::kZhTw, statistics.period())[1][1],
            "民國115年1月1日 至 民國115年6月30日");
}

TEST(PeriodTest, RefusesWhatIsNoSpanOfDays) {
  EXPECT_THAT(Period::Parse("2026-02-30", "2026-06-30").status().message(),
              ::testing::HasSubstr("from: no day"));
  EXPECT_THAT(Period::Parse("2026-01", "2026-06-30").status().message(),
              ::testing::HasSubstr("from: no day"));
  EXPECT_THAT(Period::Parse("2026-01-02", "2026-01-01").status().message(),
              ::testing::HasSubstr("to: the day lies before"));
}

}  // namespace
}  // namespace chayan::report
