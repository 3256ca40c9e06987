// Goal: what a recipient pulled is proved by the frame that its receipts have together, and nothing
// else is. Method: a small log with a frame of a recipient's receipts; the files that are written
// go through the check that anybody makes.
#include "gateway/cli/notice_proof.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "gateway/base/file.h"
#include "gateway/base/status_matchers.h"
#include "gateway/cli/receipt_check.h"
#include "gateway/cli/sample_log_for_test.h"

namespace chayan::cli {
namespace {

class NoticeProofTest : public ::testing::Test {
 protected:
  static constexpr size_t kNotices = 5;

  NoticeProofTest() : items_(log_.AskInBulk(kNotices, /*by_recipient=*/true)) {
    log_.Prove(items_.front());
    *response_.mutable_receipt() = items_.front().receipt();
    const std::string& items = log_.frames().begin()->second.items();
    for (size_t at = 0; at < items.size(); at += crypto::Digest::kSize) {
      response_.add_items(items.substr(at, crypto::Digest::kSize));
    }
  }
  PulledNotice Pulled(size_t number) const {
    v1::DeliveredNotice notice;
    EXPECT_TRUE(notice.ParseFromString(items_[number].request()));
    return {.delivery_id = notice.delivery_id(), .bytes = items_[number].request()};
  }

  SampleLog log_;
  std::vector<v1::EvidenceFile> items_;
  v1::GetFrameResponse response_;
  const std::string directory_ = ::testing::TempDir();
};

TEST_F(NoticeProofTest, EachNoticeOfTheFrameIsProvedByItsFile) {
  const auto frame = FrameProofs::Create(response_);
  ASSERT_OK(frame.status());
  EXPECT_EQ(frame->count(), kNotices);
  ProofFolder proofs(directory_, log_.Trust());
  for (size_t i = 0; i < kNotices; ++i) {
    const PulledNotice notice = Pulled(i);
    const auto written = proofs.Write(notice, *frame);
    ASSERT_OK(written.status());
    EXPECT_TRUE(*written);
    const auto file = ReadFile(absl::StrCat(directory_, "/", notice.delivery_id, ".chayan"));
    ASSERT_OK(file.status());
    const ReceiptReport report = CheckEvidence(*file, log_.Trust());
    EXPECT_TRUE(report.ok()) << report.first_lie().status;
  }
  EXPECT_FALSE(proofs.unchecked());
}

TEST_F(NoticeProofTest, WhatIsNotInTheFrameGetsNoFile) {
  const auto frame = FrameProofs::Create(response_);
  ASSERT_OK(frame.status());
  PulledNotice other = Pulled(0);
  other.bytes = Pulled(1).bytes;
  ProofFolder proofs(directory_, std::nullopt);
  EXPECT_FALSE(proofs.Write(other, *frame).value());
  EXPECT_FALSE(proofs.unchecked());
  EXPECT_TRUE(proofs.Write(Pulled(0), *frame).value());
  EXPECT_TRUE(proofs.unchecked());
  other.delivery_id = "../elsewhere";
  EXPECT_THAT(proofs.Write(other, *frame).status(),
              StatusIs(absl::StatusCode::kInvalidArgument, ::testing::_));
}

TEST_F(NoticeProofTest, AReceiptOfAnotherFrameProvesNone) {
  v1::EvidenceFile foreign = log_.AskInBulk(kNotices, /*by_recipient=*/true).front();
  log_.Prove(foreign);
  *response_.mutable_receipt() = foreign.receipt();
  EXPECT_THAT(FrameProofs::Create(response_).status(),
              StatusIs(absl::StatusCode::kDataLoss,
                       ::testing::HasSubstr("not the one that the entry of its receipt covers")));
  response_.clear_receipt();
  EXPECT_THAT(FrameProofs::Create(response_).status(),
              StatusIs(absl::StatusCode::kDataLoss, ::testing::_));
}

TEST_F(NoticeProofTest, WhatFailsTheCheckIsSaidWhereItIsKnownWhomToTrust) {
  // The entry is the right one, and the proof of its place is of another.
  v1::EvidenceFile later = log_.AskInBulk(1, /*by_recipient=*/true).front();
  log_.Prove(later);
  response_.mutable_receipt()->set_tlog_proof(later.receipt().tlog_proof());
  const auto frame = FrameProofs::Create(response_);
  ASSERT_OK(frame.status());
  ProofFolder trusting(directory_, std::nullopt);
  EXPECT_OK(trusting.Write(Pulled(0), *frame).status());
  ProofFolder checking(directory_, log_.Trust());
  EXPECT_THAT(checking.Write(Pulled(0), *frame).status(),
              StatusIs(absl::StatusCode::kDataLoss, ::testing::HasSubstr("inclusion")));
  // Of one entry for one notice: another's receipt.
  EXPECT_THAT(checking.Write(Pulled(0), later.receipt()),
              StatusIs(absl::StatusCode::kDataLoss, ::testing::HasSubstr(".chayan")));
}

TEST_F(NoticeProofTest, RefusesWhatIsNoFrame) {
  response_.add_items("short");
  EXPECT_FALSE(FrameProofs::Create(response_).ok());
  response_.clear_items();
  EXPECT_THAT(FrameProofs::Create(response_).status(),
              StatusIs(absl::StatusCode::kDataLoss, ::testing::_));
  for (size_t i = 0; i <= tlog::kBulkItemsMax; ++i) response_.add_items(std::string(32, 'x'));
  EXPECT_THAT(FrameProofs::Create(response_).status(),
              StatusIs(absl::StatusCode::kDataLoss, ::testing::_));
}

}  // namespace
}  // namespace chayan::cli
