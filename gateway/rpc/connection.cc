#include "gateway/rpc/connection.h"

#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gateway/base/check.h"
#include "gateway/base/diag.h"
#include "gateway/rpc/limits.h"
#include "gateway/rpc/worker.h"

namespace chayan::rpc {
namespace {

// How long a finished connection waits for the peer to close its side.
constexpr absl::Duration kLinger = absl::Seconds(1);

nghttp2_nv Header(absl::string_view name, absl::string_view value) {
  const auto bytes = [](absl::string_view text) {
    return reinterpret_cast<uint8_t*>(const_cast<char*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

// Copied by nghttp2 without looking: they live for ever.
nghttp2_nv StaticHeader(absl::string_view name, absl::string_view value) {
  nghttp2_nv header = Header(name, value);
  header.flags = NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE;
  return header;
}

const std::array<nghttp2_nv, 3>& ResponseHeaders() {
  static const std::array<nghttp2_nv, 3> headers = {
      StaticHeader(":status", "200"), StaticHeader("content-type", "application/grpc"),
      StaticHeader("grpc-accept-encoding", "identity,gzip")};
  return headers;
}

// The trailers of an ending, within what the peer takes.
class Trailers {
 public:
  Trailers(const Ending& ending, size_t bytes_max)
      : code_(absl::StrCat(ending.code)), message_(PercentEncode(ending.message)) {
    Add("grpc-status", code_, bytes_max);
    if (!message_.empty()) Add("grpc-message", message_, bytes_max);
    if (!ending.details.empty()) {
      details_ = BinaryHeaderValue(ending.details);
      Add("grpc-status-details-bin", details_, bytes_max);
    }
    if (!ending.receipt.empty()) {
      receipt_ = BinaryHeaderValue(ending.receipt);
      Add("chayan-receipt-bin", receipt_, bytes_max);
    }
  }
  Trailers(const Trailers&) = delete;
  Trailers& operator=(const Trailers&) = delete;
  const std::vector<nghttp2_nv>& headers() const { return headers_; }
  std::vector<nghttp2_nv>& headers() { return headers_; }

 private:
  void Add(absl::string_view name, absl::string_view value, size_t bytes_max) {
    constexpr size_t kHeaderOverhead = 32;
    const size_t size = name.size() + value.size() + kHeaderOverhead;
    // A peer that gets more than it takes would see a broken stream in place of the status.
    if (bytes_ + size > bytes_max) return;
    bytes_ += size;
    headers_.push_back(Header(name, value));
  }

  std::string code_;
  std::string message_;
  std::string details_;
  std::string receipt_;
  size_t bytes_ = 0;
  std::vector<nghttp2_nv> headers_;
};

size_t TrailerBytesMax(nghttp2_session* session) {
  const uint32_t stated =
      nghttp2_session_get_remote_settings(session, NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE);
  // Some of the list goes to names of the first headers, when there were none before.
  constexpr size_t kReserved = 256;
  const size_t max = stated == UINT32_MAX ? kTrailerBytesDefault : size_t{stated};
  return max < kReserved ? 0 : max - kReserved;
}

}  // namespace

// nghttp2 calls plain functions; these find the connection.
struct SessionCallbacks {
  static Connection& Of(void* user_data) { return *static_cast<Connection*>(user_data); }
  static absl::string_view View(const uint8_t* bytes, size_t size) {
    return {reinterpret_cast<const char*>(bytes), size};
  }

  static nghttp2_session_callbacks* Make() {
    nghttp2_session_callbacks* callbacks = nullptr;
    CHAYAN_CHECK(nghttp2_session_callbacks_new(&callbacks) == 0);
    nghttp2_session_callbacks_set_on_begin_frame_callback(
        callbacks, [](nghttp2_session*, const nghttp2_frame_hd* head, void* user_data) {
          return Of(user_data).OnBeginFrame(*head);
        });
    // Frames of unknown types are counted, then dropped.
    nghttp2_session_callbacks_set_unpack_extension_callback(
        callbacks, [](nghttp2_session*, void**, const nghttp2_frame_hd*, void* user_data) -> int {
          return Of(user_data).TakeControlFrame() ? NGHTTP2_ERR_CANCEL
                                                  : NGHTTP2_ERR_CALLBACK_FAILURE;
        });
    nghttp2_session_callbacks_set_on_begin_headers_callback(
        callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
          return Of(user_data).OnBeginHeaders(*frame);
        });
    nghttp2_session_callbacks_set_on_header_callback(
        callbacks,
        [](nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name, size_t name_size,
           const uint8_t* value, size_t value_size, uint8_t, void* user_data) {
          return Of(user_data).OnHeader(*frame, View(name, name_size), View(value, value_size));
        });
    nghttp2_session_callbacks_set_on_frame_recv_callback(
        callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
          return Of(user_data).OnFrame(*frame);
        });
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
        callbacks,
        [](nghttp2_session*, uint8_t, int32_t stream_id, const uint8_t* bytes, size_t size,
           void* user_data) { return Of(user_data).OnData(stream_id, View(bytes, size)); });
    nghttp2_session_callbacks_set_on_frame_send_callback(
        callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
          return Of(user_data).OnFrameSent(*frame);
        });
    nghttp2_session_callbacks_set_on_stream_close_callback(
        callbacks, [](nghttp2_session*, int32_t stream_id, uint32_t, void* user_data) {
          return Of(user_data).OnStreamClose(stream_id);
        });
    return callbacks;
  }

  static nghttp2_option* MakeOptions() {
    nghttp2_option* options = nullptr;
    CHAYAN_CHECK(nghttp2_option_new(&options) == 0);
    nghttp2_option_set_no_auto_window_update(options, 1);
    nghttp2_option_set_no_closed_streams(options, 1);
    nghttp2_option_set_max_outbound_ack(options, kAcknowledgementsQueuedMax);
    nghttp2_option_set_stream_reset_rate_limit(options, kResetsBurst, kResetsPerSecond);
    nghttp2_option_set_max_continuations(options, kContinuationsMax);
    nghttp2_option_set_peer_max_concurrent_streams(options, 0);
    // Others than these nghttp2 would skip without a word.
    for (int type = NGHTTP2_CONTINUATION + 1; type <= UINT8_MAX; ++type) {
      nghttp2_option_set_user_recv_extension_type(options, static_cast<uint8_t>(type));
    }
    return options;
  }

  static ssize_t Produce(nghttp2_session*, int32_t, uint8_t* out, size_t size, uint32_t* flags,
                         nghttp2_data_source* source, void* user_data) {
    return Of(user_data).OnProduce(*static_cast<Exchange*>(source->ptr),
                                   reinterpret_cast<char*>(out), size, flags);
  }
};

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
  static nghttp2_session_callbacks* const callbacks = SessionCallbacks::Make();
  static nghttp2_option* const options = SessionCallbacks::MakeOptions();
  nghttp2_session* session = nullptr;
  CHAYAN_CHECK(nghttp2_session_server_new2(&session, callbacks, this, options) == 0);
  session_.reset(session);
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, kStreamsPerConnectionMax},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindowBytes},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, kHeaderListBytesMax},
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1}};
  CHAYAN_CHECK(nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, std::size(settings)) ==
               0);
  CHAYAN_CHECK(nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0,
                                                     kConnectionWindowBytes) == 0);
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

void Connection::StartResponse(Exchange& exchange) {
  nghttp2_data_provider provider;
  provider.source.ptr = &exchange;
  provider.read_callback = SessionCallbacks::Produce;
  const auto& headers = ResponseHeaders();
  nghttp2_submit_response(session_.get(), exchange.stream_id(), headers.data(), headers.size(),
                          &provider);
  worker_.MarkDirty(*this);
}

void Connection::ResumeOutput(Exchange& exchange) {
  nghttp2_session_resume_data(session_.get(), exchange.stream_id());
  worker_.MarkDirty(*this);
}

void Connection::SendTrailersOnly(Exchange& exchange) {
  Trailers trailers(exchange.ending(), TrailerBytesMax(session_.get()));
  std::vector<nghttp2_nv>& headers = trailers.headers();
  headers.insert(headers.begin(), ResponseHeaders().begin(), ResponseHeaders().end());
  nghttp2_submit_response(session_.get(), exchange.stream_id(), headers.data(), headers.size(),
                          nullptr);
  worker_.MarkDirty(*this);
}

void Connection::SendHttpError(Exchange& exchange, int status) {
  const std::string code = absl::StrCat(status);
  const nghttp2_nv header = Header(":status", code);
  nghttp2_submit_response(session_.get(), exchange.stream_id(), &header, 1, nullptr);
  worker_.MarkDirty(*this);
}

ssize_t Connection::OnProduce(Exchange& exchange, char* out, size_t size, uint32_t* flags) {
  bool done = false;
  const ssize_t count = exchange.Produce(out, size, &done);
  if (count < 0) return NGHTTP2_ERR_DEFERRED;
  if (done) {
    *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
    static const nghttp2_nv kOk = StaticHeader("grpc-status", "0");
    if (exchange.ending().code == 0) {
      nghttp2_submit_trailer(session_.get(), exchange.stream_id(), &kOk, 1);
    } else {
      const Trailers trailers(exchange.ending(), TrailerBytesMax(session_.get()));
      nghttp2_submit_trailer(session_.get(), exchange.stream_id(), trailers.headers().data(),
                             trailers.headers().size());
    }
  }
  return count;
}

void Connection::Consume(Exchange& exchange, size_t bytes) {
  nghttp2_session_consume_stream(session_.get(), exchange.stream_id(), bytes);
  worker_.MarkDirty(*this);
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

bool Connection::TakeControlFrame() {
  return control_frames_.Take(view().elapsed, kControlFramesPerSecond, kControlFramesBurst);
}

int Connection::OnBeginFrame(const nghttp2_frame_hd& head) {
  // Here, because what comes for a stream that is no more goes no further.
  if (head.type != NGHTTP2_WINDOW_UPDATE) return 0;
  if (window_updates_earned_ > 0) {
    --window_updates_earned_;
    return 0;
  }
  return TakeControlFrame() ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
}

int Connection::OnBeginHeaders(const nghttp2_frame& frame) {
  const int32_t id = frame.hd.stream_id;
  if (frame.headers.cat == NGHTTP2_HCAT_REQUEST) {
    auto exchange = std::make_shared<Exchange>(this, id, worker_.mailbox());
    nghttp2_session_set_stream_user_data(session_.get(), id, exchange.get());
    receiving_ = exchange.get();
    exchanges_.emplace(id, std::move(exchange));
  } else {
    const auto found = exchanges_.find(id);
    receiving_ = found == exchanges_.end() ? nullptr : found->second.get();
  }
  return 0;
}

int Connection::OnHeader(const nghttp2_frame&, absl::string_view name, absl::string_view value) {
  if (receiving_ == nullptr) return 0;
  receiving_->AddHeader(name, value);
  return receiving_->header_bytes() > kHeaderFloodBytes ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

int Connection::OnFrame(const nghttp2_frame& frame) {
  switch (frame.hd.type) {
    case NGHTTP2_HEADERS:
    case NGHTTP2_DATA: {
      const auto found = exchanges_.find(frame.hd.stream_id);
      if (found == exchanges_.end()) return 0;
      const std::shared_ptr<Exchange> exchange = found->second;
      if (frame.hd.type == NGHTTP2_HEADERS && frame.headers.cat == NGHTTP2_HCAT_REQUEST) {
        exchange->Open();
      }
      const bool ends = (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
      if (ends) exchange->HalfClose();
      if (frame.hd.length == 0 && !ends && !TakeControlFrame()) {
        return NGHTTP2_ERR_CALLBACK_FAILURE;
      }
      return 0;
    }
    case NGHTTP2_PING:
    case NGHTTP2_SETTINGS:
    case NGHTTP2_PRIORITY:
      return TakeControlFrame() ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
    default:
      return 0;
  }
}

int Connection::OnData(int32_t stream_id, absl::string_view chunk) {
  // The connection's window is open for the other streams, whatever this one holds back.
  nghttp2_session_consume_connection(session_.get(), chunk.size());
  size_t taken = chunk.size();
  if (const auto found = exchanges_.find(stream_id); found != exchanges_.end()) {
    const std::shared_ptr<Exchange> exchange = found->second;
    taken = exchange->TakeBody(chunk);
  }
  if (taken > 0) nghttp2_session_consume_stream(session_.get(), stream_id, taken);
  return 0;
}

int Connection::OnFrameSent(const nghttp2_frame& frame) {
  if (frame.hd.type == NGHTTP2_DATA && frame.hd.length > 0) {
    window_updates_earned_ =
        std::min(window_updates_earned_ + kWindowUpdatesPerData, kWindowUpdatesSavedMax);
  }
  if ((frame.hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
  if (frame.hd.type != NGHTTP2_HEADERS && frame.hd.type != NGHTTP2_DATA) return 0;
  const auto found = exchanges_.find(frame.hd.stream_id);
  if (found == exchanges_.end() || found->second->half_closed()) return 0;
  // The answer is complete before the request was: the peer need not send the rest (RFC 9113 8.1).
  nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, frame.hd.stream_id,
                            NGHTTP2_NO_ERROR);
  return 0;
}

int Connection::OnStreamClose(int32_t stream_id) {
  const auto found = exchanges_.find(stream_id);
  if (found == exchanges_.end()) return 0;
  if (receiving_ == found->second.get()) receiving_ = nullptr;
  const std::shared_ptr<Exchange> exchange = std::move(found->second);
  exchanges_.erase(found);
  exchange->Detach();
  return 0;
}

}  // namespace chayan::rpc
