// Goal: the pool answers every question once, replaces dead connections, and does not hammer a dead
// source. Method: connections that this file makes; events are waited for, never slept for.
#include "adapters/connector/pool.h"

#include <atomic>

#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace chayan::connector {
namespace {

struct Connection {};
using TestPool = Pool<Connection>;

class PoolTest : public ::testing::Test {
 protected:
  std::unique_ptr<TestPool> NewPool(int connections = 1) {
    return std::make_unique<TestPool>(
        clock_,
        TestPool::Options{connections, {.failures_max = 2, .retry_after = absl::Seconds(5)}},
        [this]() -> absl::StatusOr<std::unique_ptr<Connection>> {
          ++opened_;
          if (!reachable_) return absl::UnavailableError("refused");
          return std::make_unique<Connection>();
        });
  }

  // Submits and waits for the end.
  absl::Status Ask(TestPool& pool, TestPool::Work work) {
    absl::Notification ended;
    absl::Status result;
    pool.Submit(clock_.Elapsed() + absl::Seconds(1), std::move(work), [&](absl::Status status) {
      result = std::move(status);
      ended.Notify();
    });
    ended.WaitForNotification();
    return result;
  }

  static absl::Status Fine(Connection&) { return absl::OkStatus(); }

  SimulatedClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  std::atomic<bool> reachable_{true};
  std::atomic<int> opened_{0};
};

TEST_F(PoolTest, KeepsAConnectionThatWorks) {
  const auto pool = NewPool();
  EXPECT_TRUE(Ask(*pool, Fine).ok());
  EXPECT_TRUE(Ask(*pool, Fine).ok());
  EXPECT_EQ(opened_, 1);
}

TEST_F(PoolTest, AsksAgainOnANewConnectionWhenAKeptOneIsLost) {
  const auto pool = NewPool();
  ASSERT_TRUE(Ask(*pool, Fine).ok());
  int calls = 0;
  EXPECT_TRUE(Ask(*pool, [&](Connection&) {
                return ++calls == 1 ? absl::UnavailableError("gone") : absl::OkStatus();
              }).ok());
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(opened_, 2);
}

TEST_F(PoolTest, DoesNotAskTwiceOnANewConnection) {
  const auto pool = NewPool();
  int calls = 0;
  EXPECT_TRUE(absl::IsUnavailable(Ask(*pool, [&](Connection&) {
    ++calls;
    return absl::UnavailableError("gone");
  })));
  EXPECT_EQ(calls, 1);
}

TEST_F(PoolTest, DropsAConnectionAfterAnyFault) {
  const auto pool = NewPool();
  ASSERT_FALSE(Ask(*pool, [](Connection&) { return absl::InternalError("no such table"); }).ok());
  EXPECT_TRUE(Ask(*pool, Fine).ok());
  EXPECT_EQ(opened_, 2);
}

TEST_F(PoolTest, LeavesADeadSourceAloneAndFindsItAgain) {
  const auto pool = NewPool();
  reachable_ = false;
  EXPECT_TRUE(absl::IsUnavailable(Ask(*pool, Fine)));
  EXPECT_TRUE(absl::IsUnavailable(Ask(*pool, Fine)));
  EXPECT_TRUE(pool->source_is_down());
  EXPECT_TRUE(absl::IsUnavailable(Ask(*pool, Fine)));
  EXPECT_EQ(opened_, 2);
  reachable_ = true;
  clock_.Advance(absl::Seconds(5));
  EXPECT_TRUE(Ask(*pool, Fine).ok());
  EXPECT_FALSE(pool->source_is_down());
}

TEST_F(PoolTest, AStatementsOwnFaultDoesNotShutTheSource) {
  const auto pool = NewPool();
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(Ask(*pool, [](Connection&) { return absl::InternalError("too long"); }).ok());
  }
  EXPECT_FALSE(pool->source_is_down());
  EXPECT_TRUE(Ask(*pool, Fine).ok());
}

TEST_F(PoolTest, StatementsThatRunTooLongShutTheSource) {
  const auto pool = NewPool();
  for (int i = 0; i < 2; ++i) {
    EXPECT_FALSE(Ask(*pool, [](Connection&) { return absl::DeadlineExceededError("slow"); }).ok());
  }
  EXPECT_TRUE(pool->source_is_down());
}

// A statement that fails for its own sake while the circuit is open neither closes it nor keeps the
// next one from trying.
TEST_F(PoolTest, AStatementsOwnFaultLeavesTheTrialToTheNext) {
  const auto pool = NewPool();
  reachable_ = false;
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(absl::IsUnavailable(Ask(*pool, Fine)));
  reachable_ = true;
  clock_.Advance(absl::Seconds(5));
  EXPECT_FALSE(Ask(*pool, [](Connection&) { return absl::InternalError("too long"); }).ok());
  EXPECT_TRUE(pool->source_is_down());
  EXPECT_TRUE(Ask(*pool, Fine).ok());
  EXPECT_FALSE(pool->source_is_down());
}

// One thread is held in its work while others queue behind it.
class BusyPoolTest : public PoolTest {
 protected:
  void Hold(TestPool& pool) {
    pool.Submit(
        clock_.Elapsed() + absl::Seconds(1),
        [this](Connection&) {
          begun_.Notify();
          release_.WaitForNotification();
          return absl::OkStatus();
        },
        [this](absl::Status) { released_.Notify(); });
    begun_.WaitForNotification();
  }
  absl::Notification begun_;
  absl::Notification release_;
  absl::Notification released_;  // its thread is free
};

TEST_F(BusyPoolTest, DoesNotBeginWhatHasWaitedTooLong) {
  const auto pool = NewPool();
  Hold(*pool);
  absl::Notification ended;
  absl::Status result;
  bool begun = false;
  pool->Submit(
      clock_.Elapsed() + absl::Seconds(1),
      [&](Connection&) {
        begun = true;
        return absl::OkStatus();
      },
      [&](absl::Status status) {
        result = std::move(status);
        ended.Notify();
      });
  clock_.Advance(absl::Seconds(2));
  release_.Notify();
  ended.WaitForNotification();
  EXPECT_TRUE(absl::IsDeadlineExceeded(result));
  EXPECT_FALSE(begun);
}

TEST_F(BusyPoolTest, ADriverThatHangsOnEveryConnectionIsASourceThatIsDown) {
  const auto pool = NewPool();
  Hold(*pool);
  EXPECT_FALSE(pool->source_is_down());
  clock_.Advance(absl::Seconds(2));
  EXPECT_TRUE(pool->source_is_down());
  EXPECT_TRUE(pool->source_rests());
  EXPECT_TRUE(absl::IsUnavailable(Ask(*pool, Fine)));
  EXPECT_EQ(opened_, 1);
  release_.Notify();
  released_.WaitForNotification();
  EXPECT_TRUE(Ask(*pool, Fine).ok());
  EXPECT_FALSE(pool->source_is_down());
}

TEST_F(BusyPoolTest, OneConnectionThatHangsIsNoSourceThatIsDown) {
  const auto pool = NewPool(2);
  Hold(*pool);
  clock_.Advance(absl::Seconds(2));
  EXPECT_TRUE(Ask(*pool, Fine).ok());
  EXPECT_FALSE(pool->source_is_down());
  release_.Notify();
}

TEST_F(BusyPoolTest, RefusesMoreThanMayWait) {
  const auto pool = NewPool();
  Hold(*pool);
  std::atomic<size_t> refused{0};
  for (size_t i = 0; i < kWaitingMax + 3; ++i) {
    pool->Submit(clock_.Elapsed() + absl::Seconds(1), Fine, [&](absl::Status status) {
      if (absl::IsUnavailable(status)) ++refused;
    });
  }
  EXPECT_EQ(refused, 3u);
  release_.Notify();
}

TEST_F(BusyPoolTest, EndsWhatWaitsWhenItStops) {
  auto pool = NewPool();
  Hold(*pool);
  absl::Notification cancelled;
  pool->Submit(clock_.Elapsed() + absl::Seconds(1), Fine, [&](absl::Status status) {
    EXPECT_TRUE(absl::IsCancelled(status));
    cancelled.Notify();
    release_.Notify();
  });
  pool.reset();
  EXPECT_TRUE(cancelled.HasBeenNotified());
}

}  // namespace
}  // namespace chayan::connector
