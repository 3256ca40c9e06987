// Goal: a member that floods leaves room for others, and what each gets follows its share. Method:
// a pool of places in which members take turns to take all they may.
#include "gateway/policy/fair_share.h"

#include <gtest/gtest.h>

#include <vector>

namespace chayan::policy {
namespace {

// What each of the members holds when all take one after the other until nobody may.
std::vector<uint64_t> Settle(uint64_t capacity, const std::vector<uint32_t>& shares,
                             std::vector<uint64_t> held) {
  held.resize(shares.size());
  bool more = true;
  while (more) {
    more = false;
    for (size_t i = 0; i < shares.size(); ++i) {
      uint64_t taken = 0;
      for (const uint64_t each : held) taken += each;
      if (!HasFairShare({capacity, taken, held[i]}, shares[i])) continue;
      ++held[i];
      more = true;
    }
  }
  return held;
}

TEST(FairShareTest, AFloodLeavesRoomForTheNextMember) {
  const uint64_t flood = Settle(256, {1}, {})[0];
  EXPECT_GT(flood, 256u * 8 / 10);
  const std::vector<uint64_t> both = Settle(256, {1, 1}, {flood});
  // At once, though the flood has returned nothing yet.
  EXPECT_GE(both[1], 20u);
}

TEST(FairShareTest, MembersThatWantAllGetTheSame) {
  const std::vector<uint64_t> held = Settle(256, {1, 1, 1}, {});
  EXPECT_LE(held[0] - held[2], 1u);
  EXPECT_GT(held[0] + held[1] + held[2], 256u * 9 / 10);
}

TEST(FairShareTest, ALargerShareGetsMore) {
  // Places are given back, and whoever may takes them.
  std::vector<uint64_t> held = Settle(1000, {0, 3}, {});
  for (int i = 0; i < 1000; ++i) held = Settle(1000, {0, 3}, {held[0] - 1, held[1] - 1});
  EXPECT_NEAR(static_cast<double>(held[1]), 3 * static_cast<double>(held[0]), 30);
}

TEST(FairShareTest, OnePlaceIsGivenAndNoMore) {
  EXPECT_TRUE(HasFairShare({1, 0, 0}, 1));
  EXPECT_FALSE(HasFairShare({1, 1, 0}, 100));
  EXPECT_FALSE(HasFairShare({0, 0, 0}, 1));
}

}  // namespace
}  // namespace chayan::policy
