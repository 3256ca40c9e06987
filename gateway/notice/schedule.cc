#include "gateway/notice/schedule.h"

#include "absl/time/civil_time.h"
#include "gateway/base/check.h"
#include "gateway/registry/values.h"

namespace chayan::notice {
namespace {

// So far back a dispatch lies for certain: a month, and the longest run of free days.
constexpr int kLookBackDays = 31 + registry::kFreeDaysMax;

// The days a schedule names, before free days move them.
class NominalDays {
 public:
  // From the first that is not before `from`, or from its month.
  NominalDays(const v1::DeliverySchedule& schedule, absl::CivilDay from)
      : schedule_(schedule), day_(from) {
    if (schedule.rule() == v1::SCHEDULE_RULE_MONTHLY) {
      day_ = absl::CivilDay(absl::CivilMonth(from));
    } else if (schedule.rule() == v1::SCHEDULE_RULE_WEEKLY) {
      while (Weekday(day_) != schedule.weekday()) ++day_;
    }
  }

  absl::CivilDay Dispatch(const registry::Calendar& calendar) const {
    return schedule_.rule() == v1::SCHEDULE_RULE_MONTHLY
               ? calendar.WorkdayOfMonth(absl::CivilMonth(day_),
                                         static_cast<int>(schedule_.workday()))
               : calendar.NextWorkday(day_);
  }

  void Next() {
    switch (schedule_.rule()) {
      case v1::SCHEDULE_RULE_MONTHLY:
        day_ = absl::CivilDay(absl::CivilMonth(day_) + 1);
        break;
      case v1::SCHEDULE_RULE_WEEKLY:
        day_ += 7;
        break;
      default:
        ++day_;
    }
  }

 private:
  // Monday is 1.
  static uint32_t Weekday(absl::CivilDay day) {
    return static_cast<uint32_t>(absl::GetWeekday(day)) + 1;
  }

  const v1::DeliverySchedule& schedule_;
  absl::CivilDay day_;
};

absl::Time EndOfWorkday(const registry::Calendar& calendar, absl::Time from, uint32_t count,
                        int count_when_zero) {
  const int workdays = count == 0 ? count_when_zero : static_cast<int>(count);
  const absl::CivilDay day = calendar.AddWorkdays(registry::TaipeiDay(from), workdays);
  return absl::FromCivil(day + 1, registry::Taipei());
}

}  // namespace

Period PeriodAt(const v1::DeliverySchedule& schedule, const registry::Calendar& calendar,
                absl::Time time) {
  const absl::StatusOr<int> minute = registry::ParseMinuteOfDay(schedule.time_of_day());
  CHAYAN_CHECK(minute.ok());  // the registry was checked
  NominalDays days(schedule, registry::TaipeiDay(time) - kLookBackDays);
  absl::Time begin = absl::InfinitePast();
  while (true) {
    const absl::Time dispatch =
        absl::FromCivil(absl::CivilMinute(days.Dispatch(calendar)) + *minute, registry::Taipei());
    if (dispatch > time) return {begin, dispatch};
    begin = dispatch;
    days.Next();
  }
}

absl::Time DueTime(const v1::Subscription& subscription, const registry::Calendar& calendar,
                   absl::Time accepted) {
  if (!subscription.has_schedule()) return accepted;
  return PeriodAt(subscription.schedule(), calendar, accepted).end;
}

absl::Time AcknowledgeBy(const v1::Subscription& subscription, const registry::Calendar& calendar,
                         absl::Time from) {
  return EndOfWorkday(calendar, from, subscription.acknowledge_workdays(), kAcknowledgeWorkdays);
}

absl::Time PickUpBy(const v1::Subscription& subscription, const registry::Calendar& calendar,
                    absl::Time from) {
  return EndOfWorkday(calendar, from, subscription.pick_up_workdays(), kPickUpWorkdays);
}

int64_t FetchByMs(const v1::Subscription& subscription, const registry::Calendar& calendar,
                  absl::Time due) {
  if (subscription.way() != v1::DELIVERY_WAY_PULL) return 0;
  return absl::ToUnixMillis(PickUpBy(subscription, calendar, due));
}

absl::Time ExpireTime(const v1::Subscription& subscription, absl::Time due) {
  const uint32_t days = subscription.expiry_days();
  return due + absl::Hours(24) * (days == 0 ? kExpiryDays : static_cast<int>(days));
}

}  // namespace chayan::notice
