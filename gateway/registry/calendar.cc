#include "gateway/registry/calendar.h"

#include <string>

#include "absl/time/time.h"

namespace chayan::registry {

absl::TimeZone Taipei() { return absl::FixedTimeZone(8 * 60 * 60); }

absl::CivilDay TaipeiDay(absl::Time time) { return absl::ToCivilDay(time, Taipei()); }

absl::Time NextMidnight(absl::Time time) {
  return absl::FromCivil(absl::CivilSecond(TaipeiDay(time) + 1), Taipei());
}

absl::StatusOr<absl::CivilDay> ParseDay(absl::string_view text) {
  absl::CivilDay day;
  // Abseil also takes "2026-1-1" and blanks; one spelling is enough.
  if (text.size() != 10 || !absl::ParseCivilTime(text, &day) ||
      absl::FormatCivilTime(day) != text) {
    return absl::InvalidArgumentError("is no day; write it as \"2026-01-01\"");
  }
  return day;
}

void Calendar::Add(const v1::CalendarYear& year) {
  years_.insert(year.year());
  for (const std::string& text : year.holidays()) holidays_.insert(*ParseDay(text));
  for (const std::string& text : year.workdays()) workdays_.insert(*ParseDay(text));
}

bool Calendar::IsWorkday(absl::CivilDay day) const {
  if (workdays_.contains(day)) return true;
  if (holidays_.contains(day)) return false;
  const absl::Weekday weekday = absl::GetWeekday(day);
  return weekday != absl::Weekday::saturday && weekday != absl::Weekday::sunday;
}

absl::CivilDay Calendar::NextWorkday(absl::CivilDay day) const {
  const absl::CivilDay last = day + kFreeDaysMax;
  while (day < last && !IsWorkday(day)) ++day;
  return day;
}

absl::CivilDay Calendar::AddWorkdays(absl::CivilDay day, int count) const {
  for (int i = 0; i < count; ++i) day = NextWorkday(day + 1);
  return day;
}

absl::CivilDay Calendar::WorkdayOfMonth(absl::CivilMonth month, int ordinal) const {
  absl::CivilDay day = NextWorkday(absl::CivilDay(month));
  for (int i = 1; i < ordinal; ++i) {
    const absl::CivilDay next = NextWorkday(day + 1);
    if (absl::CivilMonth(next) != month) break;
    day = next;
  }
  return day;
}

}  // namespace chayan::registry
