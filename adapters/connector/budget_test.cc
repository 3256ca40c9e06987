// Goal: a budget admits its rate, not its burst over and over. Method: readings of a clock.
#include "adapters/connector/budget.h"

#include "gtest/gtest.h"

namespace chayan::connector {
namespace {

constexpr absl::Duration kStart = absl::Hours(1);

TEST(BudgetTest, AdmitsABurstAndThenTheRate) {
  Budget budget(60);
  int admitted = 0;
  for (int i = 0; i < 100; ++i) admitted += budget.Admit(kStart);
  EXPECT_EQ(admitted, 6);
  for (int second = 1; second <= 30; ++second) {
    EXPECT_TRUE(budget.Admit(kStart + absl::Seconds(second)));
    EXPECT_FALSE(budget.Admit(kStart + absl::Seconds(second)));
  }
}

TEST(BudgetTest, SavesNoMoreThanTheBurst) {
  Budget budget(60);
  ASSERT_TRUE(budget.Admit(kStart));
  int admitted = 0;
  for (int i = 0; i < 100; ++i) admitted += budget.Admit(kStart + absl::Hours(5));
  EXPECT_EQ(admitted, 6);
}

TEST(BudgetTest, ZeroIsNoBound) {
  Budget budget(0);
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(budget.Admit(kStart));
}

TEST(BudgetTest, OneAMinuteIsPossible) {
  Budget budget(1);
  EXPECT_TRUE(budget.Admit(kStart));
  EXPECT_FALSE(budget.Admit(kStart + absl::Seconds(59)));
  EXPECT_TRUE(budget.Admit(kStart + absl::Seconds(120)));
}

}  // namespace
}  // namespace chayan::connector
