// What a reload replaced and still works on its last questions ends on a thread of its own: a
// source that hangs holds neither the reload nor the link that asked last.
#ifndef CHAYAN_ADAPTERS_PROGRAM_RETIRED_H_
#define CHAYAN_ADAPTERS_PROGRAM_RETIRED_H_

#include <functional>
#include <memory>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace chayan::adapter {

// Each may keep its threads and connections until its system lets go of them; who reloads more
// often than that behind a source that hangs has to restart.
inline constexpr int kRetiredMax = 8;

// Thread-safe.
class Retired {
 public:
  Retired() = default;
  // Waits for all. REQUIRES: nothing that it keeps is held any more.
  ~Retired() { AwaitAll(absl::InfiniteDuration()); }
  Retired(const Retired&) = delete;
  Retired& operator=(const Retired&) = delete;

  // `what`, to be shared: whoever holds it last does not wait for its end.
  template <typename T>
  std::shared_ptr<T> Keep(std::unique_ptr<T> what) {
    if (what == nullptr) return nullptr;
    return std::shared_ptr<T>(what.release(),
                              [this](T* last) { End([last] { std::default_delete<T>()(last); }); });
  }
  // How many are ending.
  int count() const {
    absl::MutexLock lock(&mu_);
    return count_;
  }
  // Whether all have ended before `patience` was over.
  bool AwaitAll(absl::Duration patience) const {
    absl::MutexLock lock(&mu_);
    return mu_.AwaitWithTimeout(absl::Condition(
                                    +[](const int* n) { return *n == 0; }, &count_),
                                patience);
  }

 private:
  void End(std::function<void()> destroy) {
    {
      absl::MutexLock lock(&mu_);
      ++count_;
    }
    std::thread([this, destroy = std::move(destroy)] {
      destroy();
      // The last that touches this: whoever waits goes on when the lock is free.
      absl::MutexLock lock(&mu_);
      --count_;
    }).detach();
  }

  mutable absl::Mutex mu_;
  int count_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace chayan::adapter

#endif  // CHAYAN_ADAPTERS_PROGRAM_RETIRED_H_
