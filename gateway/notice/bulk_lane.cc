#include "gateway/notice/bulk_lane.h"

#include <sys/resource.h>

#include <algorithm>
#include <utility>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "gateway/base/diag.h"

namespace chayan::notice {
namespace {

// One task a stream and one a frame of receipts: some seconds of work.
constexpr size_t kTasksQueuedMax = 1024;
// A transaction of some 4 ms, which its sync and its entry are small beside.
constexpr size_t kDeliveriesMax = 64;
// While others commit: of half a millisecond, which is what a counter waits for it at most.
constexpr size_t kBusyDeliveriesMax = 8;
// For so long after an entry of others the lane counts as shared.
constexpr absl::Duration kBusyTime = absl::Seconds(1);
// Then the lane pauses so many times as long as its entry took.
constexpr int kPauseShare = 2;
// An entry that met a slow disk does not stop the lane for long.
constexpr absl::Duration kPauseMax = absl::Milliseconds(20);
// Of the lane's thread, above the process's own: who answers counters runs first.
constexpr int kNiceness = 10;

}  // namespace

BulkLane::BulkLane(log::Committer& committer, Clock& clock)
    : committer_(committer), clock_(clock), thread_(kTasksQueuedMax) {
  const bool queued = thread_.Run([] {
    // Of the calling thread alone, as Linux has it.
    if (setpriority(PRIO_PROCESS, 0, kNiceness) != 0) diag::Warning("notice.bulk_priority", {});
  });
  if (!queued) diag::Warning("notice.bulk_priority", {});
}

size_t BulkLane::deliveries_max() const { return is_busy() ? kBusyDeliveriesMax : kDeliveriesMax; }

absl::StatusOr<log::Committed> BulkLane::Commit(log::Submission submission) {
  absl::StatusOr<log::Committed> result = absl::UnknownError("not run");
  absl::Notification done;
  submission.done = [&](absl::StatusOr<log::Committed> committed) {
    result = std::move(committed);
    done.Notify();
  };
  const absl::Duration start = clock_.Elapsed();
  committer_.Submit(std::move(submission));
  done.WaitForNotification();
  if (!result.ok()) return result;
  const absl::Duration end = clock_.Elapsed();
  if (result->index > last_index_ + 1 && last_index_ > 0) {
    busy_until_ns_ = absl::ToInt64Nanoseconds(end + kBusyTime);
  }
  last_index_ = result->index;
  if (is_busy()) absl::SleepFor(std::min((end - start) * kPauseShare, kPauseMax));
  return result;
}

}  // namespace chayan::notice
