// A call that is made without a connection and waits for its end, which must come exactly once. For
// tests alone.
#ifndef CHAYAN_GATEWAY_RPC_TEST_CALL_H_
#define CHAYAN_GATEWAY_RPC_TEST_CALL_H_

#include <optional>
#include <string>
#include <utility>

#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "gateway/base/check.h"
#include "gateway/policy/refusal.h"
#include "gateway/rpc/call.h"

namespace chayan::rpc {

// Only ends a test that would hang.
inline constexpr absl::Duration kHangTimeout = absl::Minutes(2);

class TestCall final : public UnaryCall {
 public:
  TestCall(policy::Caller caller, std::string method, std::string request)
      : caller_(std::move(caller)), method_(std::move(method)), request_(std::move(request)) {}
  const policy::Caller& caller() const override { return caller_; }
  absl::string_view method() const override { return method_; }
  absl::string_view request() const override { return request_; }
  absl::Duration timeout() const override { return absl::InfiniteDuration(); }
  absl::Duration arrival() const override { return absl::ZeroDuration(); }
  void Reply(std::string message) override {
    CHAYAN_CHECK(!told_.HasBeenNotified());
    reply = std::move(message);
    told_.Notify();
  }
  void Fail(const policy::Refusal& told, std::string, std::string) override {
    CHAYAN_CHECK(!told_.HasBeenNotified());
    refusal = told;
    told_.Notify();
  }
  void OnCancel(absl::AnyInvocable<void()>) override {}

  void Wait() { CHAYAN_CHECK(told_.WaitForNotificationWithTimeout(kHangTimeout)); }
  std::string reply;
  std::optional<policy::Refusal> refusal;

 private:
  const policy::Caller caller_;
  const std::string method_;
  const std::string request_;
  absl::Notification told_;
};

}  // namespace chayan::rpc

#endif  // CHAYAN_GATEWAY_RPC_TEST_CALL_H_
