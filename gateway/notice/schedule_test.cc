// Goal: a delivery is due when its schedule says, on workdays, and no time falls between two
// periods. Method: days of the sample calendar one by one; then a simulated year of notices per
// schedule with an injected clock, its seed printed, against properties and a counted oracle.
#include "gateway/notice/schedule.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "gateway/base/clock.h"
#include "gateway/registry/sample_set.h"

namespace chayan::notice {
namespace {

constexpr int kOffice = 17 * 60 + 30;  // "17:30"

absl::Time At(const char* text) {
  absl::CivilMinute minute;
  EXPECT_TRUE(absl::ParseCivilTime(text, &minute)) << text;
  return absl::FromCivil(minute, registry::Taipei());
}

v1::DeliverySchedule Schedule(v1::ScheduleRule rule, uint32_t ordinal = 0) {
  v1::DeliverySchedule schedule;
  schedule.set_rule(rule);
  schedule.set_time_of_day("17:30");
  if (rule == v1::SCHEDULE_RULE_WEEKLY) schedule.set_weekday(ordinal);
  if (rule == v1::SCHEDULE_RULE_MONTHLY) schedule.set_workday(ordinal);
  return schedule;
}

class ScheduleTest : public ::testing::Test {
 protected:
  ScheduleTest() {
    const auto snapshot = registry::Snapshot::Create(registry::SampleFiles(), nullptr);
    EXPECT_TRUE(snapshot.ok()) << snapshot.status();
    calendar_ = (*snapshot)->calendar();
  }
  absl::Time Due(const v1::DeliverySchedule& schedule, const char* accepted) {
    v1::Subscription subscription;
    *subscription.mutable_schedule() = schedule;
    return DueTime(subscription, calendar_, At(accepted));
  }
  registry::Calendar calendar_;
};

TEST_F(ScheduleTest, WithoutAScheduleItIsDueAtOnce) {
  EXPECT_EQ(DueTime(v1::Subscription(), calendar_, At("2026-02-16T03:00")), At("2026-02-16T03:00"));
}

TEST_F(ScheduleTest, DailyIsTheSameDayTheNextOrAfterTheHolidays) {
  const v1::DeliverySchedule daily = Schedule(v1::SCHEDULE_RULE_DAILY);
  EXPECT_EQ(Due(daily, "2026-01-14T09:00"), At("2026-01-14T17:30"));
  EXPECT_EQ(Due(daily, "2026-01-14T17:29"), At("2026-01-14T17:30"));
  // What comes at the very minute belongs to the next period.
  EXPECT_EQ(Due(daily, "2026-01-14T17:30"), At("2026-01-15T17:30"));
  EXPECT_EQ(Due(daily, "2026-01-16T18:00"), At("2026-01-19T17:30"));
  // New year: 14 to 22 February are free.
  EXPECT_EQ(Due(daily, "2026-02-13T18:00"), At("2026-02-23T17:30"));
}

TEST_F(ScheduleTest, WeeklyMovesToTheNextWorkday) {
  const v1::DeliverySchedule mondays = Schedule(v1::SCHEDULE_RULE_WEEKLY, 1);
  EXPECT_EQ(Due(mondays, "2026-01-14T09:00"), At("2026-01-19T17:30"));
  // Monday 16 February is free, and so is the whole week: one dispatch with the next one's.
  EXPECT_EQ(Due(mondays, "2026-02-10T09:00"), At("2026-02-23T17:30"));
  const Period period = PeriodAt(mondays, calendar_, At("2026-02-18T09:00"));
  EXPECT_EQ(period.begin, At("2026-02-09T17:30"));
  EXPECT_EQ(period.end, At("2026-02-23T17:30"));
  EXPECT_EQ(Due(Schedule(v1::SCHEDULE_RULE_WEEKLY, 7), "2026-01-14T09:00"), At("2026-01-19T17:30"));
}

TEST_F(ScheduleTest, MonthlyIsItsWorkdayOfTheMonth) {
  const v1::DeliverySchedule third = Schedule(v1::SCHEDULE_RULE_MONTHLY, 3);
  // 1 January is free, 3 and 4 are a weekend: Friday 2, Monday 5, Tuesday 6.
  EXPECT_EQ(Due(third, "2026-01-01T00:00"), At("2026-01-06T17:30"));
  EXPECT_EQ(Due(third, "2026-01-06T17:30"), At("2026-02-04T17:30"));
  EXPECT_EQ(PeriodAt(third, calendar_, At("2026-02-01T00:00")).begin, At("2026-01-06T17:30"));
}

TEST_F(ScheduleTest, DeadlinesCountWorkdaysToTheirEnd) {
  v1::Subscription subscription;
  // Five workdays since Thursday 12 February: Friday 13, then 23, 24, 25, 26.
  EXPECT_EQ(AcknowledgeBy(subscription, calendar_, At("2026-02-12T10:00")), At("2026-02-27T00:00"));
  EXPECT_EQ(PickUpBy(subscription, calendar_, At("2026-02-12T10:00")), At("2026-02-27T00:00"));
  subscription.set_acknowledge_workdays(1);
  subscription.set_pick_up_workdays(2);
  subscription.set_expiry_days(3);
  EXPECT_EQ(AcknowledgeBy(subscription, calendar_, At("2026-02-13T10:00")), At("2026-02-24T00:00"));
  EXPECT_EQ(PickUpBy(subscription, calendar_, At("2026-02-12T10:00")), At("2026-02-24T00:00"));
  EXPECT_EQ(ExpireTime(subscription, At("2026-02-12T10:00")), At("2026-02-15T10:00"));
  EXPECT_EQ(ExpireTime(v1::Subscription(), At("2026-02-01T10:00")), At("2026-03-03T10:00"));
}

class ScheduleYear : public ScheduleTest, public ::testing::WithParamInterface<const char*> {
 protected:
  v1::DeliverySchedule schedule() const {
    const std::string name = GetParam();
    if (name == "Daily") return Schedule(v1::SCHEDULE_RULE_DAILY);
    if (name == "Monthly3") return Schedule(v1::SCHEDULE_RULE_MONTHLY, 3);
    if (name == "Monthly20") return Schedule(v1::SCHEDULE_RULE_MONTHLY, 20);
    return Schedule(v1::SCHEDULE_RULE_WEEKLY, static_cast<uint32_t>(name.back() - '0'));
  }
};

// Notices come at random times for a year and a month; the clock only moves forward.
TEST_P(ScheduleYear, LeavesNoGapAndDispatchesOnWorkdaysAlone) {
  const uint32_t seed = std::random_device()();
  RecordProperty("seed", absl::StrCat(seed));
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  printf("seed %u\n", seed);
  std::mt19937 engine(seed);
  SimulatedClock clock(At("2026-01-01T00:00"));
  const v1::DeliverySchedule schedule = this->schedule();
  std::map<absl::Time, int> dispatched;
  Period last = PeriodAt(schedule, calendar_, clock.Now());
  while (clock.Now() < At("2027-02-01T00:00")) {
    const Period period = PeriodAt(schedule, calendar_, clock.Now());
    ASSERT_LE(period.begin, clock.Now());
    ASSERT_GT(period.end, clock.Now());
    // The same period, or one that begins no earlier than the last one ended.
    if (period.end != last.end) {
      ASSERT_GE(period.begin, last.end);
    } else {
      ASSERT_EQ(period.begin, last.begin);
    }
    // Walking period by period reaches it: nothing lies between.
    for (Period walk = last; walk.end < period.end;) {
      const Period next = PeriodAt(schedule, calendar_, walk.end);
      ASSERT_EQ(next.begin, walk.end);
      walk = next;
    }
    const absl::CivilMinute end = absl::ToCivilMinute(period.end, registry::Taipei());
    ASSERT_TRUE(calendar_.IsWorkday(absl::CivilDay(end)));
    ASSERT_EQ(end.hour() * 60 + end.minute(), kOffice);
    ++dispatched[period.end];
    last = period;
    clock.Advance(absl::Seconds(1 + engine() % 20'000));
  }
  // Every dispatch of the year was met, as often as the rule says.
  int workdays = 0;
  for (absl::CivilDay day(2026, 1, 1); day < absl::CivilDay(2027, 1, 1); ++day) {
    if (calendar_.IsWorkday(day)) ++workdays;
  }
  int in_year = 0;
  for (const auto& [time, count] : dispatched) in_year += time < At("2027-01-01T00:00");
  switch (schedule.rule()) {
    case v1::SCHEDULE_RULE_DAILY:
      EXPECT_EQ(in_year, workdays);
      break;
    case v1::SCHEDULE_RULE_MONTHLY:
      EXPECT_EQ(in_year, 12);
      break;
    default:
      // 52 weeks; the new year's takes one dispatch together with the week after.
      EXPECT_GE(in_year, 51);
      EXPECT_LE(in_year, 53);
  }
}

INSTANTIATE_TEST_SUITE_P(Rules, ScheduleYear,
                         ::testing::Values("Daily", "Weekly1", "Weekly3", "Weekly5", "Weekly7",
                                           "Monthly3", "Monthly20"),
                         [](const auto& parameter) { return std::string(parameter.param); });

}  // namespace
}  // namespace chayan::notice
