// Instruments under many threads, the bound of a family's series, and the text that Prometheus
// reads.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/clock.h"
#include "gateway/metrics/page.h"
#include "gateway/metrics/stages.h"

namespace chayan::metrics {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Family, CountsEachSeriesWhoeverCountsIt) {
  CounterFamily family({"kind", "outcome"}, 100);
  constexpr int kThreads = 8, kRounds = 2000;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&family] {
      for (int i = 0; i < kRounds; ++i) family.With({absl::StrCat("kind-", i % 50), "MATCH"}).Add();
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_EQ(family.series().size(), 50);
  for (const auto* series : family.series()) {
    EXPECT_EQ(series->instrument.value(), kThreads * kRounds / 50) << series->values[0];
  }
}

TEST(Family, WhatIsTooManyIsCountedTogether) {
  CounterFamily family({"reason"}, 3);
  for (int i = 0; i < 10; ++i) family.With({absl::StrCat("reason-", i)}).Add();
  family.With({"reason-0"}).Add();
  ASSERT_EQ(family.series().size(), 4);
  EXPECT_EQ(family.With({"reason-0"}).value(), 2);
  const auto& other = *family.series().front();
  EXPECT_EQ(other.values[0], "other");
  EXPECT_EQ(other.instrument.value(), 7);
}

TEST(Family, SeriesThatJoinToTheSameTextAreTwo) {
  CounterFamily family({"a", "b"}, 10);
  family.With({"x", "yz"}).Add();
  family.With({"xy", "z"}).Add();
  EXPECT_EQ(family.series().size(), 2);
}

TEST(Histogram, AValueAtABoundBelongsToIt) {
  static constexpr double kBounds[] = {1, 2};
  Histogram histogram(kBounds);
  for (const double value : {0.5, 1.0, 1.5, 2.0, 2.5}) histogram.Observe(value);
  EXPECT_EQ(histogram.counts(), (std::vector<uint64_t>{2, 2, 1}));
  EXPECT_EQ(histogram.sum(), 7.5);
}

TEST(Page, IsTheTextThatPrometheusReads) {
  static constexpr double kBounds[] = {0.1, 1};
  HistogramFamily durations({"kind"}, 5, std::span<const double>(kBounds));
  durations.With({"land.title"}).Observe(0.05);
  durations.With({"land.title"}).Observe(7);
  CounterFamily refusals({"reason"}, 5);
  refusals.With({"a\"b\\c\nd"}).Add(3);
  Page page;
  page.AddGauge("chayan_links", "Links.", 2, {{"member", "land-ad"}});
  page.AddGauge("chayan_links", "Links.", 1, {{"member", "nia"}});
  page.AddTime("chayan_end_timestamp_seconds", "End.", absl::FromUnixSeconds(1'800'000'000));
  page.Add("chayan_refusals_total", "Refusals.", refusals);
  page.Add("chayan_duration_seconds", "Durations.", durations);
  EXPECT_EQ(page.Text(),
            "# HELP chayan_links Links.\n"
            "# TYPE chayan_links gauge\n"
            "chayan_links{member=\"land-ad\"} 2\n"
            "chayan_links{member=\"nia\"} 1\n"
            "# HELP chayan_end_timestamp_seconds End.\n"
            "# TYPE chayan_end_timestamp_seconds gauge\n"
            "chayan_end_timestamp_seconds 1800000000\n"
            "# HELP chayan_refusals_total Refusals.\n"
            "# TYPE chayan_refusals_total counter\n"
            "chayan_refusals_total{reason=\"a\\\"b\\\\c\\nd\"} 3\n"
            "# HELP chayan_duration_seconds Durations.\n"
            "# TYPE chayan_duration_seconds histogram\n"
            "chayan_duration_seconds_count{kind=\"land.title\"} 2\n"
            "chayan_duration_seconds_sum{kind=\"land.title\"} 7.05\n"
            "chayan_duration_seconds_bucket{kind=\"land.title\",le=\"0.1\"} 1\n"
            "chayan_duration_seconds_bucket{kind=\"land.title\",le=\"1\"} 1\n"
            "chayan_duration_seconds_bucket{kind=\"land.title\",le=\"+Inf\"} 2\n");
}

TEST(Process, TellsWhatThisProcessUses) {
  Page page;
  CollectProcess(page);
  const std::string text = page.Text();
  for (const char* name : {"process_resident_memory_bytes", "process_cpu_seconds_total",
                           "process_open_fds", "process_threads"}) {
    const size_t at = text.find(absl::StrCat("\n", name, " "));
    ASSERT_NE(at, std::string::npos) << name;
    double value = 0;
    const size_t start = at + absl::string_view(name).size() + 2;
    ASSERT_TRUE(absl::SimpleAtod(text.substr(start, text.find('\n', start) - start), &value));
    EXPECT_GT(value, 0) << name;
  }
  double started = 0;
  const size_t at = text.find("\nprocess_start_time_seconds ") + 28;
  ASSERT_TRUE(absl::SimpleAtod(text.substr(at, text.find('\n', at) - at), &started));
  // The kernel counts in ticks of its own clock.
  EXPECT_NEAR(started, absl::ToDoubleSeconds(SystemClock().Now() - absl::UnixEpoch()), 3600);
}

TEST(Stages, EachIsAHistogramOfItsName) {
  Stages stages;
  stages.Observe(Stage::kSeal, absl::Microseconds(3));
  stages.Observe(Stage::kAppend, absl::Milliseconds(2));
  Observe(nullptr, Stage::kSeal, absl::Seconds(1));  // where nothing is measured
  Page page;
  stages.AddTo(page);
  const std::string text = page.Text();
  EXPECT_THAT(text, HasSubstr("chayan_stage_duration_seconds_count{stage=\"seal\"} 1"));
  EXPECT_THAT(text, HasSubstr("chayan_stage_duration_seconds_count{stage=\"append\"} 1"));
  // Those that nothing passed are there all the same.
  EXPECT_THAT(text, HasSubstr("chayan_stage_duration_seconds_count{stage=\"holder\"} 0"));
}

}  // namespace
}  // namespace chayan::metrics
