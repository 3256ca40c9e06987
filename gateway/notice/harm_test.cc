// Goal: whatever recipients, machines and clocks do to notices, what was accepted arrives, in
// order, or dies aloud; nothing waits in silence. Method: as notice_service_test; each test is one
// harm. disk_test.cc has the disk that is full, tests/notices the processes that are killed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/base/status_matchers.h"
#include "gateway/notice/fake_stream.h"
#include "gateway/notice/test_rig.h"

namespace chayan::notice {
namespace {

using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAreArray;

constexpr const char* kPersons[] = {"A123456789", "F131104093", "B123456780"};

// The sample, in which later notices of a name go on when one is dead.
registry::Files SkippingNames() {
  registry::Files files = registry::SampleFiles();
  for (auto& [path, content] : files) {
    const size_t kind = content.find("code: \"person.name\"");
    if (path != "notices.textproto" || kind == std::string::npos) continue;
    const std::string hold = "DEAD_LETTER_POLICY_HOLD";
    content.replace(content.find(hold, kind), hold.size(), "DEAD_LETTER_POLICY_SKIP");
    return files;
  }
  CHAYAN_CHECK(false);
}

// Two weeks: a test that looks so often has failed.
constexpr int kLooksMax = 4032;

class Harm {
 public:
  explicit Harm(registry::Files files = registry::SampleFiles()) : rig_(std::move(files)) {
    rig_.links->Reach("land-qd");
  }

  // For land-qd alone.
  v1::AcceptedNotice Publish(const std::string& person) {
    const auto told = rig_.Publish(rig_.NameNotice(person));
    CHAYAN_CHECK(!told.refusal.has_value());
    CHAYAN_CHECK(told.response.notice().deliveries_size() == 1);
    return told.response.notice();
  }
  v1::DeliveryStatus Show(const v1::AcceptedNotice& notice) {
    return rig_.Show(notice.notice_id()).deliveries(0);
  }
  // An adapter that does with each notice what `answer` says, until `over`: true means that it took
  // it. Some minutes pass between two looks.
  void ServeUntil(const std::function<bool(const v1::DeliveredNotice&)>& answer,
                  const std::function<bool()>& over) {
    for (int look = 0; look < kLooksMax && !over(); ++look) {
      rig_.Settle();
      while (rig_.links->waiting() > 0) {
        const v1::DeliveredNotice notice = rig_.links->Take();
        if (!answer(notice)) continue;
        rig_.SayDelivered("land-qd", notice.delivery_id());
        arrived_.push_back(notice.notice_id());
      }
      rig_.clock.Advance(absl::Minutes(5));
    }
    rig_.Settle();
  }
  void ServeUntilDelivered(const std::vector<v1::AcceptedNotice>& notices) {
    ServeUntil([](const auto&) { return true; },
               [&] {
                 return std::all_of(notices.begin(), notices.end(), [&](const auto& notice) {
                   return Show(notice).state() == v1::DELIVERY_STATE_DELIVERED;
                 });
               });
  }
  void Return(const v1::DeliveredNotice& notice, const std::string& reason, bool down = false) {
    rig_.service().OnReturned(TestRig::Adapter("land-qd"),
                              {{.delivery = *Uuid::FromText(notice.delivery_id()),
                                .reason = reason,
                                .recipient_down = down}});
  }
  v1::ReplayDeliveryRequest Replay(const v1::AcceptedNotice& notice) {
    v1::ReplayDeliveryRequest request;
    request.set_delivery_id(notice.deliveries(0).delivery_id());
    request.set_reason("mended");
    return request;
  }
  v1::ReverseNoticeRequest Reversal(const v1::AcceptedNotice& notice) {
    const v1::PublishNoticeRequest like = rig_.NameNotice();
    v1::ReverseNoticeRequest request;
    request.set_request_id(rig_.NewRequestId());
    request.set_notice_id(notice.notice_id());
    request.set_acting_for(like.acting_for());
    *request.mutable_purpose() = like.purpose();
    *request.mutable_effective_date() = like.effective_date();
    return request;
  }

  TestRig rig_;
  std::vector<std::string> arrived_;  // notices, in the order of their coming
};

TEST(HarmTest, ASystemThatIsDownForAWeekLosesNothingAndKillsNothing) {
  Harm harm;
  std::vector<v1::AcceptedNotice> notices;
  const absl::Time begin = harm.rig_.clock.Now();
  const absl::Time back = begin + absl::Hours(24 * 7);
  harm.ServeUntil(
      [&](const v1::DeliveredNotice& notice) {
        harm.Return(notice, "SYSTEM_DOWN", /*down=*/true);
        return false;
      },
      [&] {
        // Three a day.
        const auto hours = static_cast<size_t>(absl::ToInt64Hours(harm.rig_.clock.Now() - begin));
        if (notices.size() < 21 && notices.size() <= hours / 8) {
          notices.push_back(harm.Publish(kPersons[notices.size() % 3]));
        }
        return harm.rig_.clock.Now() >= back;
      });
  ASSERT_EQ(notices.size(), 21u);
  EXPECT_THAT(harm.rig_.service().Alarms(), Contains("notice.fails:land-qd"));
  EXPECT_THAT(harm.rig_.service().Alarms(), Contains("notice.waits:land-qd"));
  for (const v1::AcceptedNotice& notice : notices) {
    EXPECT_EQ(harm.Show(notice).state(), v1::DELIVERY_STATE_SCHEDULED);
  }
  harm.ServeUntilDelivered(notices);
  // Of each person in the order of acceptance.
  for (size_t person = 0; person < 3; ++person) {
    std::vector<std::string> expected, came;
    for (size_t i = person; i < notices.size(); i += 3) expected.push_back(notices[i].notice_id());
    for (const std::string& id : harm.arrived_) {
      if (std::find(expected.begin(), expected.end(), id) != expected.end()) came.push_back(id);
    }
    EXPECT_EQ(came, expected);
  }
  EXPECT_THAT(harm.rig_.service().Alarms(), Not(Contains("notice.fails:land-qd")));
}

TEST(HarmTest, ANoticeThatFellsTheAdapterEachTimeDiesAndTakesNoOtherWithIt) {
  Harm harm;
  const v1::AcceptedNotice poison = harm.Publish(kPersons[0]);
  const v1::AcceptedNotice later = harm.Publish(kPersons[0]);
  std::vector<v1::AcceptedNotice> others;
  std::vector<std::pair<v1::DeliveredNotice, std::string>> in_hand;
  const auto take = [&](const v1::DeliveredNotice& notice) {
    in_hand.emplace_back(notice, harm.rig_.links->last_bytes);
  };
  harm.ServeUntil(
      [&](const v1::DeliveredNotice& notice) {
        take(notice);
        if (notice.notice_id() == poison.notice_id()) {
          while (harm.rig_.links->waiting() > 0) take(harm.rig_.links->Take());
          for (const auto& [lost, bytes] : std::exchange(in_hand, {})) {
            harm.Return(lost, "LINK_LOST");
          }
        }
        // It answers when it has read all that there is, unless it has fallen by then.
        if (harm.rig_.links->waiting() > 0) return false;
        for (const auto& [one, bytes] : std::exchange(in_hand, {})) {
          v1::DeliveryReceipt receipt;
          receipt.set_delivery_id(one.delivery_id());
          receipt.set_state(v1::DELIVERY_STATE_DELIVERED);
          harm.rig_.SayOf("land-qd", receipt, bytes);
        }
        return false;
      },
      [&] {
        others.push_back(harm.Publish(kPersons[1 + others.size() % 2]));
        return harm.Show(poison).state() == v1::DELIVERY_STATE_DEAD;
      });
  EXPECT_EQ(harm.Show(poison).state(), v1::DELIVERY_STATE_DEAD);
  EXPECT_EQ(harm.Show(poison).reason(), "LINK_LOST");
  EXPECT_THAT(harm.rig_.service().Alarms(), Contains("notice.dead:land-qd"));
  EXPECT_TRUE(harm.Show(later).waits_for_earlier());
  harm.ServeUntilDelivered(others);
  for (const v1::AcceptedNotice& other : others) {
    EXPECT_EQ(harm.Show(other).state(), v1::DELIVERY_STATE_DELIVERED);
  }
}

// Lets the recipient's system refuse the notice until it is given up.
void Poison(Harm& harm, const v1::AcceptedNotice& poison) {
  harm.ServeUntil(
      [&](const v1::DeliveredNotice& notice) {
        if (notice.notice_id() != poison.notice_id()) return true;
        harm.Return(notice, "SYSTEM_REFUSED");
        return false;
      },
      [&] { return harm.Show(poison).state() == v1::DELIVERY_STATE_DEAD; });
  ASSERT_EQ(harm.Show(poison).state(), v1::DELIVERY_STATE_DEAD);
}

TEST(HarmTest, ADeadOneHoldsThoseOfItsPersonUntilItIsReplayed) {
  Harm harm;
  const v1::AcceptedNotice poison = harm.Publish(kPersons[0]);
  const v1::AcceptedNotice later = harm.Publish(kPersons[0]);
  const v1::AcceptedNotice other = harm.Publish(kPersons[1]);
  Poison(harm, poison);
  EXPECT_THAT(harm.arrived_, ElementsAre(other.notice_id()));
  const auto told =
      harm.rig_.Call<v1::ReplayDeliveryResponse>("ReplayDelivery", harm.Replay(poison));
  ASSERT_FALSE(told.refusal.has_value()) << told.refusal->message;
  harm.ServeUntilDelivered({poison, later});
  EXPECT_THAT(harm.arrived_, ElementsAre(other.notice_id(), poison.notice_id(), later.notice_id()));
  EXPECT_THAT(harm.rig_.service().Alarms(), Not(Contains("notice.dead:land-qd")));
}

TEST(HarmTest, ADeadOneHoldsThoseOfItsPersonUntilItIsUndone) {
  Harm harm;
  const v1::AcceptedNotice poison = harm.Publish(kPersons[0]);
  const v1::AcceptedNotice later = harm.Publish(kPersons[0]);
  Poison(harm, poison);
  const auto told =
      harm.rig_.Call<v1::ReverseNoticeResponse>("ReverseNotice", harm.Reversal(poison));
  ASSERT_FALSE(told.refusal.has_value()) << told.refusal->message;
  // It was sent, so it may be there after all: who may have it hears that it is undone.
  const v1::AcceptedNotice& reversal = told.response.reversal().notice();
  ASSERT_EQ(reversal.deliveries_size(), 1);
  EXPECT_EQ(harm.Show(poison).state(), v1::DELIVERY_STATE_WITHDRAWN);
  harm.ServeUntilDelivered({later, reversal});
  EXPECT_THAT(harm.arrived_, ElementsAre(later.notice_id(), reversal.notice_id()));
  EXPECT_EQ(
      harm.rig_.Call<v1::ReplayDeliveryResponse>("ReplayDelivery", harm.Replay(poison)).reason(),
      v1::ERROR_REASON_NOTICE_FOLLOWED);
}

TEST(HarmTest, WhereAKindSkipsLaterOnesGoOnAndSayThatOneIsMissing) {
  Harm harm(SkippingNames());
  const v1::AcceptedNotice poison = harm.Publish(kPersons[0]);
  const v1::AcceptedNotice later = harm.Publish(kPersons[0]);
  const v1::AcceptedNotice other = harm.Publish(kPersons[1]);
  Poison(harm, poison);
  EXPECT_THAT(harm.arrived_, ElementsAre(other.notice_id()));
  bool said = false;
  harm.ServeUntil(
      [&](const v1::DeliveredNotice& notice) {
        EXPECT_EQ(notice.notice_id(), later.notice_id());
        said = notice.earlier_missing();
        return true;
      },
      [&] { return harm.Show(later).state() == v1::DELIVERY_STATE_DELIVERED; });
  EXPECT_TRUE(said);
}

TEST(HarmTest, AClockThatIsSetBackMakesNothingWaitAndKeepsTheOrder) {
  Harm harm;
  const v1::AcceptedNotice tried = harm.Publish(kPersons[0]);
  const v1::AcceptedNotice waits = harm.Publish(kPersons[0]);
  harm.rig_.Settle();
  harm.Return(harm.rig_.links->Take(), "LINK_LOST");  // put off for a while
  harm.rig_.links->Lose("land-qd");
  const v1::AcceptedNotice fresh = harm.Publish(kPersons[1]);
  harm.rig_.clock.Set(-absl::Hours(24 * 3));
  const v1::AcceptedNotice after = harm.Publish(kPersons[0]);
  harm.rig_.links->Reach("land-qd");
  harm.rig_.Settle();
  harm.ServeUntilDelivered({tried, waits, fresh, after});
  EXPECT_THAT(harm.arrived_, UnorderedElementsAreArray({tried.notice_id(), waits.notice_id(),
                                                        fresh.notice_id(), after.notice_id()}));
  const auto place = [&](const v1::AcceptedNotice& notice) {
    return std::find(harm.arrived_.begin(), harm.arrived_.end(), notice.notice_id()) -
           harm.arrived_.begin();
  };
  EXPECT_LT(place(tried), place(waits));
  EXPECT_LT(place(waits), place(after));
  EXPECT_LT(harm.rig_.clock.Now(), absl::FromUnixSeconds(1768435200))
      << "the clock did not get there again first";
  EXPECT_OK(log::CheckWholeLog(harm.rig_.stack().store()));
}

TEST(HarmTest, AClockThatWasSetBackWhileNoGatewayRanMakesNothingWait) {
  Harm harm;
  const v1::AcceptedNotice notice = harm.Publish(kPersons[0]);
  harm.rig_.clock.Set(-absl::Hours(24 * 3));
  harm.rig_.Restart();
  harm.rig_.links->Reach("land-qd");
  harm.ServeUntilDelivered({notice});
  EXPECT_THAT(harm.arrived_, ElementsAre(notice.notice_id()));
  EXPECT_LT(harm.rig_.clock.Now(), absl::FromUnixSeconds(1768435200));
}

TEST(HarmTest, AClockThatIsSetForwardBuriesNothingBeforeSomebodyHeardOfIt) {
  Harm harm;
  harm.rig_.links->Lose("land-qd");
  const v1::AcceptedNotice notice = harm.Publish(kPersons[0]);
  harm.rig_.clock.Advance(2 * ClockGuard::kExpiryHold);
  harm.rig_.Settle();
  EXPECT_THAT(harm.rig_.service().Alarms(), IsEmpty());
  harm.rig_.clock.Set(absl::Hours(24 * 40));
  harm.rig_.Settle();
  EXPECT_EQ(harm.Show(notice).state(), v1::DELIVERY_STATE_SCHEDULED);
  EXPECT_THAT(harm.rig_.service().Alarms(), Contains("clock.set_forward"));
  // Set right in time, nothing has happened; a recipient that comes back meanwhile gets it.
  harm.rig_.links->Reach("land-qd");
  harm.ServeUntilDelivered({notice});
  EXPECT_THAT(harm.arrived_, ElementsAre(notice.notice_id()));
  // Right or not, it is the date after that hour.
  harm.rig_.links->Lose("land-qd");
  const v1::AcceptedNotice old_one = harm.Publish(kPersons[0]);
  harm.rig_.clock.Set(absl::Hours(24 * 40));
  harm.rig_.Settle();
  harm.rig_.clock.Advance(ClockGuard::kExpiryHold);
  harm.rig_.Settle();
  EXPECT_EQ(harm.Show(old_one).state(), v1::DELIVERY_STATE_DEAD);
  EXPECT_EQ(harm.Show(old_one).reason(), "EXPIRED");
}

TEST(HarmTest, AReversalFollowsANoticeWhoseReceiptIsNotKnown) {
  Harm harm;
  const v1::AcceptedNotice notice = harm.Publish(kPersons[0]);
  harm.rig_.Settle();
  const v1::DeliveredNotice taken = harm.rig_.links->Take();
  const std::string bytes = harm.rig_.links->last_bytes;
  // The gateway ends before the receipt reaches it: the recipient has the notice all the same.
  harm.rig_.Restart();
  const auto told =
      harm.rig_.Call<v1::ReverseNoticeResponse>("ReverseNotice", harm.Reversal(notice));
  ASSERT_FALSE(told.refusal.has_value()) << told.refusal->message;
  const v1::AcceptedNotice& reversal = told.response.reversal().notice();
  ASSERT_EQ(reversal.deliveries_size(), 1) << "who may have it must hear that it is undone";
  harm.rig_.links->Reach("land-qd");
  v1::DeliveryReceipt receipt;
  receipt.set_delivery_id(taken.delivery_id());
  receipt.set_state(v1::DELIVERY_STATE_DELIVERED);
  harm.rig_.SayOf("land-qd", receipt, bytes);
  harm.rig_.links->WaitForIndex(receipt.delivery_id());
  harm.ServeUntilDelivered({notice, reversal});
  // The new process may have sent the notice once more before its receipt came.
  EXPECT_THAT(harm.arrived_, AnyOf(ElementsAre(reversal.notice_id()),
                                   ElementsAre(notice.notice_id(), reversal.notice_id())));
}

TEST(HarmTest, AConnectorOfTheOperatorsHandsOverAndItsCompanyAcknowledges) {
  Harm harm;
  TestRig& rig = harm.rig_;
  v1::PublishNoticeRequest request = rig.DeathNotice();
  request.add_consents("power");
  request.mutable_routing()->set_new_area("10017");
  v1::CustomerAccount& account = *request.mutable_routing()->add_customer_accounts();
  account.set_provider("taipower");
  account.set_account("P-1");
  const auto told = rig.Publish(request);
  ASSERT_FALSE(told.refusal.has_value()) << told.refusal->message;
  ASSERT_EQ(told.response.notice().deliveries_size(), 1);
  rig.links->Reach("taipower");
  rig.Settle();
  const v1::DeliveredNotice notice = rig.links->Take();
  EXPECT_THAT(notice.customer_accounts(), ElementsAre("P-1"));
  rig.SayDelivered("taipower", notice.delivery_id());
  const uint64_t handed_over = rig.links->WaitForIndex(notice.delivery_id());
  EXPECT_EQ(rig.Entry(handed_over).Get("outcome"), "HANDED_OVER");
  EXPECT_EQ(harm.Show(told.response.notice()).state(), v1::DELIVERY_STATE_HANDED_OVER);
  // By a call of its own, days later: the connector is not the company.
  rig.clock.Advance(absl::Hours(48));
  v1::AcknowledgeNoticeRequest acted;
  acted.mutable_acknowledgement()->set_delivery_id(notice.delivery_id());
  acted.mutable_acknowledgement()->set_state(v1::DELIVERY_STATE_ACKNOWLEDGED);
  acted.mutable_acknowledgement()->set_recipient_case_number("P-115-7");
  const auto acknowledged = rig.Call<v1::AcknowledgeNoticeResponse>("AcknowledgeNotice", acted,
                                                                    TestRig::Adapter("taipower"));
  ASSERT_FALSE(acknowledged.refusal.has_value()) << acknowledged.refusal->message;
  const v1::DeliveryStatus shown = harm.Show(told.response.notice());
  ASSERT_EQ(shown.steps_size(), 3);
  EXPECT_EQ(shown.steps(1).state(), v1::DELIVERY_STATE_HANDED_OVER);
  EXPECT_EQ(shown.steps(2).state(), v1::DELIVERY_STATE_ACKNOWLEDGED);
  EXPECT_EQ(shown.recipient_case_number(), "P-115-7");
}

}  // namespace
}  // namespace chayan::notice
