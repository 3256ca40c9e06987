// Whether the wall clock was set, and what that must not do to notices. Dates are the wall clock's;
// that it was set is seen beside the one that nobody can set.
//
// Set back: what had been due stays due, or else it would wait until the clock gets there again.
// Set forward: nothing expires for kExpiryHold, so that a wrong date buries nothing before somebody
// has seen the alarm. A start counts as such a jump: a gateway that was off for longer than its
// deliveries live brings them first.
#ifndef CHAYAN_GATEWAY_NOTICE_CLOCK_GUARD_H_
#define CHAYAN_GATEWAY_NOTICE_CLOCK_GUARD_H_

#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "gateway/base/clock.h"

namespace chayan::notice {

// Thread-safe.
class ClockGuard {
 public:
  // Time servers move a clock by less, and no date of a notice is finer.
  static constexpr absl::Duration kSlack = absl::Seconds(5);
  // Forwards by more is no correction.
  static constexpr absl::Duration kForwardMax = absl::Hours(1);
  // An hour in which the operator hears of it, and recipients come back.
  static constexpr absl::Duration kExpiryHold = absl::Hours(1);

  // `clock` outlives it.
  explicit ClockGuard(const Clock& clock);

  // Compares the two clocks. Called with each tick.
  void Look();
  // By when deliveries had been due when the clock was set back; once for each time.
  std::optional<absl::Time> TakeSetBack();
  // Whether nothing may expire now.
  bool HoldsExpiry() const;
  // The same, but for the start: an alarm.
  bool WasSetForward() const;

 private:
  const Clock& clock_;
  mutable absl::Mutex mu_;
  absl::Time wall_ ABSL_GUARDED_BY(mu_);
  absl::Duration elapsed_ ABSL_GUARDED_BY(mu_);
  std::optional<absl::Time> set_back_ ABSL_GUARDED_BY(mu_);
  absl::Duration hold_until_ ABSL_GUARDED_BY(mu_);
  bool was_set_forward_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace chayan::notice

#endif  // CHAYAN_GATEWAY_NOTICE_CLOCK_GUARD_H_
