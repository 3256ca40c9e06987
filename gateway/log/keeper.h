// What no commit waits for: the guard file is written and the store maintained on a thread of its
// own.
#ifndef CHAYAN_GATEWAY_LOG_KEEPER_H_
#define CHAYAN_GATEWAY_LOG_KEEPER_H_

#include <cstdint>
#include <functional>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "gateway/base/clock.h"
#include "gateway/store/store.h"

namespace chayan::log {

class Keeper {
 public:
  // Told, on the keeper's thread, what could not be done; it is tried again.
  using OnTrouble = std::function<void(const absl::Status& cause)>;
  // `head_file`: see head_guard.h. The references outlive the keeper.
  Keeper(std::string head_file, store::Store& store, Clock& clock, OnTrouble on_trouble)
      : head_file_(std::move(head_file)),
        store_(store),
        clock_(clock),
        on_trouble_(std::move(on_trouble)) {}
  ~Keeper() { Stop(); }

  // The log has `size` entries from here on and `checkpoint` is over them. Never waits for the
  // disk.
  void Follow(uint64_t size, std::string checkpoint);
  // Writes the guard file, then starts the thread. Once.
  absl::Status Start();
  // Ends the thread and writes the guard file a last time. Not from two threads at once.
  void Stop();

 private:
  void Run();
  absl::Status WriteGuard();

  const std::string head_file_;
  store::Store& store_;
  Clock& clock_;
  const OnTrouble on_trouble_;

  // The thread's own; Start's before, Stop's after.
  std::string guarded_checkpoint_;

  absl::Mutex mu_;
  absl::CondVar wake_;
  uint64_t size_ ABSL_GUARDED_BY(mu_) = 0;
  std::string checkpoint_ ABSL_GUARDED_BY(mu_);
  uint64_t due_size_ ABSL_GUARDED_BY(mu_) = 0;  // of the log, at which the pause ends
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;

  std::thread thread_;
};

}  // namespace chayan::log

#endif  // CHAYAN_GATEWAY_LOG_KEEPER_H_
