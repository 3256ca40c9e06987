// Watches that every answer ends up in the gateway's log: an answer that hears no index within a
// minute is cause for alarm at the agency, be it lost or asked around the log.
#ifndef CHAYAN_ADAPTERS_SDK_RECORDED_WATCH_H_
#define CHAYAN_ADAPTERS_SDK_RECORDED_WATCH_H_

#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "gateway/base/uuid.h"

namespace chayan::sdk {

// Thread-safe.
class RecordedWatch {
 public:
  static constexpr absl::Duration kAlarmAfter = absl::Seconds(60);
  // Answers of a minute at 4,000 a second. Beyond it the oldest is taken for unrecorded at once.
  static constexpr size_t kWatchedMax = 262'144;

  void Sent(const Uuid& exchange_id, absl::Duration now);
  // False for an exchange that is not watched.
  bool Recorded(const Uuid& exchange_id);
  // The gateway wants the answer no more: no alarm. False for an exchange that is not watched.
  bool GivenUp(const Uuid& exchange_id) { return Recorded(exchange_id); }
  // Neither recorded, nor given up, nor overdue.
  bool Watches(const Uuid& exchange_id) const;
  // Those whose minute is over, each once.
  std::vector<Uuid> TakeOverdue(absl::Duration now);
  size_t waiting() const;

 private:
  mutable absl::Mutex mu_;
  absl::flat_hash_set<Uuid> waiting_ ABSL_GUARDED_BY(mu_);
  // By time; those recorded meanwhile are still in here.
  std::deque<std::pair<absl::Duration, Uuid>> sent_ ABSL_GUARDED_BY(mu_);
  std::vector<Uuid> overflowed_ ABSL_GUARDED_BY(mu_);
};

}  // namespace chayan::sdk

#endif  // CHAYAN_ADAPTERS_SDK_RECORDED_WATCH_H_
