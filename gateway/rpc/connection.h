// One connection: a socket, TLS, an HTTP/2 session, its calls. Belongs to one worker and is touched
// by its thread alone.
//
// Output is gathered: what a turn of the worker's loop produced leaves in as few TLS records as it
// fits into. Input is read as it comes; flow control holds back what handlers have not taken.
#ifndef CHAYAN_GATEWAY_RPC_CONNECTION_H_
#define CHAYAN_GATEWAY_RPC_CONNECTION_H_

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "gateway/rpc/admission.h"
#include "gateway/rpc/exchange.h"
#include "gateway/rpc/front.h"
#include "gateway/rpc/tls.h"

namespace chayan::rpc {

class Worker;

class Connection {
 public:
  // Takes the socket.
  Connection(Worker& worker, int socket, SslPtr ssl, Slot connection_slot, Slot handshake_slot);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // For the worker.
  void OnReadable();
  void OnWritable();
  // Sends what is there to send. May end in closed().
  void Flush();
  // Timeouts, keepalive, standing.
  void Sweep();
  void BeginDrain();
  bool closed() const { return state_ == State::kClosed; }
  bool is_handshaking() const { return state_ == State::kHandshaking; }
  absl::Duration opened() const { return opened_; }
  int socket() const { return socket_; }
  void Close();

  // For its exchanges.
  const View& view() const;
  // Judged again when registry, lists or time moved on. A loss ends all its calls.
  const Standing& CurrentStanding();
  void StartResponse(Exchange& exchange);
  void ResumeOutput(Exchange& exchange);
  void SendTrailersOnly(Exchange& exchange);
  void SendHttpError(Exchange& exchange, int status);
  void Consume(Exchange& exchange, size_t bytes);
  // False when the connection holds more than it may.
  bool CountBuffered(size_t before, size_t now);
  void CountQueued(int64_t bytes);
  void ArmDeadline(Exchange& exchange, absl::Duration deadline);
  void DisarmDeadline(Exchange& exchange);
  void ScheduleEnd(std::shared_ptr<Exchange> exchange);

  bool is_unread = false;  // the worker's: stands in its list of connections to read on
  bool is_dirty = false;   // the worker's: stands in its list of connections to flush

 private:
  enum class State { kHandshaking, kOpen, kLingering, kClosed };
  struct SessionFree {
    void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
  };
  friend struct SessionCallbacks;

  void DoHandshake();
  bool StartSession();
  void OpenSession();
  void Read();
  void DiscardInput();
  bool WriteOut(absl::string_view bytes);
  void WatchWritable(bool watch);
  // Orderly end of our direction; waits a moment for the peer's, so that it reads our last frames.
  void Linger();
  void Expel();
  bool TakeMemberSlot();
  // No new calls; closed when those that run are told, or when `stay` is over.
  void BidFarewell(absl::Duration stay);
  void SubmitGoaway();
  void DropUnreadingPeer();
  void SubmitTrailers(Exchange& exchange);
  bool TakeControlFrame();
  void EarnWindowUpdates();

  int OnBeginFrame(const nghttp2_frame_hd& head);
  int OnBeginHeaders(const nghttp2_frame& frame);
  int OnHeader(const nghttp2_frame& frame, absl::string_view name, absl::string_view value);
  int OnFrame(const nghttp2_frame& frame);
  int OnData(int32_t stream_id, absl::string_view chunk);
  int OnFrameSent(const nghttp2_frame& frame);
  int OnStreamClose(int32_t stream_id);
  ssize_t OnProduce(Exchange& exchange, char* out, size_t size, uint32_t* flags);

  Worker& worker_;
  const int socket_;
  const SslPtr ssl_;
  std::unique_ptr<nghttp2_session, SessionFree> session_;
  State state_ = State::kHandshaking;
  const absl::Duration opened_;
  Slot connection_slot_;
  Slot handshake_slot_;
  Slot member_slot_;  // the member's, or one of those for the refused
  Chain chain_;
  Standing standing_;
  bool expelled_ = false;
  absl::Duration farewell_ = absl::InfiniteDuration();  // closed then, whatever is left
  bool draining_ = false;
  absl::Duration final_goaway_ = absl::InfiniteDuration();

  absl::flat_hash_map<int32_t, std::shared_ptr<Exchange>> exchanges_;
  Exchange* receiving_ = nullptr;  // whose header list is being read
  std::string unsent_;             // taken from the session, not yet by TLS
  bool has_backlog_ = false;       // the last flush left something behind
  bool watches_writable_ = false;
  size_t buffered_bytes_ = 0;
  int64_t queued_bytes_ = 0;
  absl::Duration last_heard_;
  absl::Duration last_progress_;
  absl::Duration ping_sent_ = -absl::InfiniteDuration();
  Rate control_frames_;
  int window_updates_earned_ = 0;
};

}  // namespace chayan::rpc

#endif  // CHAYAN_GATEWAY_RPC_CONNECTION_H_
