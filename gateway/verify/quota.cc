#include "gateway/verify/quota.h"

#include "gateway/base/clock.h"

namespace chayan::verify {

bool Quota::Use(absl::string_view grant, uint32_t per_day, absl::Time now) {
  if (per_day == 0) return true;
  const absl::CivilDay today = absl::ToCivilDay(now, TaipeiTimeZone());
  absl::MutexLock lock(&mu_);
  if (day_ != today) {
    day_ = today;
    used_.clear();
  }
  uint32_t& used = used_[grant];
  if (used >= per_day) return false;
  ++used;
  return true;
}

}  // namespace chayan::verify
