// A call as handlers see it. Nothing of HTTP/2, TLS or sockets: the front can be exchanged behind
// this.
#ifndef CHAYAN_GATEWAY_RPC_CALL_H_
#define CHAYAN_GATEWAY_RPC_CALL_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gateway/base/uuid.h"
#include "gateway/policy/caller.h"
#include "gateway/policy/refusal.h"

namespace chayan::rpc {

// One unary call. Held by shared_ptr while work goes on; Reply or Fail exactly once, from any
// thread. Handlers run on a worker's thread and never block.
//
// The deadline ends no call that a handler has: only the handler can say what became of it, and it
// says so once that is recorded. When the deadline passes, on_cancel runs; the handler cuts its
// work short, records, and answers as always. A caller that is still there gets the answer, however
// late; for one that is gone it is dropped. A call whose last shared_ptr goes away unanswered is
// recorded and answered as INTERNAL: a fault of ours.
class UnaryCall {
 public:
  virtual ~UnaryCall() = default;
  virtual const policy::Caller& caller() const = 0;
  virtual absl::string_view method() const = 0;  // "VerifyDocument"
  virtual absl::string_view request()
      const = 0;  // message bytes, after decompression; live as long as the call
  // Time left when the call arrived, by the caller's grpc-timeout; InfiniteDuration without one.
  virtual absl::Duration timeout() const = 0;
  // Elapsed() reading of the clock when the call arrived.
  virtual absl::Duration arrival() const = 0;
  virtual void Reply(std::string message) = 0;
  // The same for a message that others keep too: not copied until it leaves.
  virtual void ReplyShared(std::shared_ptr<const std::string> message) { Reply(*message); }
  // Runs `work` on the call's worker, from any thread, also after the call has ended; many posts
  // cost one wake-up. Dropped once the server has stopped.
  virtual void Post(absl::AnyInvocable<void()> work) { work(); }
  // `status_bytes`: serialized google.rpc.Status when already made (it was committed to), else made
  // from the refusal. `receipt_bytes`: serialized Receipt of the entry that proves the error, for
  // the trailer `chayan-receipt-bin`; left out when the peer takes no trailers of that size.
  virtual void Fail(const policy::Refusal& refusal, std::string status_bytes = {},
                    std::string receipt_bytes = {}) = 0;
  // `on_cancel` runs once, on the worker's thread, when the caller resets the call, its deadline
  // passes or its connection ends before an answer. At once when that has happened already. It does
  // not hold the call: the call holds it.
  virtual void OnCancel(absl::AnyInvocable<void()> on_cancel) = 0;
};

// A bidirectional stream. It ends at its caller's deadline: each of its answers is recorded by
// itself, its own end is none. Callbacks run on the stream's worker, never two at a time.
class StreamCall {
 public:
  virtual ~StreamCall() = default;
  virtual const policy::Caller& caller() const = 0;
  virtual absl::string_view method() const = 0;
  // Takes one question from the member's rate, from any thread. False when it is used up: that item
  // is answered RATE_LIMITED and only counted. Opening the stream took one itself.
  virtual bool TakeFromRate() = 0;
  // Queues a message; from any thread. Messages leave in order. After the stream has ended they are
  // dropped.
  virtual void Write(std::string message) = 0;
  virtual void WriteShared(std::shared_ptr<const std::string> message) { Write(*message); }
  // Bytes queued and not yet taken by the connection: the caller of Write bounds it.
  virtual size_t queued_bytes() const = 0;
  // Ends the stream; from any thread. OK without a refusal.
  virtual void Finish(std::optional<policy::Refusal> refusal) = 0;
  // Runs `work` on the stream's worker, from any thread; many posts cost one wake-up. Also after
  // the stream has ended; dropped once the server has stopped.
  virtual void Post(absl::AnyInvocable<void()> work) = 0;
  // Whether the calling thread is the stream's worker.
  virtual bool IsOnWorker() const { return false; }
  // Stops reading from the peer until Resume: flow control pushes back. On the worker.
  virtual void Pause() = 0;
  virtual void Resume() = 0;
};

// What a stream's handler gives back when a stream opens.
struct StreamEvents {
  // A message from the peer. The view lives for the call.
  absl::AnyInvocable<void(absl::string_view message)> on_message;
  // The peer will send no more.
  absl::AnyInvocable<void()> on_half_close;
  // The stream is over: finished, reset, connection lost, or the caller lost its right. Runs once,
  // last.
  absl::AnyInvocable<void()> on_end;
};

using UnaryHandler = std::function<void(std::shared_ptr<UnaryCall>)>;
using StreamHandler = std::function<StreamEvents(std::shared_ptr<StreamCall>)>;

}  // namespace chayan::rpc

#endif  // CHAYAN_GATEWAY_RPC_CALL_H_
