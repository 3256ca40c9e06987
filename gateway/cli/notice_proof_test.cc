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
  for (size_t i = 0; i < kNotices; ++i) {
    const PulledNotice notice = Pulled(i);
    const auto written = frame->WriteProof(directory_, notice);
    ASSERT_OK(written.status());
    EXPECT_TRUE(*written);
    const auto file = ReadFile(absl::StrCat(directory_, "/", notice.delivery_id, ".chayan"));
    ASSERT_OK(file.status());
    const ReceiptReport report = CheckEvidence(*file, log_.Trust());
    EXPECT_TRUE(report.ok()) << report.first_lie().status;
  }
}

TEST_F(NoticeProofTest, WhatIsNotInTheFrameGetsNoFile) {
  const auto frame = FrameProofs::Create(response_);
  ASSERT_OK(frame.status());
  PulledNotice other = Pulled(0);
  other.bytes = Pulled(1).bytes;
  EXPECT_FALSE(frame->WriteProof(directory_, other).value());
  other.delivery_id = "../elsewhere";
  EXPECT_THAT(frame->WriteProof(directory_, other).status(),
              StatusIs(absl::StatusCode::kInvalidArgument, ::testing::_));
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
