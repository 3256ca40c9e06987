// One HTTP/2 stream as a call. Everything happens on the worker's thread; what handlers may do from
// other threads goes through the mailbox.
//
// Life: headers → (refused | unary: body, handler, answer | stream: handler, messages both ways) →
// ending → closed. It ends once: by the handler, by the loss of the caller's right, by the peer; by
// the deadline only a stream, or a call whose body is not complete. What a handler says afterwards
// is dropped.
#ifndef CHAYAN_GATEWAY_RPC_EXCHANGE_H_
#define CHAYAN_GATEWAY_RPC_EXCHANGE_H_

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gateway/rpc/admission.h"
#include "gateway/rpc/call.h"
#include "gateway/rpc/front.h"
#include "gateway/rpc/grpc_wire.h"
#include "gateway/rpc/mailbox.h"

namespace chayan::rpc {

class Connection;

// What the request's header list said.
struct RequestHeaders {
  const Method* method = nullptr;  // null: unknown
  bool is_post = false;
  bool is_grpc = false;
  bool gzip = false;
  bool encoding_unknown = false;
  bool timeout_malformed = false;
  absl::Duration timeout = absl::InfiniteDuration();
  size_t bytes = 0;
};

class Exchange final : public UnaryCall,
                       public StreamCall,
                       public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(Connection* connection, int32_t stream_id, std::shared_ptr<Mailbox> mailbox);

  // For handlers: see call.h.
  const policy::Caller& caller() const override { return *caller_; }
  absl::string_view method() const override { return headers_.method->name; }
  absl::string_view request() const override { return request_; }
  absl::Duration timeout() const override { return headers_.timeout; }
  absl::Duration arrival() const override { return arrival_; }
  void Reply(std::string message) override {
    ReplyShared(std::make_shared<const std::string>(std::move(message)));
  }
  void ReplyShared(std::shared_ptr<const std::string> message) override;
  void Fail(const policy::Refusal& refusal, std::string status_bytes,
            std::string receipt_bytes) override;
  void OnCancel(absl::AnyInvocable<void()> on_cancel) override;
  bool TakeFromRate() override;
  void Write(std::string message) override {
    WriteShared(std::make_shared<const std::string>(std::move(message)));
  }
  void WriteShared(std::shared_ptr<const std::string> message) override;
  size_t queued_bytes() const override { return queued_bytes_.load(std::memory_order_relaxed); }
  void Finish(std::optional<policy::Refusal> refusal) override;
  void Post(absl::AnyInvocable<void()> work) override;
  bool IsOnWorker() const override { return mailbox_->IsThisThread(); }
  void Pause() override;
  void Resume() override;

  // For the connection and the worker, on the worker's thread.
  int32_t stream_id() const { return stream_id_; }
  void AddHeader(absl::string_view name, absl::string_view value);
  size_t header_bytes() const { return headers_.bytes; }
  // The header list is complete: the door.
  void Open();
  // Bytes of the body; says how many are taken for good, the rest waits for Resume.
  size_t TakeBody(absl::string_view chunk);
  // The peer sends no more.
  void HalfClose();
  bool half_closed() const { return half_closed_; }
  // The next bytes to send, or 0 with `*done` when nothing follows, or -1 when nothing is there
  // yet.
  ssize_t Produce(char* out, size_t size, bool* done);
  const Ending& ending() const { return ending_; }
  // The stream, or its connection, is gone.
  void Detach();
  void DeadlinePassed();
  // The caller lost its right.
  void Expel(const policy::Refusal& refusal);
  void Receive(Mail mail);
  // Runs on_end; never inside another callback of the stream.
  void RunEnd();

  int64_t deadline_ns = 0;  // the worker's: key in its timers; 0: none

 private:
  enum class Phase { kHeaders, kRefusing, kBody, kRunning, kEnding, kClosed };
  struct Frame {
    std::shared_ptr<const std::string> message;
    size_t sent = 0;  // of prefix and message
  };

  std::optional<policy::Refusal> CheckHeaders() const;
  bool Admit(const Standing& standing);
  void OpenStream();
  void RunUnary();
  void OnDropped();
  // Answers with a refusal. Recorded first where it must be; what is shed is only counted.
  void Refuse(policy::Refusal refusal);
  void Shed(policy::Refusal refusal);
  void Queue(std::shared_ptr<const std::string> message);
  void End(Ending ending);
  void PostEnding(Mail::Kind kind, Ending ending);
  void CountBuffered(size_t now);
  // Handlers are told that nobody waits any more.
  void Abandon();
  void ReadMessages(absl::string_view chunk);
  size_t TakeUnary(absl::string_view chunk);
  void TellHalfClose();
  void DropOutput();

  Connection* connection_;  // null once closed
  const int32_t stream_id_;
  const std::shared_ptr<Mailbox> mailbox_;
  Phase phase_ = Phase::kHeaders;
  bool half_closed_ = false;
  bool response_started_ = false;
  RequestHeaders headers_;
  std::shared_ptr<const policy::Caller> caller_;
  std::shared_ptr<MemberLoad> load_;
  double requests_per_second_ = 0;
  Slot call_slot_;
  Slot member_slot_;
  absl::Duration arrival_;

  // Input.
  std::string body_;  // unary: prefix and message
  absl::string_view request_;
  std::optional<MessageReader> reader_;  // streams
  bool paused_ = false;
  bool delivering_ = false;
  bool half_close_told_ = false;
  size_t unconsumed_ = 0;
  size_t buffered_ = 0;  // counted at the connection

  // Output.
  std::vector<Frame> frames_;
  size_t next_frame_ = 0;
  Ending ending_;
  std::atomic<size_t> queued_bytes_{0};
  std::atomic<bool> answered_{false};

  // Handlers.
  absl::AnyInvocable<void()> on_cancel_;
  bool cancelled_ = false;
  StreamEvents events_;
  bool end_scheduled_ = false;
};

}  // namespace chayan::rpc

#endif  // CHAYAN_GATEWAY_RPC_EXCHANGE_H_
