// Goal: workdays are counted as offices in Taiwan count them. Method: the days around the lunar new
// year of 2026, with a Saturday that is worked.
#include "gateway/registry/calendar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/base/status_matchers.h"

namespace chayan::registry {
namespace {

using ::testing::HasSubstr;

Calendar Year2026() {
  v1::CalendarYear year;
  year.set_year(2026);
  // Friday 13 is the last day before; Saturday 7 makes up for Monday 16.
  for (const char* day : {"2026-01-01", "2026-02-16", "2026-02-17", "2026-02-18", "2026-02-19",
                          "2026-02-20", "2026-02-27"}) {
    year.add_holidays(day);
  }
  year.add_workdays("2026-02-07");
  Calendar calendar;
  calendar.Add(year);
  return calendar;
}

TEST(CalendarTest, KnowsWeekendsHolidaysAndMadeUpDays) {
  const Calendar calendar = Year2026();
  EXPECT_TRUE(calendar.IsWorkday(absl::CivilDay(2026, 2, 6)));    // Friday
  EXPECT_TRUE(calendar.IsWorkday(absl::CivilDay(2026, 2, 7)));    // Saturday, worked
  EXPECT_FALSE(calendar.IsWorkday(absl::CivilDay(2026, 2, 8)));   // Sunday
  EXPECT_FALSE(calendar.IsWorkday(absl::CivilDay(2026, 2, 14)));  // Saturday
  EXPECT_FALSE(calendar.IsWorkday(absl::CivilDay(2026, 2, 17)));
}

TEST(CalendarTest, SkipsTheNewYear) {
  const Calendar calendar = Year2026();
  EXPECT_EQ(calendar.NextWorkday(absl::CivilDay(2026, 2, 14)), absl::CivilDay(2026, 2, 23));
  EXPECT_EQ(calendar.NextWorkday(absl::CivilDay(2026, 2, 23)), absl::CivilDay(2026, 2, 23));
  EXPECT_EQ(calendar.AddWorkdays(absl::CivilDay(2026, 2, 13), 0), absl::CivilDay(2026, 2, 13));
  EXPECT_EQ(calendar.AddWorkdays(absl::CivilDay(2026, 2, 13), 1), absl::CivilDay(2026, 2, 23));
  EXPECT_EQ(calendar.AddWorkdays(absl::CivilDay(2026, 2, 13), 5), absl::CivilDay(2026, 3, 2));
}

TEST(CalendarTest, FindsTheThirdWorkdayOfAMonth) {
  const Calendar calendar = Year2026();
  // The 1st is a holiday, the 3rd and 4th a weekend.
  EXPECT_EQ(calendar.WorkdayOfMonth(absl::CivilMonth(2026, 1), 1), absl::CivilDay(2026, 1, 2));
  EXPECT_EQ(calendar.WorkdayOfMonth(absl::CivilMonth(2026, 1), 3), absl::CivilDay(2026, 1, 6));
}

TEST(CalendarTest, StaysInAMonthThatHasFewerWorkdays) {
  const Calendar calendar = Year2026();
  EXPECT_EQ(calendar.WorkdayOfMonth(absl::CivilMonth(2026, 2), 20), absl::CivilDay(2026, 2, 26));
}

TEST(CalendarTest, SaysWhichYearsItCovers) {
  const Calendar calendar = Year2026();
  EXPECT_TRUE(calendar.Covers(absl::CivilDay(2026, 12, 31)));
  EXPECT_FALSE(calendar.Covers(absl::CivilDay(2027, 1, 1)));
  EXPECT_TRUE(calendar.IsWorkday(absl::CivilDay(2027, 1, 1)));  // a Friday, as far as it knows
}

TEST(CalendarTest, CountsDaysInTaipei) {
  EXPECT_EQ(TaipeiDay(absl::FromUnixSeconds(1767196799)), absl::CivilDay(2025, 12, 31));
  EXPECT_EQ(TaipeiDay(absl::FromUnixSeconds(1767196800)), absl::CivilDay(2026, 1, 1));
}

TEST(CalendarTest, ReadsOneSpellingOfADay) {
  EXPECT_EQ(*ParseDay("2026-02-28"), absl::CivilDay(2026, 2, 28));
  for (const char* text :
       {"", "2026-2-28", "2026-02-29", "20260228", "2026-02-28 ", "2026/02/28"}) {
    EXPECT_THAT(ParseDay(text).status().message(), HasSubstr("write it as \"2026-01-01\"")) << text;
  }
}

}  // namespace
}  // namespace chayan::registry
