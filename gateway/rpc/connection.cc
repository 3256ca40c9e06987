#include "gateway/rpc/connection.h"

#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "gateway/base/check.h"
#include "gateway/base/diag.h"
#include "gateway/rpc/limits.h"
#include "gateway/rpc/worker.h"

namespace chayan::rpc {
namespace {

// How long a finished connection waits for the peer to close its side.
constexpr absl::Duration kLinger = absl::Seconds(1);

}  // namespace

Connection::Connection(Worker& worker, int socket, SslPtr ssl, Slot connection_slot,
                       Slot handshake_slot)
    : worker_(worker),
      socket_(socket),
      ssl_(std::move(ssl)),
      opened_(worker.view().elapsed),
      connection_slot_(std::move(connection_slot)),
      handshake_slot_(std::move(handshake_slot)),
      last_heard_(opened_),
      last_progress_(opened_) {}

Connection::~Connection() {
  for (auto& [id, exchange] : exchanges_) exchange->Detach();
  close(socket_);
}

const View& Connection::view() const { return worker_.view(); }

// The worker destroys it at the end of its turn.
void Connection::Close() {
  if (state_ == State::kHandshaking) worker_.front().handshakes_failed.fetch_add(1);
  state_ = State::kClosed;
  handshake_slot_.Release();
  worker_.MarkDirty(*this);
}

void Connection::OnReadable() {
  if (state_ == State::kHandshaking) DoHandshake();
  if (state_ == State::kOpen) {
    Read();
  } else if (state_ == State::kLingering) {
    DiscardInput();
  }
}

void Connection::OnWritable() {
  if (state_ == State::kHandshaking) {
    DoHandshake();
  } else if (state_ == State::kOpen) {
    worker_.MarkDirty(*this);
  }
}

void Connection::DoHandshake() {
  ERR_clear_error();
  const int outcome = SSL_do_handshake(ssl_.get());
  if (outcome == 1) {
    WatchWritable(false);
    if (!StartSession()) Linger();
    return;
  }
  switch (SSL_get_error(ssl_.get(), outcome)) {
    case SSL_ERROR_WANT_READ:
      WatchWritable(false);
      return;
    case SSL_ERROR_WANT_WRITE:
      WatchWritable(true);
      return;
    default:
      ERR_clear_error();
      // The alert that says why was written; the peer should read it.
      worker_.front().handshakes_failed.fetch_add(1);
      shutdown(socket_, SHUT_WR);
      WatchWritable(false);
      state_ = State::kLingering;
      farewell_ = view().elapsed + kLinger;
      handshake_slot_.Release();
      return;
  }
}

bool Connection::StartSession() {
  handshake_slot_.Release();
  const unsigned char* protocol = nullptr;
  unsigned int protocol_size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &protocol, &protocol_size);
  absl::StatusOr<Chain> chain = VerifiedChain(ssl_.get());
  // A peer that offers no protocol at all passes the negotiation, but not this.
  if (protocol_size == 0 || !chain.ok()) {
    worker_.front().handshakes_failed.fetch_add(1);
    return false;
  }
  state_ = State::kOpen;
  chain_ = *std::move(chain);
  standing_ = worker_.front().Judge(chain_, view());
  if (!TakeMemberSlot()) return false;
  OpenSession();
  worker_.MarkDirty(*this);
  return true;
}

// Once whose caller the connection is has been judged: it counts as its member's, or as one of the
// refused, which are told why and go.
bool Connection::TakeMemberSlot() {
  const bool refused = standing_.refusal.has_value();
  const bool taken =
      refused ? member_slot_.Take(worker_.front().refused_connections, kRefusedConnectionsMax)
              : member_slot_.Take({standing_.load, &standing_.load->connections},
                                  kConnectionsPerMemberMax);
  if (!taken) {
    worker_.front().shed.With({"CONNECTIONS"}).Add();
    diag::Warning(refused ? "rpc.refused_connections" : "rpc.connections_of_member",
                  {{"member", standing_.caller->member}});
    return false;
  }
  farewell_ = refused ? view().elapsed + kRefusedConnectionStay : absl::InfiniteDuration();
  return true;
}

void Connection::Read() {
  std::string& buffer = worker_.read_buffer();
  for (int reads = 0; reads == 0 || SSL_has_pending(ssl_.get()) == 1; ++reads) {
    if (reads == kReadsPerTurnMax) {
      // The socket may have nothing more to say, so it would not wake the loop.
      worker_.ReadOn(*this);
      break;
    }
    ERR_clear_error();
    const int count = SSL_read(ssl_.get(), buffer.data(), static_cast<int>(buffer.size()));
    if (count <= 0) {
      const int error = SSL_get_error(ssl_.get(), count);
      if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) break;
      ERR_clear_error();
      Close();
      return;
    }
    last_heard_ = view().elapsed;
    const ssize_t taken =
        nghttp2_session_mem_recv(session_.get(), reinterpret_cast<const uint8_t*>(buffer.data()),
                                 static_cast<size_t>(count));
    if (taken < 0) {
      // Not HTTP/2, or a flood: nothing to be said.
      Close();
      return;
    }
    if (state_ != State::kOpen) return;
  }
  worker_.MarkDirty(*this);
}

void Connection::DiscardInput() {
  std::string& buffer = worker_.read_buffer();
  const ssize_t count = recv(socket_, buffer.data(), buffer.size(), 0);
  if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) Close();
}

void Connection::Flush() {
  if (state_ != State::kOpen) return;
  has_backlog_ = true;
  // What TLS took half of comes first.
  if (!unsent_.empty() && !WriteOut(std::exchange(unsent_, {}))) return;
  std::string& gathered = worker_.write_buffer();
  while (true) {
    gathered.clear();
    while (gathered.size() < kRecordBytesMax) {
      const uint8_t* bytes = nullptr;
      const ssize_t count = nghttp2_session_mem_send(session_.get(), &bytes);
      if (count < 0) return Close();
      if (count == 0) break;
      gathered.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(count));
    }
    if (gathered.empty()) break;
    if (!WriteOut(gathered)) return;
  }
  WatchWritable(false);
  // Closed windows leave answers behind, too.
  has_backlog_ = queued_bytes_ > 0;
  if (queued_bytes_ > kQueuedBytesPerConnectionMax) return DropUnreadingPeer();
  if (expelled_ && exchanges_.empty()) return Linger();
  if (nghttp2_session_want_read(session_.get()) == 0 &&
      nghttp2_session_want_write(session_.get()) == 0) {
    Linger();
  }
}

// False when the socket takes no more now, or the connection is closed.
bool Connection::WriteOut(absl::string_view bytes) {
  while (!bytes.empty()) {
    ERR_clear_error();
    const int count = SSL_write(ssl_.get(), bytes.data(),
                                static_cast<int>(std::min(bytes.size(), kRecordBytesMax)));
    if (count > 0) {
      bytes.remove_prefix(static_cast<size_t>(count));
      last_progress_ = view().elapsed;
      continue;
    }
    const int error = SSL_get_error(ssl_.get(), count);
    if (error != SSL_ERROR_WANT_WRITE && error != SSL_ERROR_WANT_READ) {
      ERR_clear_error();
      Close();
      return false;
    }
    unsent_ = std::string(bytes);
    if (queued_bytes_ > kQueuedBytesPerConnectionMax) {
      DropUnreadingPeer();
      return false;
    }
    WatchWritable(true);
    return false;
  }
  return true;
}

void Connection::WatchWritable(bool watch) {
  if (watches_writable_ == watch) return;
  watches_writable_ = watch;
  worker_.Watch(*this, watch);
}

void Connection::Linger() {
  if (state_ == State::kClosed || state_ == State::kLingering) return;
  for (auto& [id, exchange] : exchanges_) exchange->Detach();
  exchanges_.clear();
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
  shutdown(socket_, SHUT_WR);
  // Nothing is left to write: a socket that stays writable would wake the loop again and again.
  WatchWritable(false);
  state_ = State::kLingering;
  farewell_ = view().elapsed + kLinger;
}

const Standing& Connection::CurrentStanding() {
  if (standing_.IsCurrent(view())) return standing_;
  const bool was_good = !standing_.refusal.has_value();
  const std::shared_ptr<const policy::Caller> before = standing_.caller;
  standing_ = worker_.front().Judge(chain_, view());
  if (!was_good) {
    // Whoever gained the right meanwhile stays, if its member has a place.
    if (!standing_.refusal && !expelled_ && !TakeMemberSlot()) BidFarewell(kFarewellTimeout);
    return standing_;
  }
  // The same certificate can become another system, or another role, by the registry: calls that
  // began as somebody else end.
  const bool same = !standing_.refusal && before->member == standing_.caller->member &&
                    before->system == standing_.caller->system &&
                    before->role == standing_.caller->role;
  if (!same) Expel();
  return standing_;
}

void Connection::Expel() {
  const policy::Refusal refusal = standing_.refusal.value_or(
      policy::Refusal{.reason = v1::ERROR_REASON_ROLE_NOT_ALLOWED,
                      .message = "The registry has given this certificate another role."});
  BidFarewell(kFarewellTimeout);
  std::vector<std::shared_ptr<Exchange>> running;
  for (const auto& [id, exchange] : exchanges_) running.push_back(exchange);
  for (const auto& exchange : running) exchange->Expel(refusal);
}

void Connection::BidFarewell(absl::Duration stay) {
  expelled_ = true;
  farewell_ = view().elapsed + stay;
  SubmitGoaway();
}

void Connection::SubmitGoaway() {
  nghttp2_submit_goaway(session_.get(), NGHTTP2_FLAG_NONE,
                        nghttp2_session_get_last_proc_stream_id(session_.get()), NGHTTP2_NO_ERROR,
                        nullptr, 0);
  worker_.MarkDirty(*this);
}

void Connection::DropUnreadingPeer() {
  diag::Warning("rpc.peer_does_not_read",
                {{"member", standing_.caller->member}, {"queued_bytes", queued_bytes_}});
  Close();
}

void Connection::BeginDrain() {
  if (state_ == State::kHandshaking) return Close();
  if (state_ != State::kOpen || draining_) return;
  draining_ = true;
  final_goaway_ = view().elapsed + kShutdownNotice;
  nghttp2_submit_shutdown_notice(session_.get());
  worker_.MarkDirty(*this);
}

void Connection::Sweep() {
  const absl::Duration now = view().elapsed;
  if (state_ == State::kHandshaking) {
    if (now - opened_ > kHandshakeTimeout) Close();
    return;
  }
  if (now >= farewell_) {
    if (state_ != State::kOpen) return Close();
    if (expelled_) return Linger();
    // It was refused from the start: calls on their way are told yet.
    return BidFarewell(kFarewellTimeout);
  }
  if (state_ != State::kOpen) return;
  CurrentStanding();
  if (now >= final_goaway_) {
    final_goaway_ = absl::InfiniteDuration();
    SubmitGoaway();
  }
  const bool stalled =
      (queued_bytes_ > 0 || !unsent_.empty()) && now - last_progress_ > kWriteStallMax;
  if (stalled) return DropUnreadingPeer();
  if (now - last_heard_ < kKeepaliveAfter) return;
  if (ping_sent_ < last_heard_) {
    ping_sent_ = now;
    nghttp2_submit_ping(session_.get(), NGHTTP2_FLAG_NONE, nullptr);
    worker_.MarkDirty(*this);
  } else if (now - ping_sent_ > kKeepaliveTimeout) {
    Close();
  }
}

bool Connection::CountBuffered(size_t before, size_t now) {
  buffered_bytes_ += now - before;
  return buffered_bytes_ <= kBufferedBytesPerConnectionMax || now <= before;
}

void Connection::CountQueued(int64_t bytes) {
  if (queued_bytes_ == 0 && bytes > 0) last_progress_ = view().elapsed;
  queued_bytes_ += bytes;
  // What one turn produces gets its chance to leave at the turn's end; on top of what the peer has
  // not taken before, nothing does.
  if (bytes > 0 && has_backlog_ && state_ == State::kOpen &&
      queued_bytes_ > kQueuedBytesPerConnectionMax) {
    DropUnreadingPeer();
  }
}

void Connection::ArmDeadline(Exchange& exchange, absl::Duration deadline) {
  exchange.deadline_ns = absl::ToInt64Nanoseconds(deadline);
  worker_.AddDeadline(exchange.deadline_ns, &exchange);
}

void Connection::DisarmDeadline(Exchange& exchange) {
  if (exchange.deadline_ns == 0) return;
  worker_.RemoveDeadline(exchange.deadline_ns, &exchange);
  exchange.deadline_ns = 0;
}

void Connection::ScheduleEnd(std::shared_ptr<Exchange> exchange) {
  worker_.ScheduleEnd(std::move(exchange));
}

}  // namespace chayan::rpc
