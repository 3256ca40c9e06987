#include "tests/bench/client_connection.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/check.h"
#include "gateway/base/encoding.h"
#include "tests/bench/grpc_frame.h"

namespace chayan::bench {
namespace {

constexpr char kUnary[] = "/chayan.v1.VerificationService/VerifyDocument";
constexpr char kStream[] = "/chayan.v1.VerificationService/VerifyDocuments";
// Wide enough that nobody waits for a window.
constexpr int32_t kWindowBytes = 8 << 20;
constexpr int kUnknownCode = 2;
constexpr int kUnavailableCode = 14;
// Far above any answer in time; a call that takes longer is to fail rather than hold its place.
constexpr char kTimeout[] = "30S";

nghttp2_nv Header(absl::string_view name, absl::string_view value) {
  nghttp2_nv header;
  header.name = reinterpret_cast<uint8_t*>(const_cast<char*>(name.data()));
  header.value = reinterpret_cast<uint8_t*>(const_cast<char*>(value.data()));
  header.namelen = name.size();
  header.valuelen = value.size();
  header.flags = NGHTTP2_NV_FLAG_NONE;
  return header;
}

absl::string_view View(const uint8_t* bytes, size_t length) {
  return {reinterpret_cast<const char*>(bytes), length};
}

// Metadata named -bin may come with padding or without.
std::string FromBinary(absl::string_view value) {
  std::string padded(value);
  while (padded.size() % 4 != 0) padded.push_back('=');
  return Base64Decode(padded).value_or("");
}

// The request id is the first field of a response; anything else answers nothing of ours.
absl::string_view RequestIdOf(absl::string_view response) {
  constexpr char kFieldOneBytes = 0x0a;
  constexpr size_t kIdBytes = 36;
  if (response.size() < kIdBytes + 2 || response[0] != kFieldOneBytes ||
      response[1] != static_cast<char>(kIdBytes)) {
    return "";
  }
  return response.substr(2, kIdBytes);
}

// Copies what is left of `from` into a frame of at most `size`.
size_t CopyOut(absl::string_view from, size_t& sent, uint8_t* out, size_t size) {
  const size_t length = std::min(size, from.size() - sent);
  std::memcpy(out, from.data() + sent, length);
  sent += length;
  return length;
}

}  // namespace

struct ClientConnection::Callbacks {
  static ClientConnection& Of(void* user_data) {
    return *static_cast<ClientConnection*>(user_data);
  }

  static int Header(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name,
                    size_t name_length, const uint8_t* value, size_t value_length, uint8_t,
                    void* user_data) {
    ClientConnection& self = Of(user_data);
    if (Incoming* incoming = self.IncomingOf(frame->hd.stream_id); incoming != nullptr) {
      self.OnHeader(*incoming, View(name, name_length), View(value, value_length));
    }
    return 0;
  }
  static int Data(nghttp2_session*, uint8_t, int32_t stream_id, const uint8_t* bytes, size_t length,
                  void* user_data) {
    Of(user_data).OnData(stream_id, View(bytes, length));
    return 0;
  }
  static int StreamClose(nghttp2_session*, int32_t stream_id, uint32_t, void* user_data) {
    Of(user_data).OnStreamClose(stream_id);
    return 0;
  }
  static int FrameReceived(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
    if (frame->hd.type == NGHTTP2_GOAWAY) Of(user_data).closing_ = true;
    return 0;
  }
  static ssize_t ReadCall(nghttp2_session*, int32_t, uint8_t* out, size_t size, uint32_t* flags,
                          nghttp2_data_source* source, void*) {
    Call& call = *static_cast<Call*>(source->ptr);
    const size_t length = CopyOut(call.framed, call.sent, out, size);
    if (call.sent == call.framed.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(length);
  }
  static ssize_t ReadStream(nghttp2_session*, int32_t, uint8_t* out, size_t size, uint32_t*,
                            nghttp2_data_source* source, void*) {
    ClientConnection& self = *static_cast<ClientConnection*>(source->ptr);
    if (self.stream_sent_ == self.stream_out_.size()) {
      self.stream_out_.clear();
      self.stream_sent_ = 0;
      self.stream_deferred_ = true;
      return NGHTTP2_ERR_DEFERRED;
    }
    return static_cast<ssize_t>(CopyOut(self.stream_out_, self.stream_sent_, out, size));
  }
};

Http2Session ClientConnection::NewSession(ClientConnection* connection) {
  nghttp2_session_callbacks* callbacks = nullptr;
  CHAYAN_CHECK(nghttp2_session_callbacks_new(&callbacks) == 0);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, Callbacks::Header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Callbacks::Data);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, Callbacks::StreamClose);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, Callbacks::FrameReceived);
  nghttp2_session* session = nullptr;
  CHAYAN_CHECK(nghttp2_session_client_new(&session, callbacks, connection) == 0);
  nghttp2_session_callbacks_del(callbacks);
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, static_cast<uint32_t>(kWindowBytes)},
  };
  CHAYAN_CHECK(nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, 2) == 0);
  CHAYAN_CHECK(nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, kWindowBytes) ==
               0);
  return Http2Session(session);
}

ClientConnection::ClientConnection(SSL_CTX* context, int socket, const std::string& authority,
                                   bool stream, Owner& owner)
    : authority_(authority),
      stream_(stream),
      owner_(owner),
      tls_(context, socket, /*is_server=*/false, NewSession(this)) {}

int32_t ClientConnection::Submit(const char* method, nghttp2_data_provider* body, Call* call) {
  const nghttp2_nv headers[] = {
      Header(":method", "POST"),        Header(":scheme", "https"),
      Header(":authority", authority_), Header(":path", method),
      Header("te", "trailers"),         Header("content-type", "application/grpc"),
      Header("grpc-timeout", kTimeout),
  };
  // A stream lives as long as its connection: no timeout.
  const size_t count = std::size(headers) - (call == nullptr ? 1 : 0);
  return nghttp2_submit_request(tls_.http2(), nullptr, headers, count, body, call);
}

void ClientConnection::Ask(Call& call) {
  in_flight_[call.request_id] = &call;
  nghttp2_data_provider body;
  if (!stream_) {
    call.framed.clear();
    AppendFramed(call.framed, call.request);
    call.sent = 0;
    call.incoming = Incoming();
    body.source.ptr = &call;
    body.read_callback = Callbacks::ReadCall;
    CHAYAN_CHECK(Submit(kUnary, &body, &call) > 0);
    return;
  }
  AppendFramed(stream_out_, call.request);
  if (stream_id_ == 0) {
    stream_incoming_ = Incoming();
    stream_deferred_ = false;
    body.source.ptr = this;
    body.read_callback = Callbacks::ReadStream;
    stream_id_ = Submit(kStream, &body, nullptr);
    CHAYAN_CHECK(stream_id_ > 0);
  } else if (stream_deferred_) {
    stream_deferred_ = false;
    CHAYAN_CHECK(nghttp2_session_resume_data(tls_.http2(), stream_id_) == 0);
  }
}

Incoming* ClientConnection::IncomingOf(int32_t stream_id) {
  if (stream_) return stream_id == stream_id_ ? &stream_incoming_ : nullptr;
  auto* call = static_cast<Call*>(nghttp2_session_get_stream_user_data(tls_.http2(), stream_id));
  return call == nullptr ? nullptr : &call->incoming;
}

void ClientConnection::OnHeader(Incoming& incoming, absl::string_view name,
                                absl::string_view value) {
  if (name == "grpc-status") {
    if (!absl::SimpleAtoi(value, &incoming.grpc_status)) incoming.grpc_status = kUnknownCode;
  } else if (name == "grpc-status-details-bin") {
    incoming.details = FromBinary(value);
  } else if (name == "chayan-receipt-bin") {
    incoming.receipt = FromBinary(value);
  }
}

void ClientConnection::OnData(int32_t stream_id, absl::string_view bytes) {
  Incoming* incoming = IncomingOf(stream_id);
  if (incoming == nullptr) return;
  incoming->bytes.append(bytes.data(), bytes.size());
  if (stream_) OnStreamMessages();
}

void ClientConnection::OnStreamMessages() {
  const std::string received = std::exchange(stream_incoming_.bytes, "");
  absl::string_view rest = received;
  while (const std::optional<absl::string_view> message = TakeMessage(rest)) {
    const auto found = in_flight_.find(RequestIdOf(*message));
    if (found == in_flight_.end()) {
      owner_.OnStray(*message);
      continue;
    }
    Call& call = *found->second;
    in_flight_.erase(found);
    owner_.OnAnswer(call, *message);
  }
  stream_incoming_.bytes.assign(rest.data(), rest.size());
}

void ClientConnection::OnStreamClose(int32_t stream_id) {
  if (!stream_) {
    auto* call = static_cast<Call*>(nghttp2_session_get_stream_user_data(tls_.http2(), stream_id));
    if (call != nullptr) Finish(*call);
    return;
  }
  if (stream_id != stream_id_) return;
  stream_id_ = 0;
  stream_out_.clear();
  stream_sent_ = 0;
  const Incoming why = std::move(stream_incoming_);
  std::vector<Call*> failed;
  for (const auto& [id, call] : in_flight_) failed.push_back(call);
  for (Call* call : failed) Fail(*call, why);
}

void ClientConnection::Finish(Call& call) {
  const Incoming incoming = std::move(call.incoming);
  absl::string_view rest = incoming.bytes;
  const std::optional<absl::string_view> message = TakeMessage(rest);
  if (incoming.grpc_status != 0 || !message.has_value()) return Fail(call, incoming);
  in_flight_.erase(call.request_id);
  owner_.OnAnswer(call, *message);
}

void ClientConnection::Fail(Call& call, const Incoming& why) {
  in_flight_.erase(call.request_id);
  // A call that ends well without its message is no better than one without a status.
  const int code = why.grpc_status > 0 ? why.grpc_status : kUnknownCode;
  owner_.OnError(call, code, why.details, why.receipt);
}

void ClientConnection::FailAll() {
  const absl::flat_hash_map<std::string, Call*> failed = std::exchange(in_flight_, {});
  for (const auto& [id, call] : failed) owner_.OnError(*call, kUnavailableCode, "", "");
}

}  // namespace chayan::bench
