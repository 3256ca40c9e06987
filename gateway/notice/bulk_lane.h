// The lane of what comes in bulk, which counters must not feel: one thread of low priority, and at
// most one entry of it in the committer at a time. While others commit too, an entry brings or
// settles few deliveries, and the lane pauses after each, so that it takes a bounded share of the
// log and nobody waits long for its transaction.
#ifndef CHAYAN_GATEWAY_NOTICE_BULK_LANE_H_
#define CHAYAN_GATEWAY_NOTICE_BULK_LANE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gateway/base/clock.h"
#include "gateway/base/task_thread.h"
#include "gateway/log/committer.h"

namespace chayan::notice {

// Thread-safe. Runs what waits before it ends.
class BulkLane {
 public:
  // Both outlive it.
  BulkLane(log::Committer& committer, Clock& clock);

  // False, and nothing happens, when too much waits.
  [[nodiscard]] bool Run(absl::AnyInvocable<void()> task) { return thread_.Run(std::move(task)); }

  // Others committed beside the lane in the last second.
  bool is_busy() const { return absl::ToInt64Nanoseconds(clock_.Elapsed()) < busy_until_ns_; }
  // Deliveries that one transaction of the lane should touch now, at the most.
  size_t deliveries_max() const;

  // Submits, without `done`, and waits for what becomes of it. On the lane's thread.
  absl::StatusOr<log::Committed> Commit(log::Submission submission);

 private:
  log::Committer& committer_;
  Clock& clock_;
  uint64_t last_index_ = 0;                 // of the lane's last entry; its thread's own
  std::atomic<int64_t> busy_until_ns_ = 0;  // reading of Elapsed()
  TaskThread thread_;
};

}  // namespace chayan::notice

#endif  // CHAYAN_GATEWAY_NOTICE_BULK_LANE_H_
