// A stream of the room whose other end is the test. For tests alone.
#ifndef CHAYAN_GATEWAY_NOTICE_FAKE_STREAM_H_
#define CHAYAN_GATEWAY_NOTICE_FAKE_STREAM_H_

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "gateway/base/check.h"
#include "gateway/notice/test_rig.h"

namespace chayan::notice {

class FakeStream final : public rpc::StreamCall {
 public:
  FakeStream(TestRig& rig, const std::string& method, policy::Caller caller)
      : caller_(std::move(caller)), method_(method) {
    // It lives as long as the test; the room holds no share of it after its end.
    events_ = rig.Stream(method, std::shared_ptr<rpc::StreamCall>(this, [](auto*) {}));
  }
  const policy::Caller& caller() const override { return caller_; }
  absl::string_view method() const override { return method_; }
  bool TakeFromRate() override { return true; }
  void Write(std::string message) override {
    absl::MutexLock lock(&mu_);
    written_.push_back(std::move(message));
  }
  size_t queued_bytes() const override { return 0; }
  void Finish(std::optional<policy::Refusal> refusal) override {
    absl::MutexLock lock(&mu_);
    finished_ = true;
    refusal_ = std::move(refusal);
  }
  void Post(absl::AnyInvocable<void()> work) override { work(); }
  void Pause() override { paused_ = true; }
  void Resume() override { paused_ = false; }

  template <typename Request>
  void Send(const Request& request) {
    events_.on_message(request.SerializeAsString());
  }
  void SendBytes(absl::string_view bytes) { events_.on_message(bytes); }
  void HalfClose() { events_.on_half_close(); }
  void End() { events_.on_end(); }
  bool paused() const { return paused_; }
  v1::ErrorReason reason() {
    absl::MutexLock lock(&mu_);
    return refusal_.has_value() ? refusal_->reason : v1::ERROR_REASON_UNSPECIFIED;
  }
  // The next message, if there is one now.
  template <typename Response>
  std::optional<Response> Next() {
    absl::MutexLock lock(&mu_);
    if (written_.empty()) return std::nullopt;
    return Parse<Response>();
  }
  // The next message; waits for it, and has the room look meanwhile.
  template <typename Response>
  Response Take(TestRig& rig) {
    const auto some = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return !written_.empty(); };
    for (const absl::Time end = absl::Now() + kHangTimeout; absl::Now() < end;) {
      rig.service().Tick();
      absl::MutexLock lock(&mu_);
      if (mu_.AwaitWithTimeout(absl::Condition(&some), kLookInterval)) return Parse<Response>();
    }
    CHAYAN_CHECK(false);
  }
  // Waits for its end; whether that was a good one.
  bool WaitUntilFinished() {
    absl::MutexLock lock(&mu_);
    CHAYAN_CHECK(mu_.AwaitWithTimeout(absl::Condition(&finished_), kHangTimeout));
    return !refusal_.has_value();
  }
  size_t waiting() {
    absl::MutexLock lock(&mu_);
    return written_.size();
  }

 private:
  // What one look began may need another.
  static constexpr absl::Duration kLookInterval = absl::Milliseconds(10);

  template <typename Response>
  Response Parse() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    Response response;
    CHAYAN_CHECK(response.ParseFromString(written_.front()));
    written_.erase(written_.begin());
    return response;
  }

  const policy::Caller caller_;
  const std::string method_;
  rpc::StreamEvents events_;
  std::atomic<bool> paused_ = false;
  absl::Mutex mu_;
  std::vector<std::string> written_ ABSL_GUARDED_BY(mu_);
  bool finished_ ABSL_GUARDED_BY(mu_) = false;
  std::optional<policy::Refusal> refusal_ ABSL_GUARDED_BY(mu_);
};

}  // namespace chayan::notice

#endif  // CHAYAN_GATEWAY_NOTICE_FAKE_STREAM_H_
