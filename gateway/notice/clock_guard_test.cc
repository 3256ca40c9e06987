#include "gateway/notice/clock_guard.h"

#include "gtest/gtest.h"

namespace chayan::notice {
namespace {

class ClockGuardTest : public ::testing::Test {
 protected:
  SimulatedClock clock_{absl::FromUnixSeconds(1'768'435'200)};
  ClockGuard guard_{clock_};
};

TEST_F(ClockGuardTest, TimeThatPassesIsNoJump) {
  clock_.Advance(absl::Hours(24 * 40));
  guard_.Look();
  clock_.Set(absl::Seconds(4));
  guard_.Look();
  clock_.Set(-absl::Seconds(4));
  guard_.Look();
  EXPECT_EQ(guard_.TakeSetBack(), std::nullopt);
  EXPECT_FALSE(guard_.HoldsExpiry());
  EXPECT_FALSE(guard_.WasSetForward());
}

TEST_F(ClockGuardTest, AClockThatIsSetBackIsToldOnceWithWhatHadBeenDue) {
  clock_.Advance(absl::Minutes(7));
  const absl::Time before = clock_.Now();
  clock_.Set(-absl::Hours(3));
  guard_.Look();
  guard_.Look();
  EXPECT_EQ(guard_.TakeSetBack(), before);
  EXPECT_EQ(guard_.TakeSetBack(), std::nullopt);
}

TEST_F(ClockGuardTest, AClockThatIsSetForwardHoldsExpiryAndSoDoesAStart) {
  EXPECT_TRUE(guard_.HoldsExpiry());
  EXPECT_FALSE(guard_.WasSetForward());
  clock_.Advance(ClockGuard::kExpiryHold);
  guard_.Look();
  EXPECT_FALSE(guard_.HoldsExpiry());
  clock_.Set(absl::Hours(24 * 40));
  guard_.Look();
  EXPECT_TRUE(guard_.HoldsExpiry());
  EXPECT_TRUE(guard_.WasSetForward());
  clock_.Advance(ClockGuard::kExpiryHold);
  guard_.Look();
  EXPECT_FALSE(guard_.HoldsExpiry());
  EXPECT_FALSE(guard_.WasSetForward());
}

}  // namespace
}  // namespace chayan::notice
