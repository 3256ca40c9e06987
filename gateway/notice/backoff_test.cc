// Goal: waits grow to a bound and never fall together. Method: many draws of seeded randomness.
#include "gateway/notice/backoff.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace chayan::notice {
namespace {

TEST(BackoffTest, GrowsToItsBoundAndSpreadsOverTheSecondHalf) {
  SeededRandom random(1);
  for (const uint32_t failures : {1u, 2u, 5u, 10u, 11u, 1000u, UINT32_MAX}) {
    absl::Duration whole = kBackoffFirst;
    for (uint32_t i = 1; i < failures && i < 20; ++i) whole *= 2;
    whole = std::min(whole, kBackoffMax);
    std::set<absl::Duration> drawn;
    for (int i = 0; i < 1000; ++i) drawn.insert(Backoff(failures, random));
    EXPECT_GE(*drawn.begin(), whole / 2) << failures;
    EXPECT_LE(*drawn.rbegin(), whole) << failures;
    EXPECT_GT(drawn.size(), 300u) << failures;
    // Both ends are come near to.
    EXPECT_LT(*drawn.begin(), whole * 0.55) << failures;
    EXPECT_GT(*drawn.rbegin(), whole * 0.95) << failures;
  }
}

}  // namespace
}  // namespace chayan::notice
