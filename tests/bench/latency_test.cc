// Goal: percentiles are true to within a bucket. Method: known distributions, and every bucket's
// edges.
#include "tests/bench/latency.h"

#include <cmath>

#include "gtest/gtest.h"

namespace chayan::bench {
namespace {

TEST(Latencies, HasNoPercentileOfNothing) { EXPECT_EQ(Latencies().Percentile(0.5), 0u); }

TEST(Latencies, TellsSmallValuesExactly) {
  Latencies latencies;
  for (uint64_t i = 1; i <= 100; ++i) latencies.Add(i);
  EXPECT_EQ(latencies.Percentile(0.5), 50u);
  EXPECT_EQ(latencies.Percentile(0.99), 99u);
  EXPECT_EQ(latencies.Percentile(1.0), 100u);
}

TEST(Latencies, IsWithinOnePercentAtEveryMagnitude) {
  for (double value = 1; value < 1e12; value *= 1.003) {
    const auto ns = static_cast<uint64_t>(value);
    Latencies latencies;
    latencies.Add(ns);
    latencies.Add(uint64_t{1} << 41);  // So that the maximum does not cap the answer.
    const uint64_t told = latencies.Percentile(0.5);
    ASSERT_GE(told, ns);
    ASSERT_LE(static_cast<double>(told), static_cast<double>(ns) * 1.01 + 1);
  }
}

TEST(Latencies, NeverTellsMoreThanTheMaximum) {
  Latencies latencies;
  latencies.Add(1'000'003);
  EXPECT_EQ(latencies.Percentile(0.999), 1'000'003u);
}

TEST(Latencies, FindsTheTail) {
  Latencies latencies;
  for (int i = 0; i < 990; ++i) latencies.Add(1'000'000);
  for (int i = 0; i < 10; ++i) latencies.Add(50'000'000);
  EXPECT_NEAR(static_cast<double>(latencies.Percentile(0.99)), 1e6, 1e4);
  EXPECT_NEAR(static_cast<double>(latencies.Percentile(0.995)), 50e6, 5e5);
}

}  // namespace
}  // namespace chayan::bench
