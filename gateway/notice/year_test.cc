// Goal: over a year of everything that offices and machines do, each notice reaches who must know:
// when its schedule says, in order, once; or somebody is told why not. Method: the room itself on a
// real log, store and vault, with a clock that runs a year in seconds (year_for_test.h); what came
// of it is held against the rules of registry.proto and notice_service.proto, written here anew,
// day by day. The seed is printed; CHAYAN_YEAR_SEED runs the same year again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/status_matchers.h"
#include "gateway/log/test_log.h"
#include "gateway/notice/year_for_test.h"
#include "gateway/registry/calendar.h"
#include "gateway/registry/values.h"

namespace chayan::notice {
namespace {

using store::DeliveryState;
using store::NoticeEventKind;

// The longest between two looks of the year: over night.
constexpr absl::Duration kLook = absl::Hours(9);
// As registry.proto says where a subscription says nothing.
constexpr int kWorkdays = 5;

uint64_t Seed() {
  uint64_t seed = 0;
  const char* const text = std::getenv("CHAYAN_YEAR_SEED");
  if (text == nullptr || !absl::SimpleAtoi(text, &seed)) seed = SystemRandom().Uint64() % 1'000'000;
  std::cout << "CHAYAN_YEAR_SEED=" << seed << std::endl;
  return seed;
}

class YearTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    year_ = new Year(Seed());
    year_->Run();
    std::cout << year_->Summary() << std::endl;
  }
  static void TearDownTestSuite() {
    delete year_;
    year_ = nullptr;
  }

  static store::Notices& notices() { return year_->rig().notices(); }
  static const registry::Calendar& calendar() { return year_->rig().registry().calendar(); }
  static const v1::Subscription& SubscriptionOf(const SeenDelivery& delivery) {
    return *year_->rig().registry().FindSubscription(delivery.subscription);
  }
  static store::StoredDelivery Stored(const SeenDelivery& delivery) {
    return *notices().FindDelivery(*Uuid::FromText(delivery.id));
  }
  // The end of the `count`th workday after the day of `from`.
  static absl::Time EndOfWorkday(absl::Time from, int count) {
    absl::CivilDay day = registry::TaipeiDay(from);
    while (count > 0) {
      ++day;
      if (calendar().IsWorkday(day)) --count;
    }
    return absl::FromCivil(day + 1, registry::Taipei());
  }
  // All moments at which the schedule dispatches, from a month before the year's begin.
  static std::vector<absl::Time> Dispatches(const v1::DeliverySchedule& schedule) {
    std::vector<absl::Time> all;
    const absl::CivilDay last = registry::TaipeiDay(year_->end()) + 45;
    absl::CivilDay counted_from;
    uint32_t workdays = 0;
    for (absl::CivilDay day = registry::TaipeiDay(year_->begin()) - 31; day <= last; ++day) {
      if (day.day() == 1 || counted_from == absl::CivilDay()) {
        counted_from = absl::CivilDay(absl::CivilMonth(day));
        workdays = 0;
        for (absl::CivilDay before = counted_from; before < day; ++before) {
          workdays += calendar().IsWorkday(before);
        }
      }
      workdays += calendar().IsWorkday(day);
      if (calendar().IsWorkday(day) && Falls(schedule, day, workdays)) {
        all.push_back(absl::FromCivil(
            absl::CivilMinute(day) + *registry::ParseMinuteOfDay(schedule.time_of_day()),
            registry::Taipei()));
      }
    }
    return all;
  }
  // Of deliveries that kept their place: what became of them, when.
  static std::vector<store::StoredStep> Steps(const SeenDelivery& delivery) {
    return *notices().Steps(Stored(delivery).seq);
  }
  static absl::Time TimeOf(const SeenDelivery& delivery, std::set<DeliveryState> states) {
    for (const store::StoredStep& step : Steps(delivery)) {
      if (states.contains(step.state)) return absl::FromUnixMillis(step.time_ms);
    }
    return absl::InfiniteFuture();
  }
  // When a publisher was warned of a delivery.
  static absl::Time Warned(const SeenDelivery& delivery, NoticeEventKind kind) {
    static const auto* const warnings =
        new std::map<std::pair<int64_t, int>, absl::Time>(AllWarnings());
    const auto it = warnings->find({Stored(delivery).seq, static_cast<int>(kind)});
    return it == warnings->end() ? absl::InfiniteFuture() : it->second;
  }

  static Year* year_;

 private:
  // Whether the workday is one of the schedule's; it is the `ordinal`th of its month.
  static bool Falls(const v1::DeliverySchedule& schedule, absl::CivilDay day, uint32_t ordinal) {
    if (schedule.rule() == v1::SCHEDULE_RULE_MONTHLY) return ordinal == schedule.workday();
    if (schedule.rule() == v1::SCHEDULE_RULE_DAILY) return true;
    // The day itself, or the first that is worked after free ones with that day among them.
    for (absl::CivilDay named = day;; --named) {
      if (static_cast<uint32_t>(absl::GetWeekday(named)) + 1 == schedule.weekday()) return true;
      if (calendar().IsWorkday(named - 1)) return false;
    }
  }
  static std::map<std::pair<int64_t, int>, absl::Time> AllWarnings() {
    std::map<std::pair<int64_t, int>, absl::Time> warnings;
    for (const char* publisher : {"hro-shanhua", "court-tainan"}) {
      int64_t after = 0;
      while (true) {
        const auto events = *notices().Events(publisher, after, store::kNoticePageMax);
        for (const store::NoticeEvent& event : events) {
          after = event.event;
          if (event.kind == NoticeEventKind::kStep) continue;
          const bool is_first = warnings
                                    .try_emplace({event.seq, static_cast<int>(event.kind)},
                                                 absl::FromUnixMillis(event.time_ms))
                                    .second;
          const auto delivery = notices().ReadDelivery(event.seq);
          EXPECT_TRUE(is_first || year_->deliveries().at(delivery->id.ToText()).replayed)
              << "warned twice";
        }
        if (events.size() < store::kNoticePageMax) break;
      }
    }
    return warnings;
  }
};

Year* YearTest::year_ = nullptr;

TEST_F(YearTest, WhatMustNeverHappenDidNot) {
  EXPECT_THAT(year_->faults(), ::testing::IsEmpty());
  EXPECT_GT(year_->deliveries().size(), 500u) << "a year in which little happened shows little";
}

TEST_F(YearTest, EachDeliveryWasPromisedForTheNextDispatchOfItsSchedule) {
  std::map<std::string, std::vector<absl::Time>> dispatches;
  for (const auto& [id, delivery] : year_->deliveries()) {
    const v1::Subscription& subscription = SubscriptionOf(delivery);
    if (!subscription.has_schedule()) {
      EXPECT_EQ(delivery.due, delivery.accepted) << delivery.subscription;
      continue;
    }
    auto& all = dispatches[delivery.subscription];
    if (all.empty()) all = Dispatches(subscription.schedule());
    EXPECT_EQ(delivery.due, *std::upper_bound(all.begin(), all.end(), delivery.accepted))
        << delivery.subscription << ", accepted " << delivery.accepted;
  }
}

TEST_F(YearTest, OfAPeriodTheLastChangeWasDeliveredAndAllElseArrived) {
  using Period = std::tuple<std::string, std::string, absl::Time>;
  std::map<Period, const SeenDelivery*> last;
  for (const auto& [id, delivery] : year_->deliveries()) {
    if (!SubscriptionOf(delivery).has_schedule()) continue;
    const SeenDelivery*& one = last[{delivery.subscription, delivery.person, delivery.due}];
    if (one == nullptr || one->accepted_as < delivery.accepted_as) one = &delivery;
  }
  size_t superseded = 0;
  for (const auto& [id, delivery] : year_->deliveries()) {
    const auto it = last.find({delivery.subscription, delivery.person, delivery.due});
    const DeliveryState state = Stored(delivery).state;
    if (it != last.end() && it->second != &delivery) {
      ++superseded;
      EXPECT_EQ(state, DeliveryState::kSuperseded) << delivery.subscription;
      EXPECT_TRUE(delivery.bytes.empty()) << "it came all the same";
    } else {
      EXPECT_TRUE(state == DeliveryState::kDelivered || state == DeliveryState::kAcknowledged ||
                  state == DeliveryState::kRejected)
          << delivery.subscription << " of " << delivery.accepted << ": "
          << static_cast<int>(state);
      EXPECT_FALSE(delivery.bytes.empty());
    }
  }
  EXPECT_GT(superseded, 0u);
}

TEST_F(YearTest, EachPersonsCameInTheOrderOfTheirAcceptance) {
  for (const auto& [whose, ids] : year_->came()) {
    size_t before = 0;
    for (const std::string& id : ids) {
      const SeenDelivery& delivery = year_->deliveries().at(id);
      EXPECT_GE(delivery.accepted_as, before) << whose.first << ", " << whose.second;
      before = delivery.accepted_as;
    }
  }
}

TEST_F(YearTest, EachPeriodThatHadNoneHasItsEntryAndNoOtherHas) {
  using Silence = std::pair<std::string, std::string>;  // kind, recipient
  std::map<Silence, size_t> expected, recorded;
  const registry::Snapshot& registry = year_->rig().registry();
  for (const v1::NoticeKind* kind : registry.notice_kinds()) {
    for (const v1::Subscription* subscription : registry.Subscriptions(kind->code())) {
      if (!subscription->has_schedule()) continue;
      std::set<absl::Time> had;
      for (const auto& [id, delivery] : year_->deliveries()) {
        if (delivery.subscription == subscription->id()) had.insert(delivery.due);
      }
      for (const absl::Time dispatch : Dispatches(subscription->schedule())) {
        if (dispatch <= year_->begin() || dispatch > year_->end() || had.contains(dispatch))
          continue;
        ++expected[{kind->code(), subscription->recipient()}];
      }
    }
  }
  const auto leaves = log::CheckWholeLog(year_->rig().stack().store());
  ASSERT_OK(leaves);
  for (const std::string& bytes : *leaves) {
    const log::ParsedLeaf leaf = *log::ParseLeaf(bytes);
    if (leaf.Get("reason") != "NONE_TODAY") continue;
    EXPECT_EQ(leaf.type, "delivery");
    EXPECT_EQ(leaf.Get("outcome"), "NONE");
    ++recorded[{std::string(leaf.Get("kind")), std::string(leaf.Get("holder"))}];
  }
  EXPECT_EQ(recorded, expected);
}

TEST_F(YearTest, WhoIsLateIsWarnedOfBeforeAndAfterAndNobodyElse) {
  size_t late = 0;
  for (const auto& [id, delivery] : year_->deliveries()) {
    const absl::Time acted =
        TimeOf(delivery, {DeliveryState::kAcknowledged, DeliveryState::kRejected,
                          DeliveryState::kSuperseded, DeliveryState::kDead});
    const absl::Time soon = Warned(delivery, NoticeEventKind::kDueSoon);
    const absl::Time overdue = Warned(delivery, NoticeEventKind::kOverdue);
    const absl::Time by = delivery.acknowledge_by;
    const int workdays = static_cast<int>(SubscriptionOf(delivery).acknowledge_workdays());
    EXPECT_EQ(by, EndOfWorkday(delivery.due, workdays == 0 ? kWorkdays : workdays));
    if (acted > by + kLook) {
      ++late;
      EXPECT_LE(overdue, by + kLook) << delivery.subscription;
    }
    if (acted <= by) {
      EXPECT_EQ(overdue, absl::InfiniteFuture()) << delivery.subscription;
    }
    if (overdue == absl::InfiniteFuture()) continue;
    EXPECT_GE(overdue, by);
    EXPECT_LE(soon, by - absl::Hours(24)) << "with at least a workday to go";
    EXPECT_GE(EndOfWorkday(soon, 1), by) << "and not long before";
  }
  EXPECT_GT(late, 0u);
}

TEST_F(YearTest, WhatIsNotPulledInItsDaysIsSaid) {
  size_t unfetched = 0;
  for (const auto& [id, delivery] : year_->deliveries()) {
    const absl::Time warned = Warned(delivery, NoticeEventKind::kNotFetched);
    if (SubscriptionOf(delivery).way() != v1::DELIVERY_WAY_PULL) {
      EXPECT_EQ(warned, absl::InfiniteFuture());
      continue;
    }
    const absl::Time by = EndOfWorkday(delivery.due, kWorkdays);
    if (delivery.came > by + kLook) {
      ++unfetched;
      EXPECT_GE(warned, by);
      EXPECT_LE(warned, by + kLook);
    } else if (delivery.came <= by) {
      EXPECT_EQ(warned, absl::InfiniteFuture());
    }
  }
  EXPECT_GT(unfetched, 0u) << "nobody pulls in August";
}

TEST_F(YearTest, EachStepHasItsEntry) {
  for (const auto& [id, delivery] : year_->deliveries()) {
    const store::StoredDelivery stored = Stored(delivery);
    const uint64_t notice_entry = notices().ReadNotice(stored.notice)->entry;
    EXPECT_EQ(year_->rig().Entry(notice_entry).type, "notice");
    for (const store::StoredStep& step : Steps(delivery)) {
      const log::ParsedLeaf leaf = year_->rig().Entry(step.entry);
      if (step.state == DeliveryState::kSuperseded) {
        EXPECT_EQ(leaf.type, "notice") << "the one that took its place";
        continue;
      }
      const bool acted =
          step.state == DeliveryState::kAcknowledged || step.state == DeliveryState::kRejected;
      EXPECT_EQ(leaf.type, acted ? "acknowledgement" : "delivery");
      EXPECT_EQ(leaf.Get("ref"), absl::StrCat(notice_entry));
      EXPECT_EQ(leaf.Get("holder"), delivery.recipient);
      EXPECT_EQ(leaf.Get("outcome"), StateName(step.state));
    }
  }
}

TEST_F(YearTest, WhatWasActedOnIsShreddedAfterItsDays) {
  size_t shredded = 0;
  for (const auto& [id, delivery] : year_->deliveries()) {
    const store::StoredDelivery stored = Stored(delivery);
    if (stored.state != DeliveryState::kAcknowledged) continue;
    const absl::Time acted = TimeOf(delivery, {DeliveryState::kAcknowledged});
    const absl::Status payload = notices().ReadPayload(stored.seq).status();
    if (year_->end() > EndOfWorkday(acted, kWorkdays) + kLook) {
      EXPECT_TRUE(absl::IsNotFound(payload)) << delivery.subscription;
      ++shredded;
    } else {
      EXPECT_OK(payload) << "it may still be looked up";
    }
  }
  EXPECT_GT(shredded, 0u);
}

}  // namespace
}  // namespace chayan::notice
