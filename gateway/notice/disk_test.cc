// Goal: on a full disk nothing is accepted, delivered or settled that is not kept; once there is
// room all goes on, under the same ids. Method: as notice_service_test, over the file layer with
// faults (gateway/store/fault_vfs.h); the disk fills while the room is idle, which every step
// before has waited for.
#include <gtest/gtest.h>

#include "gateway/base/status_matchers.h"
#include "gateway/log/test_log.h"
#include "gateway/notice/test_rig.h"
#include "gateway/store/fault_vfs.h"

namespace chayan::notice {
namespace {

using store::FaultAction;
using store::FileOperation;
using store::FileStep;

class DiskTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { store::InstallFaultVfs(); }
  void TearDown() override { store::SetFaultPlan({}); }

  // No write finds room from now on, or each does again.
  void Fill(bool full) {
    rig_.Settle();
    store::SetFaultPlan(
        !full ? std::function<FaultAction(const FileStep&)>() : [](const FileStep& step) {
          return step.operation == FileOperation::kWrite ? FaultAction::kFull : FaultAction::kPass;
        });
  }

  TestRig rig_;
};

TEST_F(DiskTest, AFullDiskLosesNothingAndSaysSo) {
  rig_.links->Reach("land-qd");
  const v1::PublishNoticeRequest first = rig_.NameNotice();
  const auto accepted = rig_.Publish(first);
  ASSERT_FALSE(accepted.refusal.has_value());
  rig_.Settle();
  const v1::DeliveredNotice taken = rig_.links->Take();
  const std::string bytes = rig_.links->last_bytes;
  const uint64_t size = rig_.size();
  Fill(true);

  const v1::PublishNoticeRequest second = rig_.NameNotice("F131104093");
  for (int tries = 0; tries < 3; ++tries) {
    EXPECT_EQ(rig_.Publish(second).reason(), v1::ERROR_REASON_LOG_UNAVAILABLE);
    rig_.SayDelivered("land-qd", taken.delivery_id());
    rig_.clock.Advance(absl::Minutes(2));
    rig_.service().Tick();
    rig_.service().AwaitIdle();
  }
  EXPECT_EQ(rig_.links->waiting(), 0u) << "what cannot be lent is not sent";
  Fill(false);
  EXPECT_GT(rig_.size(), size) << "the look that waited for the room";

  // The adapter, which was never told an index, says it again.
  v1::DeliveryReceipt receipt;
  receipt.set_delivery_id(taken.delivery_id());
  receipt.set_state(v1::DELIVERY_STATE_DELIVERED);
  rig_.SayOf("land-qd", receipt, bytes);
  rig_.links->WaitForIndex(taken.delivery_id());
  const auto again = rig_.Publish(second);
  ASSERT_FALSE(again.refusal.has_value()) << again.refusal->message;
  rig_.clock.Advance(absl::Hours(1));
  rig_.Settle();
  while (rig_.links->waiting() > 0) {
    const v1::DeliveredNotice notice = rig_.links->Take();
    EXPECT_NE(notice.delivery_id(), taken.delivery_id());
    rig_.SayDelivered("land-qd", notice.delivery_id());
    rig_.Settle();
  }
  for (const auto& notice : {accepted.response.notice(), again.response.notice()}) {
    const v1::NoticeStatus status = rig_.Show(notice.notice_id());
    EXPECT_EQ(status.deliveries(0).state(), v1::DELIVERY_STATE_DELIVERED);
    EXPECT_EQ(status.deliveries(0).steps_size(), 2);
  }
  EXPECT_EQ(rig_.Publish(second).response.notice().notice_id(),
            again.response.notice().notice_id());
  EXPECT_OK(log::CheckWholeLog(rig_.stack().store()));
}

}  // namespace
}  // namespace chayan::notice
