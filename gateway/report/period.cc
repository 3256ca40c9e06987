#include "gateway/report/period.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gateway/base/check.h"
#include "gateway/base/clock.h"
#include "gateway/base/status_macros.h"
#include "gateway/ident/era_date.h"

namespace chayan::report {
namespace {

absl::StatusOr<absl::CivilDay> ParseDay(absl::string_view name, absl::string_view text) {
  const auto date = ident::ParseEraDate(text);
  if (!date.ok() || !ident::IsComplete(*date)) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": no day; write it as 2026-01-15, 1150115 or 民國115年1月15日"));
  }
  return ident::ToCivilDay(*date);
}

std::string Clock(absl::Time time) { return absl::FormatTime("%H:%M:%S", time, TaipeiTimeZone()); }

}  // namespace

absl::StatusOr<Period> Period::Parse(absl::string_view first, absl::string_view last) {
  Period period;
  CHAYAN_ASSIGN_OR_RETURN(period.first, ParseDay("from", first));
  CHAYAN_ASSIGN_OR_RETURN(period.last, ParseDay("to", last));
  if (period.last < period.first) {
    return absl::InvalidArgumentError("to: the day lies before the first; exchange the two");
  }
  return period;
}

absl::Time Period::begin() const { return absl::FromCivil(first, TaipeiTimeZone()); }
absl::Time Period::end() const { return absl::FromCivil(last + 1, TaipeiTimeZone()); }
std::string Period::begin_timestamp() const { return FormatTimestamp(begin()); }
std::string Period::end_timestamp() const { return FormatTimestamp(end()); }

std::string IsoDate(absl::CivilDay day) {
  return absl::StrFormat("%04d-%02d-%02d", day.year(), day.month(), day.day());
}

std::string RocDate(absl::CivilDay day) {
  const auto date = ident::FromCivilDay(day);
  return date.ok() ? ident::DisplayText(*date) : IsoDate(day);
}

std::string IsoTime(absl::Time time) {
  return absl::StrCat(IsoDate(absl::ToCivilDay(time, TaipeiTimeZone())), " ", Clock(time));
}

std::string RocTime(absl::Time time) {
  return absl::StrCat(RocDate(absl::ToCivilDay(time, TaipeiTimeZone())), " ", Clock(time));
}

std::string IsoMonth(absl::CivilMonth month) {
  return absl::StrFormat("%04d-%02d", month.year(), month.month());
}

std::string RocMonth(absl::CivilMonth month) {
  const auto date = ident::FromGregorian(static_cast<int>(month.year()), month.month(), 0);
  return date.ok() ? ident::DisplayText(*date) : IsoMonth(month);
}

absl::Time TimeOfEntry(absl::string_view timestamp) {
  absl::Time time;
  CHAYAN_CHECK(absl::ParseTime(absl::RFC3339_full, timestamp, &time, nullptr));
  return time;
}

}  // namespace chayan::report
