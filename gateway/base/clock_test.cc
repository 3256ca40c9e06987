#include "gateway/base/clock.h"

#include "gtest/gtest.h"

namespace chayan {
namespace {

TEST(ClockTest, TimestampHasMillisecondsAndZ) {
  const absl::Time time = absl::FromUnixMillis(1767225600007);
  EXPECT_EQ(FormatTimestamp(time), "2026-01-01T00:00:00.007Z");
}

TEST(ClockTest, TimestampCutsBelowTheMillisecond) {
  EXPECT_EQ(FormatTimestamp(absl::FromUnixMicros(1767225600999999)), "2026-01-01T00:00:00.999Z");
}

TEST(ClockTest, SimulatedClockMovesOnlyWhenTold) {
  SimulatedClock clock(absl::FromUnixSeconds(1000));
  const absl::Duration before = clock.Elapsed();
  EXPECT_EQ(clock.Now(), absl::FromUnixSeconds(1000));
  clock.Advance(absl::Seconds(5));
  EXPECT_EQ(clock.Now(), absl::FromUnixSeconds(1005));
  EXPECT_EQ(clock.Elapsed() - before, absl::Seconds(5));
}

TEST(ClockTest, TheWallClockCanBeSetAndTimeGoesOnAllTheSame) {
  SimulatedClock clock(absl::FromUnixSeconds(1000));
  const absl::Duration before = clock.Elapsed();
  clock.Set(-absl::Seconds(300));
  EXPECT_EQ(clock.Now(), absl::FromUnixSeconds(700));
  EXPECT_EQ(clock.Elapsed(), before);
  clock.Advance(absl::Seconds(5));
  EXPECT_EQ(clock.Now(), absl::FromUnixSeconds(705));
  EXPECT_EQ(clock.Elapsed() - before, absl::Seconds(5));
}

TEST(ClockTest, TaipeiIsEightHoursAhead) {
  EXPECT_EQ(absl::FormatTime("%H", absl::FromUnixSeconds(0), TaipeiTimeZone()), "08");
}

}  // namespace
}  // namespace chayan
