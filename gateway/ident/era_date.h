// Dates of Taiwan's registers. A date is an era, a year counted from 1 in that era, a month and a
// day; it is never a signed number, because partners write the years before the Republic (民國前)
// each in their own way. Old records know the year alone: then month and day are 0.
//
// ROC year n is the Gregorian year 1911 + n; 民前 n is 1912 − n. There is no year 0.
#ifndef CHAYAN_GATEWAY_IDENT_ERA_DATE_H_
#define CHAYAN_GATEWAY_IDENT_ERA_DATE_H_

#include <compare>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"

namespace chayan::ident {

enum class Era { kRoc, kBeforeRoc };

// What the seven-digit form can hold.
inline constexpr int kRocYearMax = 999;
// 民前 329 is 1583, the first whole year of the Gregorian calendar: a day before it means nothing.
inline constexpr int kBeforeRocYearMax = 329;

struct EraDate {
  Era era = Era::kRoc;
  int year = 0;   // from 1
  int month = 0;  // 0: unknown
  int day = 0;    // 0: unknown; always 0 if the month is

  friend bool operator==(const EraDate&, const EraDate&) = default;
};

// OK if the date exists: year in range, real month and day, leap years observed.
absl::Status Validate(const EraDate& date);

inline bool IsComplete(const EraDate& date) { return date.month != 0 && date.day != 0; }
int GregorianYear(const EraDate& date);
// REQUIRES: a valid, complete date.
absl::CivilDay ToCivilDay(const EraDate& date);
// INVALID_ARGUMENT if the day is out of the range of Validate().
absl::StatusOr<EraDate> FromCivilDay(absl::CivilDay day);
// The same from a Gregorian year; month and day may be 0.
absl::StatusOr<EraDate> FromGregorian(int year, int month, int day);

// Unordered if the known parts do not decide it: "77" against "77-05-20".
std::partial_ordering Compare(const EraDate& a, const EraDate& b);

// "0770520"; "0770500" and "0770000" where day, or month and day, are unknown. Trims and folds
// full-width digits. There is no seven-digit form before the Republic.
absl::StatusOr<EraDate> ParseRoc7(absl::string_view text);
absl::StatusOr<std::string> PrintRoc7(const EraDate& date);

// "1988-05-20"; "1988-05" and "1988" with unknown parts.
absl::StatusOr<EraDate> ParseIso(absl::string_view text);
std::string PrintIso(const EraDate& date);

// "民國77年5月20日", "民前10年3月2日", "民國77年": what a clerk reads.
std::string DisplayText(const EraDate& date);

// Any of the three forms above; 民國前, 民前 and 前 all mean before the Republic.
absl::StatusOr<EraDate> ParseEraDate(absl::string_view text);

// For adapters: ParseEraDate(), the two ways in which agencies squeeze a date before the Republic
// into seven digits, "-0100302" and "前0100302", and "昭和13年5月20日" of the household books.
absl::StatusOr<EraDate> ParseStoredDate(absl::string_view text);

// Years of the household books kept until 1945 (日據時期戶口調查簿).
enum class JapaneseEra { kMeiji, kTaisho, kShowa };
// Month and day may be 0. The day on which an era ends belongs to both. Refuses a day outside the
// era, and a month before 明治 6, when Japan counted by the moon.
absl::StatusOr<EraDate> FromJapaneseEra(JapaneseEra era, int year, int month, int day);

}  // namespace chayan::ident

#endif  // CHAYAN_GATEWAY_IDENT_ERA_DATE_H_
