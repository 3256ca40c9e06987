// Goal: no answer goes unrecorded unnoticed. Method: times handed in.
#include "adapters/sdk/recorded_watch.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace chayan::sdk {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Uuid Id(uint8_t number) {
  Uuid id;
  id.bytes[15] = number;
  return id;
}

TEST(RecordedWatchTest, RaisesEachUnrecordedAnswerOnceAfterAMinute) {
  RecordedWatch watch;
  watch.Sent(Id(1), absl::Seconds(0));
  watch.Sent(Id(2), absl::Seconds(1));
  watch.Sent(Id(3), absl::Seconds(2));
  EXPECT_TRUE(watch.Recorded(Id(2)));
  EXPECT_THAT(watch.TakeOverdue(absl::Seconds(60) - absl::Milliseconds(1)), IsEmpty());
  EXPECT_THAT(watch.TakeOverdue(absl::Seconds(60)), ElementsAre(Id(1)));
  EXPECT_THAT(watch.TakeOverdue(absl::Seconds(62)), ElementsAre(Id(3)));
  EXPECT_THAT(watch.TakeOverdue(absl::Seconds(1000)), IsEmpty());
}

TEST(RecordedWatchTest, KnowsOnlyWhatItWatches) {
  RecordedWatch watch;
  EXPECT_FALSE(watch.Recorded(Id(1)));
  watch.Sent(Id(1), absl::Seconds(0));
  EXPECT_EQ(watch.waiting(), 1u);
  EXPECT_TRUE(watch.Recorded(Id(1)));
  EXPECT_FALSE(watch.Recorded(Id(1)));
  EXPECT_EQ(watch.waiting(), 0u);
}

TEST(RecordedWatchTest, RaisesNothingForWhatWasGivenUp) {
  RecordedWatch watch;
  watch.Sent(Id(1), absl::Seconds(0));
  watch.Sent(Id(2), absl::Seconds(0));
  EXPECT_TRUE(watch.GivenUp(Id(1)));
  EXPECT_FALSE(watch.GivenUp(Id(1)));
  EXPECT_FALSE(watch.Watches(Id(1)));
  EXPECT_TRUE(watch.Watches(Id(2)));
  EXPECT_THAT(watch.TakeOverdue(absl::Seconds(60)), ElementsAre(Id(2)));
  EXPECT_FALSE(watch.Watches(Id(2)));
}

TEST(RecordedWatchTest, RaisesTheOldestAtOnceWhereTooManyWait) {
  RecordedWatch watch;
  for (size_t i = 0; i <= RecordedWatch::kWatchedMax; ++i) {
    Uuid id;
    for (size_t byte = 0; byte < 4; ++byte) id.bytes[byte] = static_cast<uint8_t>(i >> (8 * byte));
    watch.Sent(id, absl::Seconds(0));
  }
  EXPECT_THAT(watch.TakeOverdue(absl::Seconds(1)), ElementsAre(Uuid()));
}

}  // namespace
}  // namespace chayan::sdk
