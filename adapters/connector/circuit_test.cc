// Goal: a dead source is left alone, and comes back by one question. Method: a clock that is moved.
#include "adapters/connector/circuit.h"

#include "gtest/gtest.h"

namespace chayan::connector {
namespace {

class CircuitTest : public ::testing::Test {
 protected:
  void Fail(int times) {
    for (int i = 0; i < times; ++i) {
      ASSERT_TRUE(circuit_.Admit());
      circuit_.Failed();
    }
  }
  SimulatedClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  Circuit circuit_{clock_, {.failures_max = 3, .retry_after = absl::Seconds(5)}};
};

TEST_F(CircuitTest, OpensAfterFailuresInARowOnly) {
  Fail(2);
  ASSERT_TRUE(circuit_.Admit());
  circuit_.Succeeded();
  Fail(2);
  EXPECT_FALSE(circuit_.is_open());
  Fail(1);
  EXPECT_TRUE(circuit_.is_open());
  EXPECT_FALSE(circuit_.Admit());
}

TEST_F(CircuitTest, LetsOneQuestionTryAfterTheWait) {
  Fail(3);
  clock_.Advance(absl::Seconds(5) - absl::Nanoseconds(1));
  EXPECT_FALSE(circuit_.Admit());
  clock_.Advance(absl::Nanoseconds(1));
  EXPECT_TRUE(circuit_.Admit());
  EXPECT_FALSE(circuit_.Admit());
}

TEST_F(CircuitTest, RestsUntilItMayTryAgain) {
  EXPECT_FALSE(circuit_.rests());
  Fail(3);
  EXPECT_TRUE(circuit_.rests());
  clock_.Advance(absl::Seconds(5));
  EXPECT_FALSE(circuit_.rests());
  ASSERT_TRUE(circuit_.Admit());
  circuit_.Failed();
  EXPECT_TRUE(circuit_.rests());
}

TEST_F(CircuitTest, ClosesWhenTheTrialSucceeds) {
  Fail(3);
  clock_.Advance(absl::Seconds(5));
  ASSERT_TRUE(circuit_.Admit());
  circuit_.Succeeded();
  EXPECT_FALSE(circuit_.is_open());
  EXPECT_TRUE(circuit_.Admit());
}

TEST_F(CircuitTest, WaitsAgainWhenTheTrialFails) {
  Fail(3);
  clock_.Advance(absl::Seconds(5));
  ASSERT_TRUE(circuit_.Admit());
  circuit_.Failed();
  EXPECT_FALSE(circuit_.Admit());
  clock_.Advance(absl::Seconds(5));
  EXPECT_TRUE(circuit_.Admit());
}

TEST_F(CircuitTest, ATrialThatNeverReachedTheSourceGivesWayToAnother) {
  Fail(3);
  clock_.Advance(absl::Seconds(5));
  ASSERT_TRUE(circuit_.Admit());
  circuit_.Cancelled();
  EXPECT_TRUE(circuit_.is_open());
  EXPECT_TRUE(circuit_.Admit());
}

}  // namespace
}  // namespace chayan::connector
