// The conformance suite of Notices: every implementation that keeps notices runs it, by
//   INSTANTIATE_TEST_SUITE_P(Name, NoticesConformance, ::testing::Values(StoreFactory{…}));
#ifndef CHAYAN_GATEWAY_STORE_NOTICES_CONFORMANCE_H_
#define CHAYAN_GATEWAY_STORE_NOTICES_CONFORMANCE_H_

#include <optional>
#include <utility>
#include <vector>

#include "gateway/base/status_matchers.h"
#include "gateway/store/conformance.h"
#include "gateway/store/planned_notices.h"

namespace chayan::store {

class NoticesConformance : public StoreConformance {
 protected:
  void SetUp() override {
    StoreConformance::SetUp();
    if (store_->notices() == nullptr) GTEST_SKIP() << "this engine keeps no notices";
  }
  Notices& notices() { return *store_->notices(); }

  void Publish(NewNotice notice) {
    NoticeChange change;
    change.notices.push_back(std::move(notice));
    const Appended appended = AppendChange(*store_, std::move(change));
    ASSERT_EQ(appended.result, AppendResult::kCommitted) << appended.cause;
  }
  Appended Try(StateStep step) {
    NoticeChange change;
    change.steps.push_back(std::move(step));
    return AppendChange(*store_, std::move(change));
  }
  void Step(uint64_t delivery, DeliveryState from, DeliveryState to) {
    const Appended appended = Try(PlannedStep(delivery, from, to));
    ASSERT_EQ(appended.result, AppendResult::kCommitted) << appended.cause;
  }
  StoredDelivery Find(uint64_t delivery) {
    const auto found = notices().FindDelivery(PlannedId(delivery));
    EXPECT_OK(found);
    return found.value_or(StoredDelivery());
  }
  // Numbers of the deliveries that are claimed.
  std::vector<uint64_t> Claim(int64_t now_ms, int64_t until_ms, size_t count = 100) {
    const auto claimed = notices().Claim({.lane = {.recipient = "nhi", .subscription = "nhi-death"},
                                          .now_ms = now_ms,
                                          .gateway = "gw-1",
                                          .until_ms = until_ms,
                                          .count = count});
    EXPECT_OK(claimed);
    std::vector<uint64_t> numbers;
    for (const Claimed& each : claimed.value_or(std::vector<Claimed>())) {
      for (uint64_t number = 0; number < 100; ++number) {
        if (each.delivery.id != PlannedId(number)) continue;
        numbers.push_back(number);
        EXPECT_EQ(each.payload, PlannedPayload(number));
        EXPECT_EQ(each.delivery.lease, "gw-1");
      }
    }
    return numbers;
  }
  void ExpectConflict(const Appended& appended, absl::StatusCode code) {
    EXPECT_EQ(appended.result, AppendResult::kFailed);
    EXPECT_EQ(appended.cause.code(), code) << appended.cause;
    EXPECT_EQ(appended.conflict, std::optional<size_t>(0));
  }
};

}  // namespace chayan::store

#endif  // CHAYAN_GATEWAY_STORE_NOTICES_CONFORMANCE_H_
