// Time comes in through Clock, so that every timer, retry and overdue rule can be simulated. Only
// this room reads the machine's clocks.
#ifndef CHAYAN_GATEWAY_BASE_CLOCK_H_
#define CHAYAN_GATEWAY_BASE_CLOCK_H_

#include <atomic>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace chayan {

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  // Wall-clock time: for entries, certificates, schedules. May step backwards.
  virtual absl::Time Now() const = 0;
  // Time since an arbitrary start that never steps back: for deadlines and durations.
  virtual absl::Duration Elapsed() const = 0;
};

class SystemClock final : public Clock {
 public:
  absl::Time Now() const override;
  absl::Duration Elapsed() const override;
};

// For tests: stands still until told to move.
class SimulatedClock final : public Clock {
 public:
  explicit SimulatedClock(absl::Time start) : elapsed_ns_(absl::ToUnixNanos(start)) {}
  absl::Time Now() const override {
    return absl::FromUnixNanos(elapsed_ns_.load() + set_ns_.load());
  }
  absl::Duration Elapsed() const override { return absl::Nanoseconds(elapsed_ns_.load()); }
  // Time passes.
  void Advance(absl::Duration step) { elapsed_ns_ += absl::ToInt64Nanoseconds(step); }
  // Somebody sets the wall clock, forwards or backwards; no time passes.
  void Set(absl::Duration by) { set_ns_ += absl::ToInt64Nanoseconds(by); }

 private:
  std::atomic<int64_t> elapsed_ns_;
  std::atomic<int64_t> set_ns_{0};
};

// RFC 3339 in UTC with milliseconds, "2026-01-15T08:30:00.123Z": the form every entry uses.
std::string FormatTimestamp(absl::Time time);

// Taiwan's civil time, UTC+8, for days and office hours. Fixed: no daylight saving since 1979.
absl::TimeZone TaipeiTimeZone();

}  // namespace chayan

#endif  // CHAYAN_GATEWAY_BASE_CLOCK_H_
