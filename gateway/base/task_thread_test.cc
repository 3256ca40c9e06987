#include "gateway/base/task_thread.h"

#include <vector>

#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"

namespace chayan {
namespace {

TEST(TaskThreadTest, RunsTasksInOrderAndFinishesThemBeforeItEnds) {
  std::vector<int> ran;
  {
    TaskThread thread(10);
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(thread.Run([&ran, i] { ran.push_back(i); }));
  }
  EXPECT_EQ(ran, (std::vector<int>{0, 1, 2, 3, 4}));
}

TEST(TaskThreadTest, RefusesWhenTheQueueIsFull) {
  absl::Notification running, release;
  TaskThread thread(1);
  ASSERT_TRUE(thread.Run([&] {
    running.Notify();
    release.WaitForNotification();
  }));
  running.WaitForNotification();
  EXPECT_TRUE(thread.Run([] {}));
  EXPECT_FALSE(thread.Run([] {}));
  release.Notify();
}

}  // namespace
}  // namespace chayan
