// How often something may happen: so many times a minute, spread over it, a burst of a tenth at
// once.
#ifndef CHAYAN_ADAPTERS_CONNECTOR_BUDGET_H_
#define CHAYAN_ADAPTERS_CONNECTOR_BUDGET_H_

#include <algorithm>
#include <cstdint>

#include "absl/time/time.h"

namespace chayan::connector {

// Not thread-safe.
class Budget {
 public:
  // 0 is no bound.
  explicit Budget(uint32_t per_minute_max) : per_minute_max_(per_minute_max), left_(Burst()) {}

  // `now` is a reading of Elapsed(), never below the last one.
  bool Admit(absl::Duration now) {
    if (per_minute_max_ == 0) return true;
    if (last_ > absl::ZeroDuration()) {
      const double earned = absl::ToDoubleMinutes(now - last_) * per_minute_max_;
      left_ = std::min(Burst(), left_ + earned);
    }
    last_ = now;
    if (left_ < 1) return false;
    left_ -= 1;
    return true;
  }

 private:
  double Burst() const { return std::max(1.0, per_minute_max_ / 10.0); }

  const uint32_t per_minute_max_;
  double left_;
  absl::Duration last_;
};

}  // namespace chayan::connector

#endif  // CHAYAN_ADAPTERS_CONNECTOR_BUDGET_H_
