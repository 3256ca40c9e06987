// The HTTP/2 half of a connection: nghttp2's callbacks, and what is submitted to it.
#include <algorithm>
#include <array>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gateway/base/check.h"
#include "gateway/base/diag.h"
#include "gateway/rpc/connection.h"
#include "gateway/rpc/limits.h"
#include "gateway/rpc/worker.h"

namespace chayan::rpc {
namespace {

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

void Connection::OpenSession() {
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

bool Connection::TakeControlFrame() {
  if (control_frames_.Take(view().elapsed, kControlFramesPerSecond, kControlFramesBurst)) {
    return true;
  }
  diag::Warning("rpc.peer_floods", {{"member", standing_.caller->member}});
  return false;
}

void Connection::EarnWindowUpdates() {
  window_updates_earned_ =
      std::min(window_updates_earned_ + kWindowUpdatesPerData, kWindowUpdatesSavedMax);
}

int Connection::OnBeginFrame(const nghttp2_frame_hd& head) {
  // Here, because what comes for a stream that is no more goes no further.
  if (head.type == NGHTTP2_DATA && head.length > 0) EarnWindowUpdates();
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
  if (frame.hd.type == NGHTTP2_DATA && frame.hd.length > 0) EarnWindowUpdates();
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
