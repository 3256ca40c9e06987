// Goal: what is published in bulk is accepted, delivered and acknowledged as anything else, under
// few entries, and each notice and each receipt still proves itself; what is no plain case gets its
// own word, in its place. Method: as notice_service_test; the test holds the other end of the
// streams.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_matchers.h"
#include "gateway/notice/fake_stream.h"
#include "gateway/notice/test_rig.h"
#include "gateway/tlog/bulk_frame.h"
#include "gateway/tlog/commitment.h"

namespace chayan::notice {
namespace {

using ::testing::AnyOf;
using Response = v1::PublishNoticesResponseView;

constexpr char kTax[] = "tax-tainan";

tlog::BulkPlace PlaceOf(const v1::FrameProof& proof) {
  tlog::BulkPlace place{.index = proof.index(), .count = proof.count()};
  for (const std::string& hash : proof.path()) place.path.push_back(*tlog::Hash::FromRaw(hash));
  return place;
}

class BulkTest : public ::testing::Test {
 protected:
  explicit BulkTest(const registry::Files& registry = registry::SampleFiles()) : rig_(registry) {
    Open();
  }
  ~BulkTest() override { Close(); }

  void Open() {
    streams_.push_back(std::make_unique<FakeStream>(rig_, "PublishNotices", rig_.Household()));
    stream_ = streams_.back().get();
  }
  void Close() {
    stream_->HalfClose();
    stream_->WaitUntilFinished();
    stream_->End();
  }
  // A door plate that is renumbered, for tax-tainan at once and post in the evening.
  v1::PublishNoticeRequest PlateNotice(int plate) {
    v1::PublishNoticeRequest request = rig_.NameNotice();
    request.set_notice_kind("address.renumbered");
    request.clear_subjects();
    request.add_subjects()->set_publisher_key(absl::StrCat("plate-", plate));
    request.clear_payload();
    for (const char* const code : {"former_address", "new_address"}) {
      v1::Claim& claim = *request.add_payload();
      claim.set_code(code);
      claim.set_text("臺南市善化區中山路1號");
    }
    request.mutable_routing()->set_new_area("67000");
    return request;
  }
  void Send(const v1::PublishNoticeRequest& request) {
    v1::PublishNoticesRequest message;
    *message.mutable_notice() = request;
    stream_->Send(message);
  }
  Response Take() { return stream_->Take<Response>(rig_); }
  Response Publish(const v1::PublishNoticeRequest& request) {
    Send(request);
    return Take();
  }
  static v1::AcceptedNotice Accepted(const Response& response) {
    v1::AcceptedNotice accepted;
    EXPECT_TRUE(response.notice().has_notice());
    EXPECT_TRUE(accepted.ParseFromString(response.notice().notice()));
    return accepted;
  }
  // That the entry covers this request and this answer; gives the entry's index.
  uint64_t Prove(const v1::PublishNoticeRequest& request, const Response& response) {
    const v1::AcceptedNotice accepted = Accepted(response);
    const log::ParsedLeaf leaf = *log::ParseLeaf(response.notice().receipt().leaf());
    EXPECT_EQ(leaf.type, "bulk");
    const auto committed =
        tlog::CommittedBytesFrom(tlog::BulkItem(*Uuid::FromText(accepted.notice_id()),
                                                crypto::Sha256(request.SerializeAsString()),
                                                crypto::Sha256(response.notice().notice())),
                                 PlaceOf(response.frame()));
    EXPECT_OK(committed);
    EXPECT_OK(tlog::VerifyCommitment(tlog::Committed::kResponse,
                                     response.notice().receipt().response_opening(), *committed,
                                     *Base64Decode(leaf.Get("c_res"))));
    const uint64_t entry = rig_.Show(accepted.notice_id()).entry_index();
    EXPECT_EQ(rig_.Entry(entry).id, leaf.id);
    return entry;
  }
  // tax-tainan's adapter takes so many notices.
  std::vector<std::string> Deliver(size_t count) {
    rig_.links->Reach(kTax);
    std::vector<std::string> bytes;
    while (bytes.size() < count) {
      rig_.service().Tick();
      rig_.links->Take();
      bytes.push_back(rig_.links->last_bytes);
    }
    return bytes;
  }
  static v1::DeliveredNotice Parse(const std::string& bytes) {
    v1::DeliveredNotice notice;
    EXPECT_TRUE(notice.ParseFromString(bytes));
    return notice;
  }
  static link::SignedReceipt ReceiptFor(const std::string& bytes, v1::DeliveryState state) {
    v1::DeliveryReceipt receipt;
    receipt.set_delivery_id(Parse(bytes).delivery_id());
    receipt.set_state(state);
    return {.receipt = receipt.SerializeAsString(),
            .notice_digest = crypto::Sha256(bytes),
            .signature = {}};
  }
  // All of it in one frame of the link; the entries in the same order.
  std::vector<uint64_t> Say(const std::vector<std::string>& notices, v1::DeliveryState state) {
    std::vector<link::SignedReceipt> receipts;
    for (const std::string& bytes : notices) receipts.push_back(ReceiptFor(bytes, state));
    rig_.service().OnReceipts(TestRig::Adapter(kTax), 1, std::move(receipts));
    std::vector<uint64_t> entries;
    for (const std::string& bytes : notices) {
      entries.push_back(rig_.links->WaitForIndex(Parse(bytes).delivery_id()));
    }
    return entries;
  }

  // Outlive the rig: a turn of the lane may end after its stream has.
  std::vector<std::unique_ptr<FakeStream>> streams_;
  TestRig rig_;
  FakeStream* stream_ = nullptr;
};

TEST_F(BulkTest, EachOfManyNoticesProvesItselfUnderFewEntries) {
  constexpr int kNotices = 100;
  std::vector<v1::PublishNoticeRequest> requests;
  for (int i = 0; i < kNotices; ++i) requests.push_back(PlateNotice(i));
  for (const auto& request : requests) Send(request);
  std::set<uint64_t> entries;
  for (const auto& request : requests) {
    const Response response = Take();
    EXPECT_EQ(response.notice().request_id(), request.request_id()) << "answers in their order";
    EXPECT_EQ(Accepted(response).deliveries_size(), 2);
    entries.insert(Prove(request, response));
  }
  EXPECT_LT(entries.size(), kNotices / 2);
  const log::ParsedLeaf leaf = rig_.Entry(*entries.begin());
  EXPECT_EQ(leaf.Get("method"), "PublishNotices");
  EXPECT_EQ(leaf.Get("kind"), "address.renumbered");
  EXPECT_EQ(leaf.Get("grant"), "shanhua-address-renumbered");
  EXPECT_EQ(leaf.Get("outcome"), "ACCEPTED");
}

TEST_F(BulkTest, ReceiptsAndAcknowledgementsOfOneFrameHaveOneEntryEach) {
  std::vector<std::string> notice_ids;
  for (int i = 0; i < 5; ++i) notice_ids.push_back(Accepted(Publish(PlateNotice(i))).notice_id());
  const std::vector<std::string> notices = Deliver(5);
  const std::vector<uint64_t> delivered = Say(notices, v1::DELIVERY_STATE_DELIVERED);
  EXPECT_EQ(std::set<uint64_t>(delivered.begin(), delivered.end()).size(), 1u);
  const std::vector<uint64_t> acted = Say(notices, v1::DELIVERY_STATE_ACKNOWLEDGED);
  EXPECT_EQ(std::set<uint64_t>(acted.begin(), acted.end()).size(), 1u);
  for (const auto& [entry, outcome] :
       {std::pair{delivered[0], "DELIVERED"}, std::pair{acted[0], "ACKNOWLEDGED"}}) {
    const log::ParsedLeaf leaf = rig_.Entry(entry);
    EXPECT_EQ(leaf.type, "bulk");
    EXPECT_EQ(leaf.Get("holder"), kTax);
    EXPECT_EQ(leaf.Get("member"), kTax);
    EXPECT_EQ(leaf.Get("outcome"), outcome);
    EXPECT_FALSE(leaf.Get("hsig").empty());
  }
  for (const std::string& id : notice_ids) {
    const v1::NoticeStatus status = rig_.Show(id);
    const v1::DeliveryStatus& tax = status.deliveries(1);
    ASSERT_EQ(tax.recipient(), kTax);
    ASSERT_EQ(tax.steps_size(), 3);
    EXPECT_EQ(tax.steps(1).entry_index(), delivered[0]);
    EXPECT_EQ(tax.steps(2).entry_index(), acted[0]);
    EXPECT_EQ(tax.state(), v1::DELIVERY_STATE_ACKNOWLEDGED);
  }
  // The recipient fetches the frame of its receipts; nobody else does.
  v1::GetFrameRequest ask;
  ask.set_entry_index(delivered[0]);
  const auto frame =
      rig_.Call<v1::GetFrameResponse>("GetFrame", ask, TestRig::Adapter(kTax)).response;
  std::vector<crypto::Digest> items;
  for (const std::string& item : frame.items()) items.push_back(*crypto::Digest::FromRaw(item));
  ASSERT_EQ(items.size(), notices.size());
  for (size_t i = 0; i < items.size(); ++i) {
    const link::SignedReceipt receipt = ReceiptFor(notices[i], v1::DELIVERY_STATE_DELIVERED);
    EXPECT_EQ(items[i], tlog::BulkItem(*Uuid::FromText(Parse(notices[i]).delivery_id()),
                                       receipt.notice_digest, crypto::Sha256(receipt.receipt)));
  }
  EXPECT_OK(tlog::VerifyCommitment(tlog::Committed::kResponse, frame.receipt().response_opening(),
                                   tlog::BulkFrame(items).CommittedBytes(),
                                   *Base64Decode(rig_.Entry(delivered[0]).Get("c_res"))));
  EXPECT_EQ(rig_.Call<v1::GetFrameResponse>("GetFrame", ask).reason(),
            v1::ERROR_REASON_ENTRY_NOT_FOUND);
}

TEST_F(BulkTest, TheSameRequestIsAnsweredWithTheSameBytesAndProofAfterACutAndARestart) {
  const v1::PublishNoticeRequest request = PlateNotice(1);
  Send(PlateNotice(0));
  Send(request);
  Take();
  const Response first = Take();
  const uint64_t entry = Prove(request, first);
  Close();
  rig_.Restart();
  Open();
  const Response again = Publish(request);
  EXPECT_EQ(again.notice().notice(), first.notice().notice());
  EXPECT_EQ(Prove(request, again), entry);
  EXPECT_EQ(again.frame().SerializeAsString(), first.frame().SerializeAsString());

  v1::PublishNoticeRequest other = request;
  other.mutable_purpose()->set_case_number("115-0043");
  google::rpc::Status status;
  ASSERT_TRUE(status.ParseFromString(Publish(other).notice().status()));
  EXPECT_EQ(status.code(), static_cast<int>(absl::StatusCode::kAlreadyExists));
}

TEST_F(BulkTest, StreamsThatPublishTheSameGetTheSameProof) {
  constexpr int kNotices = 40;
  FakeStream* const streams[] = {stream_, (Open(), stream_)};
  std::vector<v1::PublishNoticeRequest> requests;
  for (int i = 0; i < kNotices; ++i) requests.push_back(PlateNotice(i));
  for (const auto& request : requests) {
    for (FakeStream* const one : streams) {
      stream_ = one;
      Send(request);
    }
  }
  std::vector<Response> first;
  stream_ = streams[0];
  for (const auto& request : requests) {
    first.push_back(Take());
    Prove(request, first.back());
  }
  Close();
  stream_ = streams[1];
  for (int i = 0; i < kNotices; ++i) {
    const Response second = Take();
    Prove(requests[i], second);
    EXPECT_EQ(second.notice().notice(), first[i].notice().notice());
    EXPECT_EQ(second.frame().SerializeAsString(), first[i].frame().SerializeAsString());
  }
}

TEST_F(BulkTest, WhatIsNoPlainCaseGetsItsOwnWordInItsPlace) {
  const v1::PublishNoticeRequest good[] = {PlateNotice(1), PlateNotice(2), PlateNotice(3)};
  v1::PublishNoticeRequest malformed = PlateNotice(4);
  malformed.clear_payload();
  Send(good[0]);
  Send(rig_.NameNotice());  // a kind that its grant does not cover in bulk
  Send(good[1]);
  Send(malformed);
  Send(good[1]);
  Send(good[2]);
  const auto code_of = [](const Response& response) {
    google::rpc::Status status;
    EXPECT_TRUE(response.notice().has_status());
    EXPECT_TRUE(status.ParseFromString(response.notice().status()));
    EXPECT_TRUE(response.notice().has_receipt());
    return static_cast<absl::StatusCode>(status.code());
  };
  Prove(good[0], Take());
  EXPECT_EQ(code_of(Take()), absl::StatusCode::kPermissionDenied);
  const Response second = Take();
  Prove(good[1], second);
  EXPECT_EQ(code_of(Take()), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Take().notice().notice(), second.notice().notice());
  Prove(good[2], Take());

  stream_->SendBytes("\xff");
  stream_->WaitUntilFinished();
  EXPECT_EQ(stream_->reason(), v1::ERROR_REASON_MESSAGE_MALFORMED);
}

TEST_F(BulkTest, NoticesAboutOneSubjectKeepTheirOrder) {
  constexpr int kNotices = 6;
  std::vector<std::string> published;
  for (int i = 0; i < kNotices; ++i) Send(PlateNotice(7));
  for (int i = 0; i < kNotices; ++i) published.push_back(Accepted(Take()).notice_id());
  std::vector<std::string> came;
  for (int i = 0; i < kNotices; ++i) {
    const std::vector<std::string> notices = Deliver(1);
    EXPECT_EQ(rig_.links->waiting(), 0u) << "one of a subject at a time";
    came.push_back(Parse(notices[0]).notice_id());
    Say(notices, v1::DELIVERY_STATE_DELIVERED);
  }
  EXPECT_EQ(came, published);
}

TEST_F(BulkTest, WhileOthersCommitOneRecipientIsServedARound) {
  for (int i = 0; i < 3; ++i) Publish(PlateNotice(i));
  rig_.clock.Advance(absl::Hours(24));  // post's are due, too
  rig_.Settle();
  EXPECT_FALSE(rig_.Publish(rig_.NameNotice()).refusal.has_value());
  const v1::PublishNoticeRequest next = PlateNotice(3);
  Publish(next);  // the lane's next entry is not the log's next
  Publish(next);  // answered without an entry: the lane has nothing left to do
  rig_.Settle();
  rig_.links->Reach(kTax);
  rig_.links->Reach("post");
  rig_.Settle();
  const size_t of_one = rig_.links->waiting();
  EXPECT_THAT(of_one, AnyOf(3u, 4u));
  rig_.Settle();
  EXPECT_EQ(rig_.links->waiting(), 7u);
}

TEST_F(BulkTest, WhenNobodyElseCommitsAnyMoreAllAreServedARound) {
  for (int i = 0; i < 3; ++i) Publish(PlateNotice(i));
  EXPECT_FALSE(rig_.Publish(rig_.NameNotice()).refusal.has_value());
  Publish(PlateNotice(3));  // the lane's next entry is not the log's next
  rig_.clock.Advance(absl::Hours(24));
  rig_.Settle();
  rig_.links->Reach(kTax);
  rig_.links->Reach("post");
  rig_.Settle();
  EXPECT_EQ(rig_.links->waiting(), 8u);
}

TEST_F(BulkTest, AWordOfAFrameThatIsFalseSpoilsNoOther) {
  for (int i = 0; i < 3; ++i) Publish(PlateNotice(i));
  const std::vector<std::string> notices = Deliver(3);
  std::vector<link::SignedReceipt> receipts;
  for (const std::string& bytes : notices) {
    receipts.push_back(ReceiptFor(bytes, v1::DELIVERY_STATE_DELIVERED));
  }
  receipts[1].notice_digest = crypto::Sha256("what was never sent");
  rig_.service().OnReceipts(TestRig::Adapter(kTax), 1, receipts);
  const auto index_of = [&](size_t i) {
    return rig_.links->WaitForIndex(Parse(notices[i]).delivery_id());
  };
  EXPECT_EQ(index_of(0), index_of(2));
  EXPECT_EQ(rig_.Entry(index_of(1)).Get("reason"), "RECEIPT_UNEXPECTED");
}

TEST_F(BulkTest, ANoticeOfAFrameIsUndoneLikeAnyOther) {
  Send(PlateNotice(1));
  Send(PlateNotice(2));
  Take();
  const v1::AcceptedNotice wrong = Accepted(Take());
  const std::vector<std::string> notices = Deliver(2);
  Say(notices, v1::DELIVERY_STATE_DELIVERED);
  v1::ReverseNoticeRequest reverse;
  reverse.set_request_id(rig_.NewRequestId());
  reverse.set_notice_id(wrong.notice_id());
  reverse.set_acting_for("hro-shanhua");
  *reverse.mutable_purpose() = PlateNotice(0).purpose();
  *reverse.mutable_effective_date() = PlateNotice(0).effective_date();
  const auto told = rig_.Call<v1::ReverseNoticeResponse>("ReverseNotice", reverse);
  ASSERT_FALSE(told.refusal.has_value()) << told.refusal->message;
  ASSERT_EQ(told.response.reversal().notice().deliveries_size(), 1);
  const v1::DeliveredNotice undone = Parse(Deliver(1)[0]);
  EXPECT_EQ(undone.reverses_notice_id(), wrong.notice_id());
  EXPECT_EQ(undone.subjects(0).publisher_key(), "plate-2");
}

// tax-tainan pulls here.
registry::Files PullingTax() {
  registry::Files files = registry::SampleFiles();
  for (auto& [path, content] : files) {
    const size_t subscription = content.find("\"tax-tainan-renumbered\"");
    if (subscription == std::string::npos) continue;
    const std::string link = "DELIVERY_WAY_LINK";
    content.replace(content.find(link, subscription), link.size(), "DELIVERY_WAY_PULL");
  }
  return files;
}

class PulledBulkTest : public BulkTest {
 protected:
  PulledBulkTest() : BulkTest(PullingTax()) {}
};

TEST_F(PulledBulkTest, ReceiptsOfAPullHaveOneEntryTogether) {
  FakeStream pull(rig_, "ReceiveNotices", TestRig::Adapter(kTax));
  v1::ReceiveNoticesRequest opening;
  opening.mutable_opening()->set_credit(10);
  pull.Send(opening);
  pull.Take<v1::ReceiveNoticesResponse>(rig_);
  std::vector<std::string> notice_ids;
  for (int i = 0; i < 4; ++i) notice_ids.push_back(Accepted(Publish(PlateNotice(i))).notice_id());
  v1::ReceiveNoticesRequest receipts;
  for (int i = 0; i < 4; ++i) {
    const auto notice = Parse(pull.Take<v1::ReceiveNoticesResponse>(rig_).notice());
    receipts.mutable_receipts()->add_delivery_ids(notice.delivery_id());
  }
  pull.Send(receipts);
  std::set<uint64_t> entries;
  for (int i = 0; i < 4; ++i) {
    const auto response = pull.Take<v1::ReceiveNoticesResponse>(rig_);
    ASSERT_TRUE(response.has_recorded());
    entries.insert(response.recorded().entry_indexes(0));
  }
  EXPECT_EQ(entries.size(), 1u);
  EXPECT_EQ(rig_.Entry(*entries.begin()).type, "bulk");
  EXPECT_EQ(rig_.Entry(*entries.begin()).Get("method"), "ReceiveNotices");
  for (const std::string& id : notice_ids) {
    EXPECT_EQ(rig_.Show(id).deliveries(1).state(), v1::DELIVERY_STATE_DELIVERED);
  }
  pull.End();
}

}  // namespace
}  // namespace chayan::notice
