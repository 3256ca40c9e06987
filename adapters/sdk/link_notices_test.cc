// Goal: an adapter takes each notice once, says so with a signed receipt that its own log and inbox
// hold before, and loses none when links or the process end at the worst moment. Method: the small
// gateway of testing_gateway.h; a process that ends is a client that is made anew on its files.
#include "adapters/sdk/link_notices.h"

#include <deque>
#include <set>

#include "adapters/sdk/inbox.h"
#include "adapters/sdk/testing_gateway.h"
#include "gateway/base/check.h"
#include "gateway/crypto/digest.h"
#include "gateway/tlog/frame.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace chayan::sdk {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Keeps the notices for the test.
class Recipient final : public Adapter {
 public:
  void Answer(Question, Responder) override { ADD_FAILURE() << "nobody asked"; }
  void OnNotice(Notice notice, NoticeResponder responder) override {
    absl::MutexLock lock(&mu_);
    kept_.emplace_back(std::move(notice), std::move(responder));
    ++count_;
  }
  std::pair<Notice, NoticeResponder> Take() {
    absl::MutexLock lock(&mu_);
    const auto some = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return !kept_.empty(); };
    CHAYAN_CHECK(mu_.AwaitWithTimeout(absl::Condition(&some), kPatience));
    auto kept = std::move(kept_.front());
    kept_.pop_front();
    return kept;
  }
  int count() const {
    absl::MutexLock lock(&mu_);
    return count_;
  }
  void OnNoneToday(const v1::NoneToday& none) override {
    absl::MutexLock lock(&mu_);
    none_today_.push_back(none.subscription());
  }
  std::vector<std::string> none_today() const {
    absl::MutexLock lock(&mu_);
    return none_today_;
  }

 private:
  mutable absl::Mutex mu_;
  std::deque<std::pair<Notice, NoticeResponder>> kept_ ABSL_GUARDED_BY(mu_);
  int count_ ABSL_GUARDED_BY(mu_) = 0;
  std::vector<std::string> none_today_ ABSL_GUARDED_BY(mu_);
};

class NoAdapter final : public Adapter {
 public:
  void Answer(Question, Responder) override {}
};

class LinkNoticesTest : public LinkFixture {
 protected:
  void SetUp() override {
    LinkFixture::SetUp();
    options_.kinds.clear();
    options_.subscriptions = {"land-ad-death"};
    options_.notices_in_flight_max = 9;
    options_.inbox_file = options_.answer_log + ".inbox";
  }
  // A process of the agency: with the same files, the one after it.
  void Start(Adapter& adapter) {
    auto client = LinkClient::Create(options_, adapter, system_clock_, random_);
    ASSERT_OK(client.status());
    client_ = *std::move(client);
  }
  std::shared_ptr<FakeLink> Open(size_t index = 0) {
    Start(recipient_);
    return Accept(index);
  }
  static v1::DeliveredNotice Death(const Uuid& id, const std::string& name = "王小明") {
    v1::DeliveredNotice notice;
    notice.set_delivery_id(id.ToText());
    notice.set_notice_kind("person.death");
    notice.add_subjects()->set_name(name);
    return notice;
  }
  // The next message's receipts, after their signature was checked against the notices sent.
  std::vector<v1::DeliveryReceipt> Receipts(FakeLink& link) {
    const v1::FromAdapter message = link.Next();
    EXPECT_TRUE(message.has_notice_receipts()) << message.ShortDebugString();
    const auto key = crypto::Ed25519Key::FromPemFile(options_.answer_key_file);
    std::vector<crypto::Digest> digests;
    std::vector<v1::DeliveryReceipt> receipts;
    const std::string log = *ReadFile(options_.answer_log);
    for (const v1::NoticeReceipt& item : message.notice_receipts().receipts()) {
      v1::DeliveryReceipt& receipt = receipts.emplace_back();
      EXPECT_TRUE(receipt.ParseFromString(item.receipt()));
      const Uuid id = *Uuid::FromText(receipt.delivery_id());
      digests.push_back(tlog::DeliveryDigest(id, *crypto::Digest::FromRaw(item.notice_digest()),
                                             crypto::Sha256(item.receipt())));
      EXPECT_THAT(log, HasSubstr(absl::StrCat("\"delivery\":\"", id.ToText(), "\",\"notice\":")));
    }
    EXPECT_EQ(message.notice_receipts().key_id(), crypto::KeyId(key->public_key()).raw());
    EXPECT_TRUE(
        tlog::Frame(digests).Verify(key->public_key(), message.notice_receipts().signature()));
    return receipts;
  }
  void ExpectReceipt(FakeLink& link, const Uuid& id, v1::DeliveryState state) {
    const auto receipts = Receipts(link);
    ASSERT_EQ(receipts.size(), 1u);
    EXPECT_EQ(receipts[0].delivery_id(), id.ToText());
    EXPECT_EQ(receipts[0].state(), state) << receipts[0].ShortDebugString();
  }
  // A notice that was taken, and whose receipt is in the log.
  Uuid TakeOne(FakeLink& link) {
    const Uuid id = NewId();
    link.Send(Death(id));
    EXPECT_OK(recipient_.Take().second.Received());
    ExpectReceipt(link, id, v1::DELIVERY_STATE_DELIVERED);
    link.TellReceiptRecorded(id, 7);
    EXPECT_TRUE(Eventually([&] { return client_->Status().receipts_recorded == 1; }));
    return id;
  }
  static v1::DeliveryReceipt Acted(const Uuid& id) {
    v1::DeliveryReceipt acted;
    acted.set_delivery_id(id.ToText());
    acted.set_state(v1::DELIVERY_STATE_ACKNOWLEDGED);
    acted.set_recipient_case_number("115-7");
    return acted;
  }
  void ExpectNotTaken(FakeLink& link, const Uuid& id, v1::NotTakenReason reason) {
    const v1::FromAdapter message = link.Next();
    ASSERT_EQ(message.notices_not_taken().notices_size(), 1) << message.ShortDebugString();
    EXPECT_EQ(message.notices_not_taken().notices(0).delivery_id(), id.raw());
    EXPECT_EQ(message.notices_not_taken().notices(0).reason(), reason);
  }

  Recipient recipient_;
  std::unique_ptr<LinkClient> client_;  // last: it uses the others
};

TEST_F(LinkNoticesTest, SaysInItsHelloWhatItTakes) {
  Start(recipient_);
  const v1::FromAdapter message = gateway_.WaitForLink(0)->Next();
  EXPECT_TRUE(message.hello().kinds().empty());
  EXPECT_THAT(message.hello().subscriptions(), ElementsAre("land-ad-death"));
  EXPECT_EQ(message.hello().notices_in_flight_max(), 9u);
}

TEST_F(LinkNoticesTest, GivesAReceiptWhenTheAgencyHasIt) {
  auto link = Open();
  const Uuid id = NewId();
  link->Send(Death(id));
  auto [notice, responder] = recipient_.Take();
  EXPECT_EQ(notice.delivery_id(), id);
  EXPECT_EQ(notice.message().subjects(0).name(), "王小明");
  EXPECT_OK(responder.Received());
  EXPECT_THAT(responder.Received(), StatusIs(absl::StatusCode::kFailedPrecondition, testing::_));
  ExpectReceipt(*link, id, v1::DELIVERY_STATE_DELIVERED);
  link->TellReceiptRecorded(id, 41);
  EXPECT_TRUE(Eventually([&] { return client_->Status().receipts_recorded == 1; }));
  EXPECT_THAT(*ReadFile(options_.answer_log),
              HasSubstr(absl::StrCat("\"delivery\":\"", id.ToText(), "\",\"entry\":41}")));
}

TEST_F(LinkNoticesTest, SettlesAfterTheReceiptIsRecorded) {
  auto link = Open();
  const Uuid id = NewId();
  link->Send(Death(id));
  EXPECT_OK(recipient_.Take().second.Acknowledge("115-0042"));
  ExpectReceipt(*link, id, v1::DELIVERY_STATE_DELIVERED);
  link->TellReceiptRecorded(id, 41);
  const auto settled = Receipts(*link);
  ASSERT_EQ(settled.size(), 1u);
  EXPECT_EQ(settled[0].state(), v1::DELIVERY_STATE_ACKNOWLEDGED);
  EXPECT_EQ(settled[0].recipient_case_number(), "115-0042");
}

TEST_F(LinkNoticesTest, RefusesARejectionThatSaysNothing) {
  auto link = Open();
  const Uuid id = NewId();
  link->Send(Death(id));
  auto [notice, responder] = recipient_.Take();
  EXPECT_THAT(responder.Reject(v1::REJECTION_REASON_UNSPECIFIED, ""),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("rejection_reason")));
  EXPECT_THAT(responder.Reject(v1::REJECTION_REASON_OTHER, ""),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("rejection_text")));
  EXPECT_THAT(responder.Acknowledge(std::string(65, '1')),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("more than 64")));
  EXPECT_OK(responder.Reject(v1::REJECTION_REASON_NO_SUCH_PERSON, ""));
  ExpectReceipt(*link, id, v1::DELIVERY_STATE_DELIVERED);
}

TEST_F(LinkNoticesTest, ARepeatIsDroppedAndGetsTheSameReceipt) {
  auto link = Open();
  const Uuid id = NewId();
  link->Send(Death(id));
  EXPECT_OK(recipient_.Take().second.Received());
  ExpectReceipt(*link, id, v1::DELIVERY_STATE_DELIVERED);
  link->Send(Death(id));
  ExpectReceipt(*link, id, v1::DELIVERY_STATE_DELIVERED);
  EXPECT_EQ(recipient_.count(), 1);
  EXPECT_EQ(client_->Status().notices_repeated, 1u);
}

TEST_F(LinkNoticesTest, ARepeatWhileTheFirstIsHandledIsHandledOnce) {
  auto first = Open();
  const Uuid id = NewId();
  first->Send(Death(id));
  auto [notice, responder] = recipient_.Take();
  first->Finish();
  auto second = Accept(1);
  second->Send(Death(id));
  EXPECT_TRUE(Eventually([&] { return client_->Status().notices_repeated == 1; }));
  // The reply goes where the gateway asked last.
  EXPECT_OK(responder.Received());
  ExpectReceipt(*second, id, v1::DELIVERY_STATE_DELIVERED);
  EXPECT_EQ(recipient_.count(), 1);
}

TEST_F(LinkNoticesTest, TheSameIdWithOtherBytesIsNotTaken) {
  auto link = Open();
  const Uuid id = NewId();
  link->Send(Death(id));
  EXPECT_OK(recipient_.Take().second.Received());
  ExpectReceipt(*link, id, v1::DELIVERY_STATE_DELIVERED);
  link->Send(Death(id, "王大明"));
  ExpectNotTaken(*link, id, v1::NOT_TAKEN_REASON_MALFORMED);
}

TEST_F(LinkNoticesTest, ARepeatMayBeMarkedThatAnEarlierNoticeIsMissing) {
  auto link = Open();
  const Uuid id = NewId();
  link->Send(Death(id));
  EXPECT_OK(recipient_.Take().second.Received());
  ExpectReceipt(*link, id, v1::DELIVERY_STATE_DELIVERED);
  v1::DeliveredNotice marked = Death(id);
  marked.set_earlier_missing(true);
  link->Send(marked);
  ExpectReceipt(*link, id, v1::DELIVERY_STATE_DELIVERED);
  EXPECT_EQ(recipient_.count(), 1);
}

TEST_F(LinkNoticesTest, AfterARecordedRejectionTheSameNoticeIsHandledAgain) {
  auto link = Open();
  const Uuid id = NewId();
  link->Send(Death(id));
  EXPECT_OK(recipient_.Take().second.Reject(v1::REJECTION_REASON_DATA_DOUBT, ""));
  ExpectReceipt(*link, id, v1::DELIVERY_STATE_DELIVERED);
  link->TellReceiptRecorded(id, 41);
  ExpectReceipt(*link, id, v1::DELIVERY_STATE_REJECTED);
  link->TellReceiptRecorded(id, 42);
  EXPECT_TRUE(Eventually([&] { return client_->Status().receipts_recorded == 2; }));
  link->Send(Death(id));
  EXPECT_OK(recipient_.Take().second.Received());
  ExpectReceipt(*link, id, v1::DELIVERY_STATE_DELIVERED);
}

TEST_F(LinkNoticesTest, SaysWhatItCouldNotHandOnAndTakesItWhenItComesAgain) {
  auto link = Open();
  const Uuid id = NewId();
  link->Send(Death(id));
  EXPECT_OK(recipient_.Take().second.NotTaken(v1::NOT_TAKEN_REASON_SYSTEM_DOWN));
  ExpectNotTaken(*link, id, v1::NOT_TAKEN_REASON_SYSTEM_DOWN);
  link->Send(Death(id));
  EXPECT_OK(recipient_.Take().second.Received());
  ExpectReceipt(*link, id, v1::DELIVERY_STATE_DELIVERED);
}

TEST_F(LinkNoticesTest, ADroppedResponderIsANoticeNotTaken) {
  auto link = Open();
  const Uuid id = NewId();
  link->Send(Death(id));
  static_cast<void>(recipient_.Take());
  ExpectNotTaken(*link, id, v1::NOT_TAKEN_REASON_UNSPECIFIED);
}

// The process ends after the inbox holds the receipt and before the gateway has it.
TEST_F(LinkNoticesTest, AReceiptThatWasNotRecordedIsSentAfterARestart) {
  auto first = Open();
  const Uuid id = NewId();
  first->Send(Death(id));
  EXPECT_OK(recipient_.Take().second.Acknowledge("115-0042"));
  ExpectReceipt(*first, id, v1::DELIVERY_STATE_DELIVERED);
  first->Finish();
  client_.reset();
  auto second = Open(1);
  ExpectReceipt(*second, id, v1::DELIVERY_STATE_DELIVERED);
  second->TellReceiptRecorded(id, 41);
  ExpectReceipt(*second, id, v1::DELIVERY_STATE_ACKNOWLEDGED);
  EXPECT_EQ(recipient_.count(), 1);
}

// The process ends between the agency's system and the inbox: the same id comes again.
TEST_F(LinkNoticesTest, ANoticeWhoseProcessEndedBeforeTheReplyIsHandledAgain) {
  auto first = Open();
  const Uuid id = NewId();
  first->Send(Death(id));
  {
    auto [notice, responder] = recipient_.Take();
    first->Finish();
    client_.reset();
    EXPECT_THAT(responder.Received(), StatusIs(absl::StatusCode::kUnavailable, testing::_));
  }
  auto second = Open(1);
  second->Send(Death(id));
  EXPECT_OK(recipient_.Take().second.Received());
  ExpectReceipt(*second, id, v1::DELIVERY_STATE_DELIVERED);
}

TEST_F(LinkNoticesTest, SaysNothingThatItsOwnLogCannotHold) {
  options_.answer_log = "/dev/full";
  auto link = Open();
  link->Send(Death(NewId()));
  EXPECT_OK(recipient_.Take().second.Received());
  EXPECT_TRUE(link->WaitForEnd());
  link->Finish();
  EXPECT_EQ(client_->Status().receipts_sent, 0u);
}

TEST_F(LinkNoticesTest, ADrainWaitsForANoticeInHand) {
  auto link = Open();
  const Uuid id = NewId();
  link->Send(Death(id));
  auto [notice, responder] = recipient_.Take();
  std::thread drainer([this] { client_->Drain(kPatience); });
  EXPECT_TRUE(link->Next().has_draining());
  EXPECT_FALSE(link->ended());
  EXPECT_OK(responder.Received());
  ExpectReceipt(*link, id, v1::DELIVERY_STATE_DELIVERED);
  EXPECT_TRUE(link->WaitForEnd());
  link->FinishWell();
  drainer.join();
}

TEST_F(LinkNoticesTest, AnAdapterThatKnowsNoNoticesRejectsThemInWords) {
  NoAdapter none;
  Start(none);
  auto link = Accept(0);
  const Uuid id = NewId();
  link->Send(Death(id));
  ExpectReceipt(*link, id, v1::DELIVERY_STATE_DELIVERED);
  link->TellReceiptRecorded(id, 41);
  const auto settled = Receipts(*link);
  ASSERT_EQ(settled.size(), 1u);
  EXPECT_EQ(settled[0].state(), v1::DELIVERY_STATE_REJECTED);
  EXPECT_EQ(settled[0].rejection_reason(), v1::REJECTION_REASON_OTHER);
  EXPECT_THAT(settled[0].rejection_text(), HasSubstr("handles no notices"));
  client_.reset();
}

TEST_F(LinkNoticesTest, NamesTheInboxItCannotUse) {
  options_.inbox_file = "/nowhere/inbox";
  EXPECT_THAT(LinkClient::Create(options_, recipient_, clock_, random_).status().ToString(),
              HasSubstr("/nowhere/inbox"));
}

TEST_F(LinkNoticesTest, AnOfficeThatActsDaysLaterIsHeardOverWhateverLinkThereIs) {
  auto link = Open();
  const Uuid id = TakeOne(*link);
  EXPECT_THAT(*client_->Settle(Acted(id)), testing::Eq(std::nullopt));
  ExpectReceipt(*link, id, v1::DELIVERY_STATE_ACKNOWLEDGED);
  // The link is lost before its entry is known; the next one says it again.
  link->Finish();
  auto next = Accept(1);
  ExpectReceipt(*next, id, v1::DELIVERY_STATE_ACKNOWLEDGED);
  next->TellReceiptRecorded(id, 8);
  ASSERT_TRUE(Eventually([&] { return client_->Status().receipts_recorded == 2; }));
  EXPECT_EQ(**client_->Settle(Acted(id)), 8u) << "the same again is no fault, and is not sent";
  EXPECT_TRUE(absl::IsNotFound(client_->Settle(Acted(NewId())).status()));
  v1::DeliveryReceipt delivered = Acted(id);
  delivered.set_state(v1::DELIVERY_STATE_DELIVERED);
  EXPECT_TRUE(absl::IsInvalidArgument(client_->Settle(delivered).status()));
}

TEST_F(LinkNoticesTest, AnOfficeWhoseWordCountsForNothingHearsIt) {
  auto link = Open();
  const Uuid id = TakeOne(*link);
  EXPECT_OK(client_->Settle(Acted(id)).status());
  ExpectReceipt(*link, id, v1::DELIVERY_STATE_ACKNOWLEDGED);
  link->TellReceiptRecorded(id, 8, "DELIVERY_STATE");
  ASSERT_TRUE(Eventually([&] { return client_->Status().receipts_refused == 1; }));
  EXPECT_THAT(client_->Settle(Acted(id)).status(), StatusIs(absl::StatusCode::kFailedPrecondition,
                                                            HasSubstr("DELIVERY_STATE, entry 8")));
}

// A gateway that heard it and never came back: the other's link was up all the time.
TEST_F(LinkNoticesTest, WhatALostLinkCarriedAnotherLinkSays) {
  FakeGateway other(*pki_, "gateway");
  options_.gateways.push_back(other.address());
  auto lost = Open();
  auto link = other.WaitForLink(0);
  EXPECT_TRUE(link->Next().has_hello());
  link->Welcome(/*heartbeat_ms=*/5000);
  ASSERT_TRUE(Eventually([&] { return client_->Status().gateways[1].connected; }));
  const Uuid id = NewId();
  lost->Send(Death(id));
  EXPECT_OK(recipient_.Take().second.Received());
  ExpectReceipt(*lost, id, v1::DELIVERY_STATE_DELIVERED);
  lost->Finish();
  ExpectReceipt(*link, id, v1::DELIVERY_STATE_DELIVERED);
  client_.reset();
}

// More than are in memory at once, and than one message carries.
TEST_F(LinkNoticesTest, ALongBacklogIsSaidWholeAndOnce) {
  constexpr size_t kCount = 3000;
  std::set<std::string> unsaid;
  {
    std::vector<TakenNotice> taken(kCount);
    for (TakenNotice& one : taken) {
      one.delivery_id = NewId();
      v1::DeliveryReceipt receipt;
      receipt.set_delivery_id(one.delivery_id.ToText());
      receipt.set_state(v1::DELIVERY_STATE_DELIVERED);
      one.receipt = receipt.SerializeAsString();
      unsaid.insert(one.receipt);
    }
    auto inbox = Inbox::Open(options_.inbox_file);
    ASSERT_OK(inbox.status());
    ASSERT_OK((*inbox)->Keep(taken, system_clock_.Now()));
  }
  auto link = Open();
  for (size_t said = 0; said < kCount;) {
    const v1::FromAdapter message = link->Next();
    ASSERT_TRUE(message.has_notice_receipts());
    for (const v1::NoticeReceipt& item : message.notice_receipts().receipts()) {
      EXPECT_EQ(unsaid.erase(item.receipt()), 1u);
      ++said;
    }
  }
  EXPECT_THAT(unsaid, testing::IsEmpty());
  TakeOne(*link);
  EXPECT_EQ(client_->Status().receipts_sent, kCount + 1);
}

// Each failed attempt to dial the one would make the other's link say its whole backlog again.
TEST_F(LinkNoticesTest, AGatewayThatWelcomesNobodyMakesTheOthersRepeatNothing) {
  FakeGateway other(*pki_, "gateway");
  options_.gateways.push_back(other.address());
  auto link = Open();
  const Uuid id = NewId();
  link->Send(Death(id));
  EXPECT_OK(recipient_.Take().second.Received());
  ExpectReceipt(*link, id, v1::DELIVERY_STATE_DELIVERED);
  // An attempt is over before the next one begins.
  constexpr size_t kAttempts = 5;
  for (size_t i = 0; i < kAttempts; ++i) other.WaitForLink(i)->Finish();
  const Uuid next = NewId();
  link->Send(Death(next));
  EXPECT_OK(recipient_.Take().second.Received());
  ExpectReceipt(*link, next, v1::DELIVERY_STATE_DELIVERED);
  EXPECT_EQ(client_->Status().receipts_sent, 2u);
  client_.reset();
}

TEST_F(LinkNoticesTest, ARepeatIsToldWhatTheOfficeDidSince) {
  auto link = Open();
  const Uuid id = TakeOne(*link);
  EXPECT_OK(client_->Settle(Acted(id)).status());
  ExpectReceipt(*link, id, v1::DELIVERY_STATE_ACKNOWLEDGED);
  link->Send(Death(id));
  ExpectReceipt(*link, id, v1::DELIVERY_STATE_ACKNOWLEDGED);
}

TEST_F(LinkNoticesTest, HearsThatAPeriodHadNone) {
  auto link = Open();
  v1::NoneToday none;
  none.set_subscription("land-ad-death");
  none.set_entry_index(7);
  v1::ToAdapter message;
  message.mutable_none_today()->add_none_today(none.SerializeAsString());
  link->Write(message);
  ASSERT_TRUE(Eventually([&] { return !recipient_.none_today().empty(); }));
  EXPECT_THAT(recipient_.none_today(), ElementsAre("land-ad-death"));
}

}  // namespace
}  // namespace chayan::sdk
