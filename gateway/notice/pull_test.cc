// Goal: a recipient that pulls gets what it has credit for, settles only what it was sent, and
// loses nothing when its stream breaks; an office acknowledges, and a publisher replays and hears
// of all of it. Method: as notice_service_test; the test holds the other end of the streams.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "gateway/base/encoding.h"
#include "gateway/base/status_matchers.h"
#include "gateway/notice/fake_stream.h"
#include "gateway/notice/test_rig.h"
#include "gateway/tlog/commitment.h"

namespace chayan::notice {
namespace {

using ::testing::ElementsAre;
using ::testing::IsSupersetOf;

class PullTest : public ::testing::Test {
 protected:
  // A guardianship that hro-banqiao pulls.
  v1::AcceptedNotice Publish(const std::string& number) {
    const auto told = rig_.Call<v1::PublishNoticeResponse>(
        "PublishNotice", rig_.GuardianshipNotice(number), TestRig::Court());
    EXPECT_FALSE(told.refusal.has_value()) << told.refusal->message;
    EXPECT_EQ(told.response.notice().deliveries_size(), 1);
    return told.response.notice();
  }
  std::unique_ptr<FakeStream> Open(uint32_t credit, const std::string& token = "") {
    auto pull = std::make_unique<FakeStream>(rig_, "ReceiveNotices", kBanqiao);
    v1::ReceiveNoticesRequest opening;
    opening.mutable_opening()->set_credit(credit);
    opening.mutable_opening()->set_resume_token(token);
    pull->Send(opening);
    token_ = pull->Take<v1::ReceiveNoticesResponse>(rig_).resume_token();
    return pull;
  }
  v1::DeliveredNotice Notice(FakeStream& pull) {
    v1::DeliveredNotice notice;
    EXPECT_TRUE(notice.ParseFromString(pull.Take<v1::ReceiveNoticesResponse>(rig_).notice()));
    return notice;
  }
  static void Receipt(FakeStream& pull, const std::string& delivery_id) {
    v1::ReceiveNoticesRequest receipts;
    receipts.mutable_receipts()->add_delivery_ids(delivery_id);
    pull.Send(receipts);
  }
  Told<v1::AcknowledgeNoticeResponse> Acknowledge(const std::string& delivery_id,
                                                  const policy::Caller& caller) {
    v1::AcknowledgeNoticeRequest request;
    request.mutable_acknowledgement()->set_delivery_id(delivery_id);
    request.mutable_acknowledgement()->set_state(v1::DELIVERY_STATE_ACKNOWLEDGED);
    return rig_.Call<v1::AcknowledgeNoticeResponse>("AcknowledgeNotice", request, caller);
  }

  const policy::Caller kBanqiao = TestRig::Household("hro-banqiao");
  TestRig rig_;
  std::string token_;
};

TEST_F(PullTest, GivesWhatThereIsCreditForAndRecordsItsReceipt) {
  Publish("A123456789");
  const v1::AcceptedNotice second = Publish("F131104093");
  auto pull = Open(/*credit=*/1);
  const v1::DeliveredNotice first = Notice(*pull);
  Receipt(*pull, first.delivery_id());
  const auto recorded = pull->Take<v1::ReceiveNoticesResponse>(rig_).recorded();
  EXPECT_THAT(recorded.delivery_ids(), ElementsAre(first.delivery_id()));
  const log::ParsedLeaf leaf = rig_.Entry(recorded.entry_indexes(0));
  EXPECT_EQ(leaf.type, "delivery");
  EXPECT_EQ(leaf.Get("method"), "ReceiveNotices");
  EXPECT_EQ(leaf.Get("member"), "hro-banqiao");
  EXPECT_EQ(pull->waiting(), 0u) << "the credit is used up";
  v1::ReceiveNoticesRequest credit;
  credit.set_credit(1);
  pull->Send(credit);
  EXPECT_EQ(Notice(*pull).notice_id(), second.notice_id());
  pull->End();
}

TEST_F(PullTest, AReceiptComesWithItsProof) {
  Publish("A123456789");
  auto pull = Open(1);
  v1::DeliveredNotice notice;
  const std::string bytes = pull->Take<v1::ReceiveNoticesResponse>(rig_).notice();
  ASSERT_TRUE(notice.ParseFromString(bytes));
  Receipt(*pull, notice.delivery_id());
  const auto recorded = pull->Take<v1::ReceiveNoticesResponse>(rig_).recorded();
  ASSERT_EQ(recorded.receipts_size(), 1);
  const v1::Receipt& receipt = recorded.receipts(0);
  const log::ParsedLeaf leaf = *log::ParseLeaf(receipt.leaf());
  EXPECT_EQ(leaf.id, rig_.Entry(recorded.entry_indexes(0)).id);
  EXPECT_FALSE(receipt.tlog_proof().empty());
  v1::DeliveryReceipt said;
  said.set_delivery_id(notice.delivery_id());
  said.set_state(v1::DELIVERY_STATE_DELIVERED);
  const auto holds = [&](tlog::Committed what, const char* key, const std::string& opening,
                         const std::string& of) {
    return tlog::VerifyCommitment(what, opening, of, *Base64Decode(leaf.Get(key)));
  };
  EXPECT_OK(holds(tlog::Committed::kRequest, "c_req", receipt.request_opening(), bytes));
  EXPECT_OK(holds(tlog::Committed::kResponse, "c_res", receipt.response_opening(),
                  said.SerializeAsString()));
  pull->End();
}

TEST_F(PullTest, AReceiptForWhatWasNeverSentEndsTheStream) {
  auto pull = Open(1);
  Receipt(*pull, rig_.NewRequestId());
  EXPECT_EQ(pull->reason(), v1::ERROR_REASON_RECEIPT_UNEXPECTED);
  pull->End();
}

TEST_F(PullTest, AStreamThatIsResumedGoesOnWithWhatItHad) {
  const v1::AcceptedNotice accepted = Publish("A123456789");
  auto pull = Open(1);
  const v1::DeliveredNotice notice = Notice(*pull);
  pull->End();
  auto next = Open(1, token_);
  Receipt(*next, notice.delivery_id());
  EXPECT_EQ(next->Take<v1::ReceiveNoticesResponse>(rig_).recorded().delivery_ids(0),
            notice.delivery_id());
  next->End();
}

TEST_F(PullTest, AStreamWithoutATokenGetsItAgain) {
  Publish("A123456789");
  auto pull = Open(1);
  const v1::DeliveredNotice notice = Notice(*pull);
  pull->End();
  auto next = Open(1);
  rig_.Settle();  // it is put off by a second or less
  rig_.clock.Advance(absl::Seconds(2));
  EXPECT_EQ(Notice(*next).delivery_id(), notice.delivery_id());
  next->End();
}

TEST_F(PullTest, OnlyTheRecipientsOfficeAcknowledgesAndOnlyWhatItGot) {
  const std::string id = Publish("A123456789").deliveries(0).delivery_id();
  EXPECT_EQ(Acknowledge(id, kBanqiao).reason(), v1::ERROR_REASON_DELIVERY_STATE);
  auto pull = Open(1);
  EXPECT_EQ(Notice(*pull).delivery_id(), id);
  Receipt(*pull, id);
  pull->Take<v1::ReceiveNoticesResponse>(rig_);
  EXPECT_EQ(Acknowledge(id, TestRig::Household()).reason(), v1::ERROR_REASON_DELIVERY_NOT_FOUND);
  const auto told = Acknowledge(id, kBanqiao);
  ASSERT_FALSE(told.refusal.has_value()) << told.refusal->message;
  EXPECT_EQ(told.response.delivery().state(), v1::DELIVERY_STATE_ACKNOWLEDGED);
  const uint64_t size = rig_.size();
  const auto again = Acknowledge(id, kBanqiao);
  EXPECT_EQ(again.response.delivery().SerializeAsString(),
            told.response.delivery().SerializeAsString());
  EXPECT_EQ(again.response.receipt().leaf(), told.response.receipt().leaf());
  EXPECT_EQ(rig_.size(), size);
  pull->End();
}

TEST_F(PullTest, WhatNobodyFetchesIsWarnedOfThenDiesAndCanBeReplayed) {
  const v1::AcceptedNotice notice = Publish("A123456789");
  FakeStream watch(rig_, "WatchNotices", TestRig::Court());
  watch.Send(v1::WatchNoticesRequest());
  const auto pass = [this](int days) {
    for (int i = 0; i < days; ++i) {
      rig_.clock.Advance(absl::Hours(24));
      rig_.Settle();
    }
  };
  pass(8);  // Thursday, and five workdays
  for (const v1::NoticeEventKind kind :
       {v1::NOTICE_EVENT_KIND_DUE_SOON, v1::NOTICE_EVENT_KIND_OVERDUE,
        v1::NOTICE_EVENT_KIND_NOT_FETCHED}) {
    EXPECT_EQ(watch.Take<v1::WatchNoticesResponse>(rig_).kind(), kind);
  }
  EXPECT_THAT(rig_.service().Alarms(),
              IsSupersetOf({"notice.overdue:hro-banqiao", "notice.not_fetched:hro-banqiao"}));
  pass(27);
  const auto dead = watch.Take<v1::WatchNoticesResponse>(rig_);
  EXPECT_EQ(dead.kind(), v1::NOTICE_EVENT_KIND_STEP);
  EXPECT_EQ(dead.delivery().state(), v1::DELIVERY_STATE_DEAD);
  EXPECT_EQ(dead.delivery().reason(), "EXPIRED");

  v1::ReplayDeliveryRequest replay;
  replay.set_delivery_id(notice.deliveries(0).delivery_id());
  replay.set_reason("the office moved house");
  EXPECT_EQ(rig_.Call<v1::ReplayDeliveryResponse>("ReplayDelivery", replay, kBanqiao).reason(),
            v1::ERROR_REASON_DELIVERY_NOT_FOUND);
  const auto told =
      rig_.Call<v1::ReplayDeliveryResponse>("ReplayDelivery", replay, TestRig::Court());
  ASSERT_FALSE(told.refusal.has_value()) << told.refusal->message;
  EXPECT_EQ(told.response.delivery().state(), v1::DELIVERY_STATE_SCHEDULED);
  auto pull = Open(1);
  EXPECT_EQ(Notice(*pull).delivery_id(), replay.delivery_id());
  pull->End();
  watch.End();
}

TEST_F(PullTest, WhatWasAcknowledgedIsShreddedAfterItsTime) {
  const std::string id = Publish("A123456789").deliveries(0).delivery_id();
  auto pull = Open(1);
  Receipt(*pull, Notice(*pull).delivery_id());
  pull->Take<v1::ReceiveNoticesResponse>(rig_);
  ASSERT_FALSE(Acknowledge(id, kBanqiao).refusal.has_value());
  const int64_t seq = rig_.notices().FindDelivery(*Uuid::FromText(id))->seq;
  rig_.clock.Advance(absl::Hours(24));
  rig_.Settle();
  EXPECT_TRUE(rig_.notices().ReadPayload(seq).ok()) << "it may still be looked up";
  rig_.clock.Advance(absl::Hours(24 * 14));
  rig_.Settle();
  EXPECT_TRUE(absl::IsNotFound(rig_.notices().ReadPayload(seq).status()));
  v1::FetchNoticeDetailRequest fetch;
  fetch.set_delivery_id(id);
  fetch.mutable_purpose()->mutable_person()->set_id("clerk-1");
  fetch.mutable_purpose()->set_case_number("115-7");
  EXPECT_EQ(rig_.Call<v1::FetchNoticeDetailResponse>("FetchNoticeDetail", fetch, kBanqiao).reason(),
            v1::ERROR_REASON_PAYLOAD_GONE);
  pull->End();
}

}  // namespace
}  // namespace chayan::notice
