// When a delivery is due, by when its office acts, and how long it is kept: pure functions of a
// subscription, the calendar and a time. Days are Taipei's.
#ifndef CHAYAN_GATEWAY_NOTICE_SCHEDULE_H_
#define CHAYAN_GATEWAY_NOTICE_SCHEDULE_H_

#include "absl/time/time.h"
#include "chayan/v1/registry.pb.h"
#include "gateway/registry/calendar.h"

namespace chayan::notice {

// What registry.proto says 0 means.
inline constexpr int kAcknowledgeWorkdays = 5;
inline constexpr int kPickUpWorkdays = 5;
inline constexpr int kExpiryDays = 30;

// The time between two dispatches of a schedule: what is accepted at `begin` or later and before
// `end` is delivered at `end`. Periods leave no gap; two dispatches that holidays move to the same
// day are one.
struct Period {
  absl::Time begin;
  absl::Time end;
};
Period PeriodAt(const v1::DeliverySchedule& schedule, const registry::Calendar& calendar,
                absl::Time time);

// The end of its period, or `accepted` itself without a schedule.
absl::Time DueTime(const v1::Subscription& subscription, const registry::Calendar& calendar,
                   absl::Time accepted);
// The end of the last workday on which the office acts in time, `from` its due time.
absl::Time AcknowledgeBy(const v1::Subscription& subscription, const registry::Calendar& calendar,
                         absl::Time from);
// The end of the last workday of the pick-up time: for a pull since it was due, for a payload since
// it was acknowledged.
absl::Time PickUpBy(const v1::Subscription& subscription, const registry::Calendar& calendar,
                    absl::Time from);
// The same for a pull's own warning, in the form of the store: 0 for what is pushed.
int64_t FetchByMs(const v1::Subscription& subscription, const registry::Calendar& calendar,
                  absl::Time due);
// After this a delivery that never left is given up.
absl::Time ExpireTime(const v1::Subscription& subscription, absl::Time due);

}  // namespace chayan::notice

#endif  // CHAYAN_GATEWAY_NOTICE_SCHEDULE_H_
