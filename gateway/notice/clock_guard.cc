#include "gateway/notice/clock_guard.h"

#include <algorithm>
#include <utility>

#include "gateway/base/diag.h"

namespace chayan::notice {

ClockGuard::ClockGuard(const Clock& clock)
    : clock_(clock),
      wall_(clock.Now()),
      elapsed_(clock.Elapsed()),
      hold_until_(elapsed_ + kExpiryHold) {}

void ClockGuard::Look() {
  const absl::Time wall = clock_.Now();
  const absl::Duration elapsed = clock_.Elapsed();
  absl::MutexLock lock(&mu_);
  const absl::Time expected = wall_ + (elapsed - elapsed_);
  const absl::Duration set_by = wall - expected;
  wall_ = wall;
  elapsed_ = elapsed;
  if (set_by < -kSlack) {
    // Set back twice before anybody asked: what was due the first time is due.
    set_back_ = std::max(set_back_.value_or(expected), expected);
  } else if (set_by > kForwardMax) {
    hold_until_ = elapsed + kExpiryHold;
    was_set_forward_ = true;
  } else {
    return;
  }
  diag::Error("notice.clock_set", {{"by_seconds", absl::ToInt64Seconds(set_by)}});
}

std::optional<absl::Time> ClockGuard::TakeSetBack() {
  absl::MutexLock lock(&mu_);
  return std::exchange(set_back_, std::nullopt);
}

bool ClockGuard::HoldsExpiry() const {
  absl::MutexLock lock(&mu_);
  return clock_.Elapsed() < hold_until_;
}

bool ClockGuard::WasSetForward() const {
  absl::MutexLock lock(&mu_);
  return was_set_forward_ && clock_.Elapsed() < hold_until_;
}

}  // namespace chayan::notice
