// A thread that runs tasks one after another: for work that may block and so has no place on a
// request thread.
#ifndef CHAYAN_GATEWAY_BASE_TASK_THREAD_H_
#define CHAYAN_GATEWAY_BASE_TASK_THREAD_H_

#include <deque>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/synchronization/mutex.h"

namespace chayan {

// Thread-safe.
class TaskThread {
 public:
  // `queued_max`: tasks that may wait.
  explicit TaskThread(size_t queued_max);
  // Runs what waits, then ends.
  ~TaskThread();

  // False, and nothing happens, when the queue is full.
  [[nodiscard]] bool Run(absl::AnyInvocable<void()> task);

 private:
  void Loop();

  const size_t queued_max_;
  absl::Mutex mu_;
  std::deque<absl::AnyInvocable<void()>> tasks_ ABSL_GUARDED_BY(mu_);
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::thread thread_;
};

}  // namespace chayan

#endif  // CHAYAN_GATEWAY_BASE_TASK_THREAD_H_
