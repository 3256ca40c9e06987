// Workdays in Taiwan, as they are published year by year: Saturdays and Sundays are free, and so
// are holidays; some Saturdays are worked to make up for a bridged day. Days are Taipei's, which
// has no daylight saving.
#ifndef CHAYAN_GATEWAY_REGISTRY_CALENDAR_H_
#define CHAYAN_GATEWAY_REGISTRY_CALENDAR_H_

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "chayan/v1/registry.pb.h"

namespace chayan::registry {

// No run of free days is longer: the registry's check refuses a calendar that says so.
inline constexpr int kFreeDaysMax = 30;

// UTC+8 for every day that the gateway can meet.
absl::TimeZone Taipei();
absl::CivilDay TaipeiDay(absl::Time time);

// When the next day begins: counts of a day begin anew.
absl::Time NextMidnight(absl::Time time);

// "2026-01-01".
absl::StatusOr<absl::CivilDay> ParseDay(absl::string_view text);

// A year that was not added counts Monday to Friday as workdays: Covers() says so, for an alarm. A
// value; thread-safe when const.
class Calendar {
 public:
  // REQUIRES: the days can be parsed.
  void Add(const v1::CalendarYear& year);

  bool Covers(absl::CivilDay day) const { return years_.contains(day.year()); }
  bool IsWorkday(absl::CivilDay day) const;
  // The first workday that is not before `day`.
  absl::CivilDay NextWorkday(absl::CivilDay day) const;
  // The day after which `count` workdays have passed since `day`; the same day for 0.
  absl::CivilDay AddWorkdays(absl::CivilDay day, int count) const;
  // The `ordinal`th workday of the month that begins on `month`, from 1. The last one where the
  // month has fewer.
  absl::CivilDay WorkdayOfMonth(absl::CivilMonth month, int ordinal) const;

 private:
  absl::flat_hash_set<absl::civil_year_t> years_;
  absl::flat_hash_set<absl::CivilDay> holidays_;
  absl::flat_hash_set<absl::CivilDay> workdays_;
};

}  // namespace chayan::registry

#endif  // CHAYAN_GATEWAY_REGISTRY_CALENDAR_H_
