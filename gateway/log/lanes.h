// Threads by name, one for each party outside that may keep its caller waiting: a slow one delays
// only what goes to itself.
#ifndef CHAYAN_GATEWAY_LOG_LANES_H_
#define CHAYAN_GATEWAY_LOG_LANES_H_

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "gateway/base/check.h"
#include "gateway/base/task_thread.h"

namespace chayan::log {

// An interface, so that tests run what was sent when they want to.
class Lanes {
 public:
  virtual ~Lanes() = default;
  // Runs `task` on the lane of this name, which is made when it is not there. At most one task a
  // lane is under way: callers wait for its end before they send the next.
  virtual void Run(const std::string& lane, absl::AnyInvocable<void()> task) = 0;
};

// One caller at a time.
class ThreadLanes final : public Lanes {
 public:
  void Run(const std::string& lane, absl::AnyInvocable<void()> task) override {
    std::unique_ptr<TaskThread>& thread = threads_[lane];
    if (thread == nullptr) thread = std::make_unique<TaskThread>(/*queued_max=*/1);
    CHAYAN_CHECK(thread->Run(std::move(task)));
  }

 private:
  std::map<std::string, std::unique_ptr<TaskThread>> threads_;
};

}  // namespace chayan::log

#endif  // CHAYAN_GATEWAY_LOG_LANES_H_
