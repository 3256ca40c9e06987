#include "gateway/base/clock.h"

#include <ctime>

#include "absl/time/clock.h"

namespace chayan {

absl::Time SystemClock::Now() const { return absl::Now(); }

absl::Duration SystemClock::Elapsed() const {
  timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return absl::DurationFromTimespec(ts);
}

std::string FormatTimestamp(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d%ET%H:%M:%E3SZ", time, absl::UTCTimeZone());
}

absl::TimeZone TaipeiTimeZone() {
  // Made once: making it takes a lock and a look into Abseil's table of zones.
  static const absl::TimeZone taipei = absl::FixedTimeZone(8 * 60 * 60);
  return taipei;
}

}  // namespace chayan
