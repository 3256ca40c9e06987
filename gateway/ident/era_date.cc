#include "gateway/ident/era_date.h"

#include <array>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gateway/base/check.h"
#include "gateway/base/status_macros.h"
#include "gateway/ident/fold.h"

namespace chayan::ident {
namespace {

constexpr int kGregorianYearOfRoc0 = 1911;
constexpr size_t kRoc7Size = 7;

absl::Status Wrong(absl::string_view what) { return absl::InvalidArgumentError(what); }

// Up to four digits; nothing if the text is anything else.
std::optional<int> SmallNumber(absl::string_view text) {
  constexpr size_t kDigitsMax = 4;
  if (text.empty() || text.size() > kDigitsMax) return std::nullopt;
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

absl::StatusOr<EraDate> Checked(const EraDate& date) {
  CHAYAN_RETURN_IF_ERROR(Validate(date));
  return date;
}

// REQUIRES: folded text.
absl::StatusOr<EraDate> ParseSevenDigits(Era era, absl::string_view text) {
  if (text.find_first_not_of("0123456789") != absl::string_view::npos || text.empty()) {
    return Wrong("not a date; write seven digits YYYMMDD as in 0770520");
  }
  if (text.size() == kRoc7Size - 1) {
    return Wrong("six digits can be read in two ways; write seven, YYYMMDD, as in 0770520");
  }
  if (text.size() != kRoc7Size) {
    return Wrong("the date does not have seven digits; write YYYMMDD as in 0770520");
  }
  return Checked({.era = era,
                  .year = *SmallNumber(text.substr(0, 3)),
                  .month = *SmallNumber(text.substr(3, 2)),
                  .day = *SmallNumber(text.substr(5, 2))});
}

// REQUIRES: folded text.
absl::StatusOr<EraDate> ParseIsoFolded(absl::string_view text) {
  constexpr std::array<size_t, 3> kPartSizes = {4, 2, 2};
  const std::vector<absl::string_view> parts = absl::StrSplit(text, '-');
  std::array<int, 3> values = {0, 0, 0};
  bool good = parts.size() <= values.size();
  for (size_t i = 0; good && i < parts.size(); ++i) {
    const std::optional<int> value = SmallNumber(parts[i]);
    // A written month or day must exist; only leaving it out means "unknown".
    good = parts[i].size() == kPartSizes[i] && value.has_value() && (i == 0 || *value != 0);
    if (good) values[i] = *value;
  }
  if (!good) return Wrong("not a date; write YYYY-MM-DD as in 1988-05-20");
  return FromGregorian(values[0], values[1], values[2]);
}

// Takes "NUMBER UNIT" off the front of `text`; nothing if it is not there.
std::optional<int> TakeNumber(absl::string_view& text, absl::string_view unit) {
  const size_t at = text.find(unit);
  if (at == absl::string_view::npos) return std::nullopt;
  const std::optional<int> number = SmallNumber(Trim(text.substr(0, at)));
  if (number.has_value()) text = Trim(text.substr(at + unit.size()));
  return number;
}

struct WrittenDate {
  int year;
  int month = 0;  // 0: not written
  int day = 0;
};

// REQUIRES: folded text from which the era is taken off.
absl::StatusOr<WrittenDate> ReadWords(absl::string_view text) {
  const std::optional<int> year = TakeNumber(text, "年");
  const std::optional<int> month = TakeNumber(text, "月");
  const std::optional<int> day = month.has_value() ? TakeNumber(text, "日") : std::nullopt;
  const bool written_zero = month == 0 || day == 0;
  if (!year.has_value() || !text.empty() || written_zero) {
    return Wrong("not a date; write it as in 民國77年5月20日 or 民前10年3月2日");
  }
  return WrittenDate{*year, month.value_or(0), day.value_or(0)};
}

absl::StatusOr<EraDate> ParseWords(Era era, absl::string_view text) {
  CHAYAN_ASSIGN_OR_RETURN(const WrittenDate date, ReadWords(text));
  return Checked({.era = era, .year = date.year, .month = date.month, .day = date.day});
}

// An era's first and last day, and the Gregorian year before its year 1.
struct JapaneseEraSpan {
  int year_offset;
  absl::CivilDay first;
  absl::CivilDay last;
};

JapaneseEraSpan SpanOf(JapaneseEra era) {
  switch (era) {
    case JapaneseEra::kMeiji:
      return {1867, absl::CivilDay(1868, 1, 1), absl::CivilDay(1912, 7, 30)};
    case JapaneseEra::kTaisho:
      return {1911, absl::CivilDay(1912, 7, 30), absl::CivilDay(1926, 12, 25)};
    case JapaneseEra::kShowa:
      // The books of Taiwan end with the rule that kept them.
      return {1925, absl::CivilDay(1926, 12, 25), absl::CivilDay(1945, 10, 25)};
  }
  CHAYAN_CHECK(false);
}

}  // namespace

absl::Status Validate(const EraDate& date) {
  const int year_max = date.era == Era::kRoc ? kRocYearMax : kBeforeRocYearMax;
  if (date.year == 0) return Wrong("there is no year 0; the first year of either era is 1");
  if (date.year < 0 || date.year > year_max) {
    return Wrong(absl::StrCat("the year is not between 1 and ", year_max));
  }
  if (date.month < 0 || date.month > 12) return Wrong("the month is not between 1 and 12");
  if (date.month == 0) {
    return date.day == 0 ? absl::OkStatus()
                         : Wrong("a day without its month; give both or neither");
  }
  if (date.day == 0) return absl::OkStatus();
  const int year = GregorianYear(date);
  // CivilDay normalizes: a day that does not exist comes out as another.
  const absl::CivilDay day(year, date.month, date.day);
  if (date.day < 0 || date.day > 31 || day.month() != date.month || day.day() != date.day) {
    return Wrong("there is no such day in that month and year");
  }
  return absl::OkStatus();
}

int GregorianYear(const EraDate& date) {
  return date.era == Era::kRoc ? kGregorianYearOfRoc0 + date.year
                               : kGregorianYearOfRoc0 + 1 - date.year;
}

absl::CivilDay ToCivilDay(const EraDate& date) {
  CHAYAN_CHECK(IsComplete(date));
  return absl::CivilDay(GregorianYear(date), date.month, date.day);
}

absl::StatusOr<EraDate> FromGregorian(int year, int month, int day) {
  const bool roc = year > kGregorianYearOfRoc0;
  return Checked({.era = roc ? Era::kRoc : Era::kBeforeRoc,
                  .year = roc ? year - kGregorianYearOfRoc0 : kGregorianYearOfRoc0 + 1 - year,
                  .month = month,
                  .day = day});
}

absl::StatusOr<EraDate> FromCivilDay(absl::CivilDay day) {
  constexpr absl::civil_year_t kYearMax = 9999;  // well beyond either era, and fits an int
  if (day.year() < 1 || day.year() > kYearMax) return Wrong("the year is out of range");
  return FromGregorian(static_cast<int>(day.year()), day.month(), day.day());
}

std::partial_ordering Compare(const EraDate& a, const EraDate& b) {
  if (const auto order = GregorianYear(a) <=> GregorianYear(b); order != 0) return order;
  if (a.month == 0 || b.month == 0) {
    return a == b ? std::partial_ordering::equivalent : std::partial_ordering::unordered;
  }
  if (const auto order = a.month <=> b.month; order != 0) return order;
  if (a.day == 0 || b.day == 0) {
    return a == b ? std::partial_ordering::equivalent : std::partial_ordering::unordered;
  }
  return a.day <=> b.day;
}

absl::StatusOr<EraDate> ParseRoc7(absl::string_view text) {
  return ParseSevenDigits(Era::kRoc, FoldWidth(Trim(text)));
}

absl::StatusOr<std::string> PrintRoc7(const EraDate& date) {
  if (date.era != Era::kRoc) {
    return Wrong("a date before the Republic has no seven-digit form; send its era");
  }
  return absl::StrFormat("%03d%02d%02d", date.year, date.month, date.day);
}

absl::StatusOr<EraDate> ParseIso(absl::string_view text) {
  return ParseIsoFolded(FoldWidth(Trim(text)));
}

std::string PrintIso(const EraDate& date) {
  std::string text = absl::StrFormat("%04d", GregorianYear(date));
  if (date.month != 0) absl::StrAppendFormat(&text, "-%02d", date.month);
  if (date.day != 0) absl::StrAppendFormat(&text, "-%02d", date.day);
  return text;
}

std::string DisplayText(const EraDate& date) {
  std::string text = absl::StrCat(date.era == Era::kRoc ? "民國" : "民前", date.year, "年");
  if (date.month != 0) absl::StrAppend(&text, date.month, "月");
  if (date.day != 0) absl::StrAppend(&text, date.day, "日");
  return text;
}

absl::StatusOr<EraDate> ParseEraDate(absl::string_view text) {
  const std::string folded = FoldWidth(Trim(text));
  absl::string_view rest = folded;
  for (const absl::string_view before : {"民國前", "民前", "前"}) {
    if (absl::ConsumePrefix(&rest, before)) return ParseWords(Era::kBeforeRoc, rest);
  }
  if (absl::ConsumePrefix(&rest, "民國")) return ParseWords(Era::kRoc, rest);
  const bool iso = folded.find('-') != std::string::npos || folded.size() == 4;
  return iso ? ParseIsoFolded(folded) : ParseSevenDigits(Era::kRoc, folded);
}

absl::StatusOr<EraDate> ParseStoredDate(absl::string_view text) {
  const std::string folded = FoldWidth(Trim(text));
  for (const absl::string_view sign : {"-", "前"}) {
    absl::string_view digits = folded;
    if (absl::ConsumePrefix(&digits, sign) &&
        digits.find_first_not_of("0123456789") == absl::string_view::npos) {
      return ParseSevenDigits(Era::kBeforeRoc, digits);
    }
  }
  constexpr std::pair<absl::string_view, JapaneseEra> kJapaneseEras[] = {
      {"明治", JapaneseEra::kMeiji}, {"大正", JapaneseEra::kTaisho}, {"昭和", JapaneseEra::kShowa}};
  for (const auto& [word, era] : kJapaneseEras) {
    absl::string_view rest = folded;
    if (!absl::ConsumePrefix(&rest, word)) continue;
    CHAYAN_ASSIGN_OR_RETURN(const WrittenDate date, ReadWords(rest));
    return FromJapaneseEra(era, date.year, date.month, date.day);
  }
  return ParseEraDate(folded);
}

absl::StatusOr<EraDate> FromJapaneseEra(JapaneseEra era, int year, int month, int day) {
  constexpr int kJapaneseYearMax = 45;
  constexpr int kGregorianSinceMeiji = 6;
  const JapaneseEraSpan span = SpanOf(era);
  if (year < 1 || year > kJapaneseYearMax) return Wrong("no such year in that Japanese era");
  if (era == JapaneseEra::kMeiji && year < kGregorianSinceMeiji && month != 0) {
    return Wrong("before 明治6年 months were counted by the moon; give the year alone");
  }
  CHAYAN_ASSIGN_OR_RETURN(EraDate date, FromGregorian(span.year_offset + year, month, day));
  // An unknown month or day is good if any day it may stand for lies in the era.
  const int gregorian = GregorianYear(date);
  const absl::CivilDay earliest(gregorian, month == 0 ? 1 : month, day == 0 ? 1 : day);
  const absl::CivilDay latest = month == 0 ? absl::CivilDay(gregorian, 12, 31)
                                : day == 0 ? absl::CivilDay(absl::CivilMonth(earliest) + 1) - 1
                                           : earliest;
  if (latest < span.first || earliest > span.last) {
    return Wrong("the date lies outside that Japanese era; check era and year");
  }
  return date;
}

}  // namespace chayan::ident
