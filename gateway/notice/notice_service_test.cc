// Goal: what was accepted arrives, in order for each subject, once; both sides can prove it; and
// nobody settles what is not his. Method: the room on a real log, store and vault; the test is
// publisher, adapter and link, and moves the clock.
#include "gateway/notice/notice_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "gateway/base/encoding.h"
#include "gateway/base/status_matchers.h"
#include "gateway/notice/test_rig.h"
#include "gateway/tlog/commitment.h"

namespace chayan::notice {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class NoticeServiceTest : public ::testing::Test {
 protected:
  // Publishes; its only delivery is for land-qd.
  v1::AcceptedNotice PublishName(const std::string& number = "A123456789") {
    const auto told = rig_.Publish(rig_.NameNotice(number));
    EXPECT_FALSE(told.refusal.has_value()) << told.refusal->message;
    EXPECT_EQ(told.response.notice().deliveries_size(), 1);
    return told.response.notice();
  }
  v1::DeliveryState StateOf(const v1::AcceptedNotice& notice) {
    return rig_.Show(notice.notice_id()).deliveries(0).state();
  }
  // land-qd's adapter takes the next notice and gives its receipt.
  v1::DeliveredNotice Deliver() {
    rig_.service().Tick();
    v1::DeliveredNotice notice = rig_.links->Take();
    rig_.SayDelivered("land-qd", notice.delivery_id());
    rig_.links->WaitForIndex(notice.delivery_id());
    return notice;
  }
  // Lets all rounds run to their end, and takes what went down.
  void RunRound() {
    rig_.Settle();
    while (rig_.links->waiting() > 0) early_.push_back(rig_.links->Take().delivery_id());
  }

  TestRig rig_;
  std::vector<std::string> early_;  // what RunRound took
};

absl::Status Opens(const log::ParsedLeaf& leaf, tlog::Committed what, const char* key,
                   const std::string& opening, const std::string& bytes) {
  return tlog::VerifyCommitment(what, opening, bytes, *Base64Decode(leaf.Get(key)));
}

TEST_F(NoticeServiceTest, APublishedNoticeIsDeliveredAndAcknowledgedAndEachStepHasItsEntry) {
  const v1::PublishNoticeRequest request = rig_.NameNotice();
  const auto told = rig_.Publish(request);
  ASSERT_FALSE(told.refusal.has_value());
  v1::PublishNoticeResponseView view;
  ASSERT_TRUE(view.ParseFromString(told.bytes));
  const log::ParsedLeaf leaf = *log::ParseLeaf(view.receipt().leaf());
  EXPECT_EQ(leaf.type, "notice");
  EXPECT_EQ(leaf.Get("kind"), "person.name");
  EXPECT_EQ(leaf.Get("grant"), "shanhua-person-name");
  EXPECT_EQ(leaf.Get("outcome"), "ACCEPTED");
  EXPECT_OK(Opens(leaf, tlog::Committed::kRequest, "c_req", view.receipt().request_opening(),
                  request.SerializeAsString()));
  EXPECT_OK(Opens(leaf, tlog::Committed::kResponse, "c_res", view.receipt().response_opening(),
                  view.notice()));
  const v1::ExpectedDelivery& expected = told.response.notice().deliveries(0);
  EXPECT_EQ(expected.recipient(), "land-qd");
  EXPECT_EQ(expected.subscription(), "land-qd-name");

  rig_.links->Reach("land-qd");
  const v1::DeliveredNotice delivered = Deliver();
  EXPECT_EQ(delivered.delivery_id(), expected.delivery_id());
  EXPECT_EQ(delivered.subjects(0).identifier().value(), "A123456789");
  EXPECT_EQ(delivered.payload_size(), 2) << "former and new name alone";
  EXPECT_EQ(rig_.Entry(delivered.entry_index()).id, leaf.id);

  v1::DeliveryReceipt acted;
  acted.set_delivery_id(delivered.delivery_id());
  acted.set_state(v1::DELIVERY_STATE_ACKNOWLEDGED);
  acted.set_recipient_case_number("QD-115-9");
  rig_.Say("land-qd", acted);
  rig_.links->WaitForIndex(delivered.delivery_id());

  const v1::NoticeStatus status = rig_.Show(told.response.notice().notice_id());
  const v1::DeliveryStatus& delivery = status.deliveries(0);
  EXPECT_EQ(delivery.recipient_case_number(), "QD-115-9");
  ASSERT_EQ(delivery.steps_size(), 3);
  const char* const types[] = {"notice", "delivery", "acknowledgement"};
  const char* const outcomes[] = {"ACCEPTED", "DELIVERED", "ACKNOWLEDGED"};
  for (int i = 0; i < 3; ++i) {
    const log::ParsedLeaf step = rig_.Entry(delivery.steps(i).entry_index());
    EXPECT_EQ(step.type, types[i]);
    EXPECT_EQ(step.Get("outcome"), outcomes[i]);
    if (i > 0) {
      EXPECT_EQ(step.Get("ref"), absl::StrCat(status.entry_index()));
      EXPECT_EQ(step.Get("member"), "land-qd");
      EXPECT_FALSE(step.Get("hsig").empty());
    }
  }
}

TEST_F(NoticeServiceTest, TheSameRequestGetsTheSameAnswerForEver) {
  const v1::PublishNoticeRequest request = rig_.NameNotice();
  const auto first = rig_.Publish(request);
  const uint64_t size = rig_.size();
  const auto again = rig_.Publish(request);
  EXPECT_EQ(again.response.notice().SerializeAsString(),
            first.response.notice().SerializeAsString());
  EXPECT_EQ(rig_.size(), size) << "nothing happened again";
  rig_.clock.Advance(absl::Hours(24 * 40));
  rig_.Restart();
  const auto later = rig_.Publish(request);
  EXPECT_EQ(later.response.receipt().leaf(), first.response.receipt().leaf());
  EXPECT_EQ(later.response.receipt().request_opening(), first.response.receipt().request_opening());
  EXPECT_EQ(later.response.receipt().response_opening(),
            first.response.receipt().response_opening());
  v1::PublishNoticeRequest other = request;
  other.mutable_subjects(0)->set_name("王中明");
  EXPECT_EQ(rig_.Publish(other).reason(), v1::ERROR_REASON_REQUEST_ID_REUSED);
}

TEST_F(NoticeServiceTest, NamesEveryFaultOfANotice) {
  v1::PublishNoticeRequest request = rig_.NameNotice("A123456788");
  request.mutable_payload(2)->set_text("whim");
  request.mutable_effective_date()->set_month(13);
  request.add_consents("everybody");
  request.mutable_routing()->set_old_area("Tainan");
  request.mutable_purpose()->set_purpose_code("household.move");
  *request.add_payload() = request.payload(0);
  const auto told = rig_.Publish(request);
  EXPECT_EQ(told.reason(), v1::ERROR_REASON_FIELD_INVALID);
  std::vector<std::string> fields;
  for (const auto& violation : told.refusal->violations) fields.push_back(violation.field);
  EXPECT_THAT(fields,
              ElementsAre("purpose.purpose_code", "subjects[0].identifier.value", "payload[2].text",
                          "payload[4].code", "effective_date", "consents[0]", "routing.old_area"));
  EXPECT_EQ(rig_.Entry(rig_.size() - 1).type, "failed");
}

TEST_F(NoticeServiceTest, WhoHasNoRightPublishesNothing) {
  v1::PublishNoticeRequest request = rig_.NameNotice();
  request.set_acting_for("hro-banqiao");
  const auto told = rig_.Call<v1::PublishNoticeResponse>("PublishNotice", request,
                                                         TestRig::Household("hro-banqiao"));
  EXPECT_EQ(told.reason(), v1::ERROR_REASON_NO_GRANT);
  const log::ParsedLeaf leaf = rig_.Entry(rig_.size() - 1);
  EXPECT_EQ(leaf.type, "denied");
  EXPECT_FALSE(leaf.Get("c_req").empty());
}

TEST_F(NoticeServiceTest, ANoticeThatNobodyIsToGetWaitsForItsOwner) {
  v1::PublishNoticeRequest request = rig_.NameNotice();
  request.mutable_routing()->set_new_area("10017");
  const auto told = rig_.Publish(request);
  EXPECT_EQ(told.response.notice().deliveries_size(), 0);
  EXPECT_EQ(told.response.notice().exception_owner(), "hro-shanhua");
  EXPECT_EQ(rig_.Entry(rig_.size() - 1).Get("outcome"), "EXCEPTION");
}

TEST_F(NoticeServiceTest, NoticesAboutOnePersonLeaveOneAfterTheOther) {
  rig_.links->Reach("land-qd");
  const v1::AcceptedNotice first = PublishName();
  const v1::AcceptedNotice second = PublishName();
  RunRound();
  EXPECT_THAT(early_, ElementsAre(first.deliveries(0).delivery_id()));
  EXPECT_TRUE(rig_.Show(second.notice_id()).deliveries(0).waits_for_earlier());
  // A receipt over other bytes than those that went down.
  v1::DeliveryReceipt receipt;
  receipt.set_delivery_id(first.deliveries(0).delivery_id());
  receipt.set_state(v1::DELIVERY_STATE_DELIVERED);
  rig_.SayOf("land-qd", receipt, "other bytes");
  const uint64_t refused = rig_.links->WaitForIndex(receipt.delivery_id());
  EXPECT_EQ(rig_.Entry(refused).type, "failed");
  EXPECT_EQ(rig_.Entry(refused).Get("reason"), "RECEIPT_UNEXPECTED");
  EXPECT_EQ(StateOf(first), v1::DELIVERY_STATE_SCHEDULED);
}

TEST_F(NoticeServiceTest, NobodySettlesWhatIsAnothers) {
  rig_.links->Reach("land-qd");
  const v1::AcceptedNotice notice = PublishName();
  rig_.service().Tick();
  rig_.links->Take();
  rig_.SayDelivered("land-ad", notice.deliveries(0).delivery_id());
  const link::RecordedReceipt refused =
      rig_.links->WaitForReceipt(notice.deliveries(0).delivery_id());
  EXPECT_EQ(refused.refusal, "DELIVERY_NOT_FOUND");
  EXPECT_EQ(rig_.Entry(refused.index).Get("reason"), "DELIVERY_NOT_FOUND");
  EXPECT_EQ(StateOf(notice), v1::DELIVERY_STATE_SCHEDULED);
}

TEST_F(NoticeServiceTest, WhoSaysTheSameAgainHearsOfTheSameEntry) {
  rig_.links->Reach("land-qd");
  PublishName();
  rig_.service().Tick();
  const v1::DeliveredNotice notice = rig_.links->Take();
  rig_.SayDelivered("land-qd", notice.delivery_id());
  const uint64_t index = rig_.links->WaitForIndex(notice.delivery_id());
  const uint64_t size = rig_.size();
  rig_.SayDelivered("land-qd", notice.delivery_id());
  EXPECT_EQ(rig_.links->WaitForIndex(notice.delivery_id()), index);
  EXPECT_EQ(rig_.size(), size);
  // Rejected, it is another word: with its reason, owner and day.
  v1::DeliveryReceipt rejected;
  rejected.set_delivery_id(notice.delivery_id());
  rejected.set_state(v1::DELIVERY_STATE_REJECTED);
  rejected.set_rejection_reason(v1::REJECTION_REASON_NO_SUCH_PERSON);
  rejected.set_rejection_text("查無此人");
  rig_.Say("land-qd", rejected);
  rig_.links->WaitForIndex(notice.delivery_id());
  const v1::DeliveryStatus status = rig_.Show(notice.notice_id()).deliveries(0);
  EXPECT_EQ(status.state(), v1::DELIVERY_STATE_REJECTED);
  EXPECT_EQ(status.rejection_reason(), v1::REJECTION_REASON_NO_SUCH_PERSON);
  EXPECT_EQ(status.rejection_text(), "查無此人");
  EXPECT_EQ(status.follow_up_owner(), "hro-shanhua");
  EXPECT_TRUE(status.has_follow_up_by_time());
  // It rejects no other way afterwards, and its adapter hears that this word counts for nothing.
  rejected.set_rejection_reason(v1::REJECTION_REASON_NOT_OURS);
  rig_.Say("land-qd", rejected);
  EXPECT_EQ(rig_.links->WaitForReceipt(notice.delivery_id()).refusal, "DELIVERY_STATE");
}

TEST_F(NoticeServiceTest, WhatWasUnderWayInACrashLeavesAgainUnderTheSameId) {
  rig_.links->Reach("land-qd");
  const v1::AcceptedNotice notice = PublishName();
  rig_.service().Tick();
  EXPECT_EQ(rig_.links->Take().delivery_id(), notice.deliveries(0).delivery_id());
  rig_.Restart();
  rig_.links->Reach("land-qd");
  rig_.clock.Advance(absl::Minutes(2));
  EXPECT_EQ(Deliver().delivery_id(), notice.deliveries(0).delivery_id());
  EXPECT_EQ(StateOf(notice), v1::DELIVERY_STATE_DELIVERED);
}

TEST_F(NoticeServiceTest, ALostLinkCostsABackoffAndNoNotice) {
  rig_.links->Reach("land-qd");
  const v1::AcceptedNotice notice = PublishName();
  rig_.service().Tick();
  const v1::DeliveredNotice taken = rig_.links->Take();
  rig_.service().OnReturned(
      TestRig::Adapter("land-qd"),
      {{.delivery = *Uuid::FromText(taken.delivery_id()), .reason = "LINK_LOST"}});
  // Its turn comes again by itself.
  for (int i = 0; i < 100 && rig_.links->waiting() == 0; ++i) {
    rig_.clock.Advance(absl::Seconds(5));
    RunRound();
    if (!early_.empty()) break;
  }
  const v1::DeliveryStatus status = rig_.Show(notice.notice_id()).deliveries(0);
  EXPECT_EQ(status.attempts(), 1u);
  EXPECT_EQ(status.reason(), "LINK_LOST");
}

// However many were under way: the next link is tried within seconds, and then gets them all.
TEST_F(NoticeServiceTest, ALostLinkIsOneFailureOfItsRecipient) {
  rig_.links->Reach("land-qd");
  constexpr size_t kNotices = 40;
  for (size_t i = 0; i < kNotices; ++i) PublishName(NationalId(i));
  rig_.service().Tick();
  std::vector<link::ReturnedNotice> lost;
  while (lost.size() < kNotices) {
    const v1::DeliveredNotice taken = rig_.links->Take();
    lost.push_back({.delivery = *Uuid::FromText(taken.delivery_id()), .reason = "LINK_LOST"});
  }
  rig_.service().OnReturned(TestRig::Adapter("land-qd"), std::move(lost));
  rig_.Settle();
  std::set<std::string> came;
  for (int second = 0; second < 5; ++second) {
    rig_.clock.Advance(absl::Seconds(1));
    rig_.Settle();
    while (rig_.links->waiting() > 0) {
      const v1::DeliveredNotice taken = rig_.links->Take();
      came.insert(taken.delivery_id());
      rig_.SayDelivered("land-qd", taken.delivery_id());
      rig_.Settle();
    }
  }
  EXPECT_EQ(came.size(), kNotices);
}

TEST_F(NoticeServiceTest, APoisonNoticeDiesAndHoldsThoseOfItsPersonAlone) {
  rig_.links->Reach("land-qd");
  const v1::AcceptedNotice poison = PublishName("A123456789");
  const v1::AcceptedNotice later = PublishName("A123456789");
  const v1::AcceptedNotice other = PublishName("F131104093");
  bool other_came = false;
  while (StateOf(poison) == v1::DELIVERY_STATE_SCHEDULED) {
    rig_.service().Tick();
    while (rig_.links->waiting() > 0) {
      const v1::DeliveredNotice notice = rig_.links->Take();
      if (notice.notice_id() == poison.notice_id()) {
        rig_.service().OnReturned(
            TestRig::Adapter("land-qd"),
            {{.delivery = *Uuid::FromText(notice.delivery_id()), .reason = "SYSTEM_REFUSED"}});
      } else {
        EXPECT_EQ(notice.notice_id(), other.notice_id());
        other_came = true;
        rig_.SayDelivered("land-qd", notice.delivery_id());
      }
    }
    rig_.clock.Advance(absl::Seconds(30));
  }
  EXPECT_TRUE(other_came);
  const v1::DeliveryStatus dead = rig_.Show(poison.notice_id()).deliveries(0);
  EXPECT_EQ(dead.state(), v1::DELIVERY_STATE_DEAD);
  EXPECT_EQ(dead.reason(), "SYSTEM_REFUSED");
  const log::ParsedLeaf leaf = rig_.Entry(dead.steps(1).entry_index());
  EXPECT_EQ(leaf.type, "delivery");
  EXPECT_EQ(leaf.Get("by"), "gateway");
  EXPECT_EQ(StateOf(later), v1::DELIVERY_STATE_SCHEDULED);
  EXPECT_TRUE(rig_.Show(later.notice_id()).deliveries(0).waits_for_earlier());
}

TEST_F(NoticeServiceTest, OfAPeriodTheLastNoticeIsDelivered) {
  v1::PublishNoticeRequest first = rig_.DeathNotice();
  first.add_consents("labor");
  first.mutable_routing()->set_new_area("10017");
  v1::PublishNoticeRequest second = first;
  second.set_request_id(rig_.NewRequestId());
  const auto old_one = rig_.Publish(first).response.notice();
  const auto new_one = rig_.Publish(second).response.notice();
  EXPECT_EQ(StateOf(old_one), v1::DELIVERY_STATE_SUPERSEDED);
  rig_.links->Reach("labor-insurance");
  rig_.clock.Advance(absl::Hours(24));  // past 17:30
  rig_.service().Tick();
  EXPECT_EQ(rig_.links->Take().notice_id(), new_one.notice_id());
}

// What a recipient was told of periods without notices: subscription and entry.
std::vector<v1::NoneToday> Silences(TestRig& rig) {
  std::vector<v1::NoneToday> told;
  for (const std::string& bytes : rig.links->TakeNone()) {
    EXPECT_TRUE(told.emplace_back().ParseFromString(bytes));
  }
  return told;
}

TEST_F(NoticeServiceTest, APeriodWithoutNoticesIsWrittenDownAndToldWhenItsRecipientIsThere) {
  rig_.Settle();
  v1::PublishNoticeRequest death = rig_.DeathNotice();
  death.add_consents("labor");
  death.mutable_routing()->set_new_area("10017");
  ASSERT_FALSE(rig_.Publish(death).refusal.has_value());
  for (int day = 0; day < 2; ++day) {
    rig_.clock.Advance(absl::Hours(24));  // past 17:30, of Thursday and of Friday
    rig_.Settle();
  }
  EXPECT_THAT(Silences(rig_), IsEmpty()) << "it is not there";
  rig_.links->Reach("labor-insurance");
  rig_.Settle();
  std::vector<std::string> told;
  for (const v1::NoneToday& none : Silences(rig_)) {
    const log::ParsedLeaf leaf = rig_.Entry(none.entry_index());
    EXPECT_EQ(leaf.type, "delivery");
    EXPECT_EQ(leaf.Get("outcome"), "NONE");
    EXPECT_EQ(leaf.Get("reason"), "NONE_TODAY");
    EXPECT_EQ(leaf.Get("holder"), "labor-insurance");
    told.push_back(absl::StrCat(none.subscription(), " ", none.period_end_time().seconds()));
  }
  // On Thursday there was a death and no birth, on Friday neither.
  const int64_t thursday = 1'768'469'400;
  const int64_t friday = thursday + 24 * 3600;
  EXPECT_THAT(told, UnorderedElementsAre(absl::StrCat("labor-birth ", thursday),
                                         absl::StrCat("labor-death ", friday),
                                         absl::StrCat("labor-birth ", friday)));
  rig_.Settle();
  EXPECT_THAT(Silences(rig_), IsEmpty()) << "once";
}

v1::ReverseNoticeRequest Reversal(TestRig& rig, const v1::AcceptedNotice& notice) {
  const v1::PublishNoticeRequest like = rig.NameNotice();
  v1::ReverseNoticeRequest request;
  request.set_request_id(rig.NewRequestId());
  request.set_notice_id(notice.notice_id());
  request.set_acting_for(like.acting_for());
  *request.mutable_purpose() = like.purpose();
  *request.mutable_effective_date() = like.effective_date();
  return request;
}

TEST_F(NoticeServiceTest, AReversalGoesToThoseWhoGotTheNoticeAndDropsTheRest) {
  const v1::AcceptedNotice unsent = PublishName("F131104093");
  const auto nothing =
      rig_.Call<v1::ReverseNoticeResponse>("ReverseNotice", Reversal(rig_, unsent));
  ASSERT_FALSE(nothing.refusal.has_value()) << nothing.refusal->message;
  EXPECT_EQ(nothing.response.reversal().notice().deliveries_size(), 0);
  EXPECT_EQ(StateOf(unsent), v1::DELIVERY_STATE_WITHDRAWN);

  rig_.links->Reach("land-qd");
  const v1::AcceptedNotice sent = PublishName();
  Deliver();
  const v1::ReverseNoticeRequest request = Reversal(rig_, sent);
  const auto told = rig_.Call<v1::ReverseNoticeResponse>("ReverseNotice", request);
  ASSERT_FALSE(told.refusal.has_value()) << told.refusal->message;
  const v1::DeliveredNotice reversal = Deliver();
  EXPECT_EQ(reversal.reverses_notice_id(), sent.notice_id());
  EXPECT_EQ(reversal.subjects(0).identifier().value(), "A123456789");
  EXPECT_EQ(reversal.payload_size(), 0);
  v1::ReverseNoticeRequest twice = request;
  twice.set_request_id(rig_.NewRequestId());
  EXPECT_EQ(rig_.Call<v1::ReverseNoticeResponse>("ReverseNotice", twice).reason(),
            v1::ERROR_REASON_NOTICE_FOLLOWED);
  EXPECT_EQ(rig_.Call<v1::ReverseNoticeResponse>("ReverseNotice", request)
                .response.reversal()
                .notice()
                .notice_id(),
            told.response.reversal().notice().notice_id());
}

TEST_F(NoticeServiceTest, AReplacementComesAfterTheNoticeItReplaces) {
  rig_.links->Reach("land-qd");
  const v1::AcceptedNotice wrong = PublishName();
  rig_.service().Tick();
  const v1::DeliveredNotice under_way = rig_.links->Take();
  const std::string bytes = rig_.links->last_bytes;
  v1::SupersedeNoticeRequest request;
  request.set_notice_id(wrong.notice_id());
  *request.mutable_replacement() = rig_.NameNotice("F131104093");  // it was about somebody else
  const auto told = rig_.Call<v1::SupersedeNoticeResponse>("SupersedeNotice", request);
  ASSERT_FALSE(told.refusal.has_value()) << told.refusal->message;
  RunRound();
  EXPECT_TRUE(early_.empty()) << "the one it replaces is still under way";
  v1::DeliveryReceipt receipt;
  receipt.set_delivery_id(under_way.delivery_id());
  receipt.set_state(v1::DELIVERY_STATE_DELIVERED);
  rig_.SayOf("land-qd", receipt, bytes);
  rig_.links->WaitForIndex(receipt.delivery_id());
  EXPECT_EQ(Deliver().supersedes_notice_id(), wrong.notice_id());
}

}  // namespace
}  // namespace chayan::notice
