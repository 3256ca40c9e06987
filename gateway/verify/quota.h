// How often each grant was used today, in Taipei's day.
// LIMITATION: counted in memory; a restart begins the day's count anew.
#ifndef CHAYAN_GATEWAY_VERIFY_QUOTA_H_
#define CHAYAN_GATEWAY_VERIFY_QUOTA_H_

#include <cstdint>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace chayan::verify {

// Thread-safe.
class Quota {
 public:
  // Counts one use of `grant`; false, and not counted, when `per_day` uses are there already. 0 has
  // no bound.
  bool Use(absl::string_view grant, uint32_t per_day, absl::Time now);

 private:
  absl::Mutex mu_;
  absl::CivilDay day_ ABSL_GUARDED_BY(mu_);
  absl::flat_hash_map<std::string, uint32_t> used_ ABSL_GUARDED_BY(mu_);
};

}  // namespace chayan::verify

#endif  // CHAYAN_GATEWAY_VERIFY_QUOTA_H_
