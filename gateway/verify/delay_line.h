// Work that waits until its time has come: answers that are released no sooner than a kind's floor.
#ifndef CHAYAN_GATEWAY_VERIFY_DELAY_LINE_H_
#define CHAYAN_GATEWAY_VERIFY_DELAY_LINE_H_

#include <map>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace chayan::verify {

// Thread-safe. What still waits when it goes is dropped.
class DelayLine {
 public:
  void Add(absl::Duration due, absl::AnyInvocable<void()> work) {
    absl::MutexLock lock(&mu_);
    waiting_.emplace(due, std::move(work));
  }

  // Runs what is due at `now`, in the order of its times; both are readings of Elapsed().
  void Tick(absl::Duration now) {
    std::vector<absl::AnyInvocable<void()>> due;
    {
      absl::MutexLock lock(&mu_);
      const auto end = waiting_.upper_bound(now);
      for (auto it = waiting_.begin(); it != end; ++it) due.push_back(std::move(it->second));
      waiting_.erase(waiting_.begin(), end);
    }
    for (absl::AnyInvocable<void()>& work : due) work();
  }

 private:
  absl::Mutex mu_;
  std::multimap<absl::Duration, absl::AnyInvocable<void()>> waiting_ ABSL_GUARDED_BY(mu_);
};

}  // namespace chayan::verify

#endif  // CHAYAN_GATEWAY_VERIFY_DELAY_LINE_H_
