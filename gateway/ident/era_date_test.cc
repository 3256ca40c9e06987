// Goal: a date means one day whatever its spelling, and no spelling is guessed. Method: the
// examples of the domain reference, the borders of every era, and one pass over every day of two
// centuries.
#include "gateway/ident/era_date.h"

#include <vector>

#include "gateway/base/status_matchers.h"

namespace chayan::ident {
namespace {

using ::testing::_;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr EraDate Roc(int year, int month = 0, int day = 0) {
  return {.era = Era::kRoc, .year = year, .month = month, .day = day};
}
constexpr EraDate BeforeRoc(int year, int month = 0, int day = 0) {
  return {.era = Era::kBeforeRoc, .year = year, .month = month, .day = day};
}

void ExpectRefused(const absl::StatusOr<EraDate>& result, const char* what) {
  EXPECT_THAT(result, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(what)));
}

TEST(EraDateTest, ReadsSevenDigits) {
  EXPECT_EQ(*ParseRoc7("0010101"), Roc(1, 1, 1));
  EXPECT_EQ(PrintIso(*ParseRoc7("0010101")), "1912-01-01");
  EXPECT_EQ(PrintIso(*ParseRoc7("0770520")), "1988-05-20");
  EXPECT_EQ(PrintIso(*ParseRoc7("1150115")), "2026-01-15");
  EXPECT_EQ(PrintIso(*ParseRoc7("1130229")), "2024-02-29");
  EXPECT_EQ(PrintIso(*ParseRoc7("0890229")), "2000-02-29");
  EXPECT_EQ(*ParseRoc7(" ０７７０５２０　"), Roc(77, 5, 20));
}

TEST(EraDateTest, RefusesDaysThatDoNotExist) {
  ExpectRefused(ParseRoc7("1140229"), "no such day");
  ExpectRefused(ParseRoc7("1141131"), "no such day");
  ExpectRefused(ParseRoc7("0000101"), "no year 0");
  ExpectRefused(ParseRoc7("0771301"), "month");
  ExpectRefused(ParseRoc7("0770532"), "no such day");
  ExpectRefused(ParseRoc7("0770020"), "without its month");
  ExpectRefused(ParseRoc7("0110229"), "no such day");  // 1922
}

TEST(EraDateTest, RefusesSpellingsThatItWouldHaveToGuess) {
  ExpectRefused(ParseRoc7("115115"), "two ways");
  ExpectRefused(ParseRoc7("19880520"), "seven digits");
  ExpectRefused(ParseRoc7(""), "seven digits");
  ExpectRefused(ParseRoc7("-100302"), "seven digits");
  ExpectRefused(ParseRoc7("077052A"), "seven digits");
  ExpectRefused(ParseEraDate("-0100302"), "YYYY-MM-DD");
  ExpectRefused(ParseEraDate("前0100302"), "民前10年");
}

TEST(EraDateTest, KeepsUnknownParts) {
  EXPECT_EQ(*ParseRoc7("0770000"), Roc(77));
  EXPECT_EQ(*ParseRoc7("0770500"), Roc(77, 5));
  EXPECT_EQ(*PrintRoc7(Roc(77)), "0770000");
  EXPECT_EQ(*ParseIso("1988"), Roc(77));
  EXPECT_EQ(*ParseIso("1988-05"), Roc(77, 5));
  EXPECT_EQ(PrintIso(Roc(77)), "1988");
  EXPECT_FALSE(IsComplete(Roc(77, 5)));
  EXPECT_TRUE(IsComplete(Roc(77, 5, 20)));
}

TEST(EraDateTest, ReadsIso) {
  EXPECT_EQ(*ParseIso("1988-05-20"), Roc(77, 5, 20));
  EXPECT_EQ(*ParseIso("1911-12-31"), BeforeRoc(1, 12, 31));
  EXPECT_EQ(*ParseIso("1902-03-02"), BeforeRoc(10, 3, 2));
  for (const char* bad : {"1988-5-20", "1988/05/20", "88-05-20", "1988-05-20-1", "1988-00-01",
                          "1988-05-00", "1988-", "", "-", "0000-01-01", "1582-10-15"}) {
    EXPECT_THAT(ParseIso(bad), Not(IsOk())) << bad;
  }
}

TEST(EraDateTest, CountsYearsBeforeTheRepublicWithoutAZero) {
  EXPECT_EQ(GregorianYear(BeforeRoc(1)), 1911);
  EXPECT_EQ(GregorianYear(BeforeRoc(10)), 1902);
  EXPECT_EQ(GregorianYear(BeforeRoc(17)), 1895);
  EXPECT_EQ(GregorianYear(Roc(1)), 1912);
  EXPECT_OK(Validate(BeforeRoc(8, 2, 29)));                  // 1904
  EXPECT_THAT(Validate(BeforeRoc(12, 2, 29)), Not(IsOk()));  // 1900 is not a leap year
  EXPECT_THAT(Validate(BeforeRoc(0, 1, 1)), Not(IsOk()));
  EXPECT_OK(Validate(BeforeRoc(kBeforeRocYearMax)));
  EXPECT_THAT(Validate(BeforeRoc(kBeforeRocYearMax + 1)), Not(IsOk()));
  EXPECT_THAT(Validate(Roc(kRocYearMax + 1)), Not(IsOk()));
  EXPECT_THAT(Validate(Roc(77, 5, -1)), Not(IsOk()));
  EXPECT_THAT(Validate(Roc(77, -1, 1)), Not(IsOk()));
  EXPECT_THAT(Validate(Roc(-1, 1, 1)), Not(IsOk()));
  EXPECT_THAT(PrintRoc7(BeforeRoc(10, 3, 2)), Not(IsOk()));
}

TEST(EraDateTest, ShowsWhatAClerkReads) {
  EXPECT_EQ(DisplayText(Roc(77, 5, 20)), "民國77年5月20日");
  EXPECT_EQ(DisplayText(BeforeRoc(10, 3, 2)), "民前10年3月2日");
  EXPECT_EQ(DisplayText(Roc(77)), "民國77年");
  EXPECT_EQ(DisplayText(BeforeRoc(10, 3)), "民前10年3月");
}

TEST(EraDateTest, ReadsWhatAClerkWrites) {
  EXPECT_EQ(*ParseEraDate("民國77年5月20日"), Roc(77, 5, 20));
  EXPECT_EQ(*ParseEraDate("民國 ７７ 年 5 月 20 日"), Roc(77, 5, 20));
  EXPECT_EQ(*ParseEraDate("民前10年3月2日"), BeforeRoc(10, 3, 2));
  EXPECT_EQ(*ParseEraDate("民國前10年3月2日"), BeforeRoc(10, 3, 2));
  EXPECT_EQ(*ParseEraDate("前10年"), BeforeRoc(10));
  EXPECT_EQ(*ParseEraDate("0770520"), Roc(77, 5, 20));
  EXPECT_EQ(*ParseEraDate("1988-05-20"), Roc(77, 5, 20));
  for (const char* bad : {"民國77", "民國77年20日", "民國年", "民國0年1月1日", "民前77年5月0日",
                          "民國77年5月20日6", "77年5月20日", "昭和2年1月1日", ""}) {
    EXPECT_THAT(ParseEraDate(bad), Not(IsOk())) << bad;
  }
}

TEST(EraDateTest, ReadsHowAgenciesStoreDatesBeforeTheRepublic) {
  EXPECT_EQ(*ParseStoredDate("-0100302"), BeforeRoc(10, 3, 2));
  EXPECT_EQ(*ParseStoredDate("前0100302"), BeforeRoc(10, 3, 2));
  EXPECT_EQ(*ParseStoredDate("前0100000"), BeforeRoc(10));
  EXPECT_EQ(*ParseStoredDate("前10年3月2日"), BeforeRoc(10, 3, 2));
  EXPECT_EQ(*ParseStoredDate("0770520"), Roc(77, 5, 20));
  EXPECT_EQ(*ParseStoredDate("1902-03-02"), BeforeRoc(10, 3, 2));
  ExpectRefused(ParseStoredDate("-100302"), "two ways");
  ExpectRefused(ParseStoredDate("-0000101"), "no year 0");
  EXPECT_THAT(ParseStoredDate("-"), Not(IsOk()));
  EXPECT_EQ(*ParseStoredDate("昭和13年5月20日"), Roc(27, 5, 20));
  EXPECT_EQ(*ParseStoredDate("大正13年"), Roc(13));
  EXPECT_EQ(*ParseStoredDate("明治35年3月2日"), BeforeRoc(10, 3, 2));
  ExpectRefused(ParseStoredDate("大正1年7月29日"), "outside");
  EXPECT_THAT(ParseStoredDate("昭和"), Not(IsOk()));
}

TEST(EraDateTest, OrdersByWhatIsKnown) {
  EXPECT_EQ(Compare(BeforeRoc(1, 12, 31), Roc(1, 1, 1)), std::partial_ordering::less);
  EXPECT_EQ(Compare(BeforeRoc(10), BeforeRoc(9)), std::partial_ordering::less);
  EXPECT_EQ(Compare(Roc(77, 5, 20), Roc(77, 5, 19)), std::partial_ordering::greater);
  EXPECT_EQ(Compare(Roc(77, 6), Roc(77, 5, 19)), std::partial_ordering::greater);
  EXPECT_EQ(Compare(Roc(77), Roc(77, 5, 20)), std::partial_ordering::unordered);
  EXPECT_EQ(Compare(Roc(77, 5), Roc(77, 5, 20)), std::partial_ordering::unordered);
  EXPECT_EQ(Compare(Roc(77), Roc(77)), std::partial_ordering::equivalent);
  EXPECT_EQ(Compare(Roc(77, 5, 20), Roc(77, 5, 20)), std::partial_ordering::equivalent);
}

TEST(EraDateTest, ConvertsJapaneseYears) {
  EXPECT_EQ(*FromJapaneseEra(JapaneseEra::kMeiji, 35, 3, 2), BeforeRoc(10, 3, 2));
  EXPECT_EQ(*FromJapaneseEra(JapaneseEra::kTaisho, 5, 1, 1), Roc(5, 1, 1));
  EXPECT_EQ(*FromJapaneseEra(JapaneseEra::kShowa, 10, 0, 0), Roc(24));
  // The days on which eras change belong to both.
  EXPECT_EQ(*FromJapaneseEra(JapaneseEra::kMeiji, 45, 7, 30), Roc(1, 7, 30));
  EXPECT_EQ(*FromJapaneseEra(JapaneseEra::kTaisho, 1, 7, 30), Roc(1, 7, 30));
  EXPECT_EQ(*FromJapaneseEra(JapaneseEra::kTaisho, 15, 12, 25), Roc(15, 12, 25));
  EXPECT_EQ(*FromJapaneseEra(JapaneseEra::kShowa, 1, 12, 25), Roc(15, 12, 25));
  EXPECT_EQ(*FromJapaneseEra(JapaneseEra::kTaisho, 1, 7, 0), Roc(1, 7));
  EXPECT_EQ(*FromJapaneseEra(JapaneseEra::kMeiji, 3, 0, 0), BeforeRoc(42));
}

TEST(EraDateTest, RefusesDatesOutsideAJapaneseEra) {
  ExpectRefused(FromJapaneseEra(JapaneseEra::kMeiji, 45, 7, 31), "outside");
  ExpectRefused(FromJapaneseEra(JapaneseEra::kTaisho, 1, 7, 29), "outside");
  ExpectRefused(FromJapaneseEra(JapaneseEra::kTaisho, 1, 6, 0), "outside");
  ExpectRefused(FromJapaneseEra(JapaneseEra::kTaisho, 16, 0, 0), "outside");
  ExpectRefused(FromJapaneseEra(JapaneseEra::kShowa, 1, 12, 24), "outside");
  ExpectRefused(FromJapaneseEra(JapaneseEra::kShowa, 21, 1, 1), "outside");
  ExpectRefused(FromJapaneseEra(JapaneseEra::kMeiji, 5, 1, 1), "moon");
  ExpectRefused(FromJapaneseEra(JapaneseEra::kMeiji, 0, 1, 1), "no such year");
  ExpectRefused(FromJapaneseEra(JapaneseEra::kMeiji, 46, 1, 1), "no such year");
  ExpectRefused(FromJapaneseEra(JapaneseEra::kTaisho, 2, 2, 29), "no such day");
}

TEST(EraDateTest, EveryDayOfTwoCenturiesSurvivesEverySpelling) {
  absl::CivilDay previous(1849, 12, 31);
  EraDate before = *FromCivilDay(previous);
  for (absl::CivilDay day(1850, 1, 1); day.year() < 2050; previous = day, ++day) {
    const absl::StatusOr<EraDate> date = FromCivilDay(day);
    ASSERT_THAT(date, IsOk());
    ASSERT_EQ(ToCivilDay(*date), day);
    ASSERT_EQ(*ParseEraDate(DisplayText(*date)), *date);
    ASSERT_EQ(*ParseEraDate(PrintIso(*date)), *date);
    if (date->era == Era::kRoc) {
      ASSERT_EQ(*ParseRoc7(*PrintRoc7(*date)), *date);
    }
    ASSERT_EQ(Compare(before, *date), std::partial_ordering::less);
    before = *date;
  }
}

}  // namespace
}  // namespace chayan::ident
