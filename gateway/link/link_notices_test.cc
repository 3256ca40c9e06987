// Goal: notices go down the link that offers their subscription and never more than it takes; a
// receipt counts only under its adapter's signature; what is lost with a link is handed back.
// Method: links over streams that the test drives, and a sink that keeps what it is told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "chayan/v1/notice_service.pb.h"
#include "gateway/link/link_fakes.h"
#include "gateway/link/notice_sink.h"

namespace chayan::link {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

struct KeptSink final : NoticeSink {
  void OnReceipts(const policy::Caller&, uint64_t link, std::vector<SignedReceipt> some) override {
    last_link = link;
    for (SignedReceipt& receipt : some) receipts.push_back(std::move(receipt));
  }
  void OnReturned(const policy::Caller&, std::vector<ReturnedNotice> some) override {
    for (ReturnedNotice& notice : some) returned.push_back(std::move(notice));
  }
  void OnReachable() override { ++reachable; }

  uint64_t last_link = 0;
  std::vector<SignedReceipt> receipts;
  std::vector<ReturnedNotice> returned;
  int reachable = 0;
};

class LinkNoticesTest : public ::testing::Test {
 protected:
  LinkNoticesTest() {
    world_.links->SetNoticeSink(&sink_);
    world_.Apply(absl::StrCat(
        TestRegistry(),
        "notice_kinds { code: 'person.death' title { zh_tw: 't' en: 't' } legal_bases: 'act-68'\n"
        "  dead_letter_policy: DEAD_LETTER_POLICY_HOLD exception_owner: 'land-b'\n"
        "  retention_class: RETENTION_CLASS_FIVE_YEARS }\n"
        "subscriptions { id: 'deaths' recipient: 'land-a' notice_kind: 'person.death'\n"
        "  subject_parts: NOTICE_PART_NAME way: DELIVERY_WAY_LINK }\n"));
  }
  std::unique_ptr<FakeAdapter> Open(uint32_t in_flight_max = 0) {
    auto adapter = std::make_unique<FakeAdapter>(*world_.links, "land-a", TestKey(1));
    v1::Hello hello = TestHello(*world_.snapshot, adapter->key(), {});
    hello.add_subscriptions("deaths");
    hello.set_notices_in_flight_max(in_flight_max);
    adapter->Hello(hello);
    adapter->stream().TakeWritten();
    return adapter;
  }
  OutgoingNotice Notice(const std::string& text) {
    return {.delivery = Uuid::Version7(world_.clock.Now(), world_.random),
            .notice = std::make_shared<const std::string>(text)};
  }
  // A frame with a receipt for each notice.
  static v1::FromAdapter Receipts(const std::vector<OutgoingNotice>& notices,
                                  const crypto::Ed25519Key& signer) {
    v1::FromAdapter message;
    v1::NoticeReceiptFrame& frame = *message.mutable_notice_receipts();
    std::vector<crypto::Digest> leaves;
    for (const OutgoingNotice& notice : notices) {
      v1::DeliveryReceipt receipt;
      receipt.set_delivery_id(notice.delivery.ToText());
      receipt.set_state(v1::DELIVERY_STATE_DELIVERED);
      v1::NoticeReceipt& item = *frame.add_receipts();
      item.set_receipt(receipt.SerializeAsString());
      item.set_notice_digest(crypto::Sha256(*notice.notice).ToString());
      leaves.push_back(tlog::DeliveryDigest(notice.delivery, crypto::Sha256(*notice.notice),
                                            crypto::Sha256(item.receipt())));
    }
    frame.set_signature(tlog::Frame(leaves).Sign(signer)->ToString());
    frame.set_key_id(crypto::KeyId(signer.public_key()).ToString());
    return message;
  }

  LinkWorld world_;
  KeptSink sink_;
};

TEST_F(LinkNoticesTest, CarriesNoticesDownAndSignedReceiptsUp) {
  auto adapter = Open();
  EXPECT_EQ(sink_.reachable, 1);
  EXPECT_EQ(world_.links->PlaceForNotices("land-b", "deaths").room, 0u);
  const NoticePlace place = world_.links->PlaceForNotices("land-a", "deaths");
  EXPECT_EQ(place.room, kNoticesInFlightMax);
  const std::vector<OutgoingNotice> notices = {Notice("first"), Notice("second")};
  ASSERT_TRUE(world_.links->SendNotices(place.link, notices));
  EXPECT_EQ(world_.links->PlaceForNotices("land-a", "deaths").room, kNoticesInFlightMax - 2);
  adapter->stream().Pump();
  const std::vector<v1::ToAdapter> written = adapter->stream().TakeWritten();
  ASSERT_THAT(written, SizeIs(1));
  EXPECT_THAT(written[0].notices().notices(), ElementsAre("first", "second"));

  adapter->stream().Deliver(Receipts(notices, adapter->key()));
  ASSERT_THAT(sink_.receipts, SizeIs(2));
  EXPECT_EQ(sink_.last_link, place.link);
  EXPECT_EQ(sink_.receipts[1].notice_digest, crypto::Sha256("second"));
  EXPECT_OK(tlog::VerifyHolderSignature(
      adapter->key().public_key(),
      tlog::DeliveryDigest(notices[1].delivery, crypto::Sha256("second"),
                           crypto::Sha256(sink_.receipts[1].receipt)),
      sink_.receipts[1].signature));
  EXPECT_EQ(world_.links->PlaceForNotices("land-a", "deaths").room, kNoticesInFlightMax);

  world_.links->ReceiptRecorded(place.link, {.delivery = notices[0].delivery, .index = 77});
  world_.links->ReceiptRecorded(
      place.link, {.delivery = notices[1].delivery, .index = 78, .refusal = "DELIVERY_STATE"});
  adapter->stream().Pump();
  const std::vector<v1::ToAdapter> recorded = adapter->stream().TakeWritten();
  ASSERT_THAT(recorded, SizeIs(1));
  EXPECT_EQ(recorded[0].recorded().receipts(0).exchange_id(), notices[0].delivery.raw());
  EXPECT_EQ(recorded[0].recorded().receipts(0).entry_index(), 77u);
  EXPECT_EQ(recorded[0].recorded().receipts(0).refusal(), "");
  EXPECT_EQ(recorded[0].recorded().receipts(1).refusal(), "DELIVERY_STATE");
}

TEST_F(LinkNoticesTest, SaysThatAPeriodHadNoneToWhoOffersTheSubscription) {
  EXPECT_FALSE(world_.links->TellNone("land-a", "deaths", "none"));
  auto adapter = Open();
  EXPECT_FALSE(world_.links->TellNone("land-b", "deaths", "none"));
  EXPECT_TRUE(world_.links->TellNone("land-a", "deaths", "none"));
  adapter->stream().Pump();
  const std::vector<v1::ToAdapter> written = adapter->stream().TakeWritten();
  ASSERT_THAT(written, SizeIs(1));
  EXPECT_THAT(written[0].none_today().none_today(), ElementsAre("none"));
}

TEST_F(LinkNoticesTest, SendsNoMoreThanTheAdapterTakes) {
  auto adapter = Open(/*in_flight_max=*/1);
  const NoticePlace place = world_.links->PlaceForNotices("land-a", "deaths");
  EXPECT_EQ(place.room, 1u);
  EXPECT_FALSE(world_.links->SendNotices(place.link, {Notice("a"), Notice("b")}));
  EXPECT_TRUE(world_.links->SendNotices(place.link, {Notice("a")}));
  EXPECT_EQ(world_.links->PlaceForNotices("land-a", "deaths").room, 0u);
}

TEST_F(LinkNoticesTest, AReceiptUnderAForeignSignatureEndsTheLinkAndCountsForNothing) {
  auto adapter = Open();
  const std::vector<OutgoingNotice> notices = {Notice("first")};
  const NoticePlace place = world_.links->PlaceForNotices("land-a", "deaths");
  ASSERT_TRUE(world_.links->SendNotices(place.link, notices));
  adapter->stream().Pump();
  v1::FromAdapter forged = Receipts(notices, TestKey(9));
  forged.mutable_notice_receipts()->set_key_id(
      crypto::KeyId(adapter->key().public_key()).ToString());
  adapter->stream().Deliver(forged);
  EXPECT_THAT(sink_.receipts, SizeIs(0));
  EXPECT_EQ(adapter->stream().reason(), v1::ERROR_REASON_FRAME_SIGNATURE_INVALID);
  ASSERT_THAT(sink_.returned, SizeIs(1));
  EXPECT_EQ(sink_.returned[0].reason, "LINK_LOST");
}

TEST_F(LinkNoticesTest, HandsBackWhatTheAdapterDoesNotTake) {
  auto adapter = Open();
  const std::vector<OutgoingNotice> notices = {Notice("first"), Notice("second")};
  const NoticePlace place = world_.links->PlaceForNotices("land-a", "deaths");
  ASSERT_TRUE(world_.links->SendNotices(place.link, notices));
  adapter->stream().Pump();
  v1::FromAdapter message;
  v1::NoticeNotTaken& down = *message.mutable_notices_not_taken()->add_notices();
  down.set_delivery_id(std::string(notices[0].delivery.raw()));
  down.set_reason(v1::NOT_TAKEN_REASON_SYSTEM_DOWN);
  adapter->stream().Deliver(message);
  ASSERT_THAT(sink_.returned, SizeIs(1));
  EXPECT_EQ(sink_.returned[0].delivery, notices[0].delivery);
  EXPECT_EQ(sink_.returned[0].reason, "SYSTEM_DOWN");
  EXPECT_TRUE(sink_.returned[0].recipient_down);
  adapter->stream().End();
  ASSERT_THAT(sink_.returned, SizeIs(2));
  EXPECT_EQ(sink_.returned[1].delivery, notices[1].delivery);
}

TEST_F(LinkNoticesTest, ALinkOfAGatewayWithoutNoticesTakesNoReceipts) {
  world_.links->SetNoticeSink(nullptr);
  auto adapter = Open();
  adapter->stream().Deliver(Receipts({Notice("never sent")}, adapter->key()));
  EXPECT_EQ(adapter->stream().reason(), v1::ERROR_REASON_MESSAGE_MALFORMED);
}

}  // namespace
}  // namespace chayan::link
