// chayan-bench-backend: a plain gRPC server over mutual TLS that answers VerifyDocument with a
// fixed answer: what a direct call costs, and the upstream of nginx and HAProxy. One thread. Prints
// its address on stdout.
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstring>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "chayan/v1/verification_service.pb.h"
#include "gateway/base/check.h"
#include "google/protobuf/arena.h"
#include "tests/bench/fixed_answer.h"
#include "tests/bench/grpc_frame.h"
#include "tests/bench/tls_session.h"

namespace chayan::bench {
namespace {

constexpr int kEventsMax = 256;
constexpr uint32_t kStreamsMax = 1024;
constexpr uint32_t kWindowBytes = 8 << 20;

nghttp2_nv Header(const char* name, const char* value) {
  nghttp2_nv header;
  header.name = reinterpret_cast<uint8_t*>(const_cast<char*>(name));
  header.value = reinterpret_cast<uint8_t*>(const_cast<char*>(value));
  header.namelen = std::strlen(name);
  header.valuelen = std::strlen(value);
  header.flags = NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE;
  return header;
}

// One call: first its request, then its response.
struct Exchange {
  std::string bytes;
  size_t sent = 0;
};

class ServerConnection {
 public:
  ServerConnection(SSL_CTX* context, int socket)
      : tls_(context, socket, /*is_server=*/true, NewSession(this)) {}

  TlsSession& tls() { return tls_; }
  bool watches_writes = false;

 private:
  static ServerConnection& Of(void* user_data) {
    return *static_cast<ServerConnection*>(user_data);
  }
  static int Data(nghttp2_session*, uint8_t, int32_t stream_id, const uint8_t* bytes, size_t length,
                  void* user_data) {
    Of(user_data).exchanges_[stream_id].bytes.append(reinterpret_cast<const char*>(bytes), length);
    return 0;
  }
  static int FrameReceived(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
    const bool ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (ends && (frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS)) {
      Of(user_data).Answer(frame->hd.stream_id);
    }
    return 0;
  }
  static int StreamClose(nghttp2_session*, int32_t stream_id, uint32_t, void* user_data) {
    Of(user_data).exchanges_.erase(stream_id);
    return 0;
  }
  static ssize_t Read(nghttp2_session* session, int32_t stream_id, uint8_t* out, size_t size,
                      uint32_t* flags, nghttp2_data_source* source, void*) {
    Exchange& exchange = *static_cast<Exchange*>(source->ptr);
    const size_t length = std::min(size, exchange.bytes.size() - exchange.sent);
    std::memcpy(out, exchange.bytes.data() + exchange.sent, length);
    exchange.sent += length;
    if (exchange.sent == exchange.bytes.size()) {
      *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
      const nghttp2_nv trailers[] = {Header("grpc-status", "0")};
      if (nghttp2_submit_trailer(session, stream_id, trailers, 1) != 0) {
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
      }
    }
    return static_cast<ssize_t>(length);
  }

  static Http2Session NewSession(ServerConnection* connection) {
    nghttp2_session_callbacks* callbacks = nullptr;
    CHAYAN_CHECK(nghttp2_session_callbacks_new(&callbacks) == 0);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, FrameReceived);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, StreamClose);
    nghttp2_session* session = nullptr;
    CHAYAN_CHECK(nghttp2_session_server_new(&session, callbacks, connection) == 0);
    nghttp2_session_callbacks_del(callbacks);
    const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, kStreamsMax},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kWindowBytes},
    };
    CHAYAN_CHECK(nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, 2) == 0);
    CHAYAN_CHECK(
        nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, kWindowBytes) == 0);
    return Http2Session(session);
  }

  void Answer(int32_t stream_id) {
    Exchange& exchange = exchanges_[stream_id];
    absl::string_view rest = exchange.bytes;
    const std::optional<absl::string_view> message = TakeMessage(rest);
    google::protobuf::Arena arena;
    auto* request = google::protobuf::Arena::CreateMessage<v1::VerifyDocumentRequest>(&arena);
    if (!message.has_value() ||
        !request->ParseFromArray(message->data(), static_cast<int>(message->size()))) {
      const nghttp2_nv refusal[] = {Header(":status", "200"),
                                    Header("content-type", "application/grpc"),
                                    Header("grpc-status", "3")};
      nghttp2_submit_response(tls_.http2(), stream_id, refusal, 3, nullptr);
      return;
    }
    auto* response = google::protobuf::Arena::CreateMessage<v1::VerifyDocumentResponse>(&arena);
    response->set_request_id(request->request_id());
    FixedAnswer(*request, *response->mutable_answer());
    const std::string bytes = response->SerializeAsString();
    exchange.bytes.clear();
    AppendFramed(exchange.bytes, bytes);
    const nghttp2_nv headers[] = {Header(":status", "200"),
                                  Header("content-type", "application/grpc")};
    nghttp2_data_provider body;
    body.source.ptr = &exchange;
    body.read_callback = Read;
    nghttp2_submit_response(tls_.http2(), stream_id, headers, 2, &body);
  }

  // A node of a map stays where it is, so that nghttp2 may point at it.
  std::map<int32_t, Exchange> exchanges_;
  TlsSession tls_;
};

class Backend {
 public:
  Backend(SslContext context, int listener)
      : context_(std::move(context)), listener_(listener), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    Watch(EPOLL_CTL_ADD, listener_, EPOLLIN);
  }

  [[noreturn]] void Serve() {
    epoll_event events[kEventsMax];
    while (true) {
      const int count = epoll_wait(epoll_, events, kEventsMax, -1);
      for (int i = 0; i < count; ++i) {
        if (events[i].data.fd == listener_) {
          Accept();
        } else {
          Advance(events[i].data.fd);
        }
      }
    }
  }

 private:
  void Watch(int operation, int socket, uint32_t what) {
    epoll_event event{};
    event.events = what;
    event.data.fd = socket;
    CHAYAN_CHECK(epoll_ctl(epoll_, operation, socket, &event) == 0);
  }

  void Accept() {
    const int socket = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket < 0) return;
    connections_[socket] = std::make_unique<ServerConnection>(context_.get(), socket);
    Watch(EPOLL_CTL_ADD, socket, EPOLLIN);
  }

  void Advance(int socket) {
    ServerConnection& connection = *connections_.at(socket);
    absl::Status status = connection.tls().Advance();
    if (status.ok()) status = connection.tls().Flush();
    if (!status.ok()) {
      connections_.erase(socket);  // Closes the socket, which leaves the epoll set with it.
      return;
    }
    if (connection.tls().blocked() != connection.watches_writes) {
      connection.watches_writes = connection.tls().blocked();
      Watch(EPOLL_CTL_MOD, socket, EPOLLIN | (connection.watches_writes ? EPOLLOUT : 0u));
    }
  }

  const SslContext context_;
  const int listener_;
  const int epoll_;
  std::map<int, std::unique_ptr<ServerConnection>> connections_;
};

}  // namespace
}  // namespace chayan::bench

int main(int argc, char** argv) {
  using chayan::bench::TlsFiles;
  CLI::App app("Answers VerifyDocument with a fixed answer over mutual TLS.",
               "chayan-bench-backend");
  TlsFiles files;
  std::string listen = "127.0.0.1:0";
  app.add_option("--listen", listen, "Address and port; port 0 takes a free one");
  app.add_option("--ca", files.roots, "Roots of callers, PEM")->required();
  app.add_option("--cert", files.certificate, "Its certificate, then intermediates, PEM")
      ->required();
  app.add_option("--key", files.key, "Its key, PEM")->required();
  CLI11_PARSE(app, argc, argv);

  signal(SIGPIPE, SIG_IGN);
  absl::StatusOr<chayan::bench::SslContext> context = chayan::bench::NewServerContext(files);
  if (!context.ok()) {
    std::cerr << "chayan-bench-backend: " << context.status().message() << std::endl;
    return 1;
  }
  const absl::StatusOr<int> listener = chayan::bench::Listen(listen);
  if (!listener.ok()) {
    std::cerr << "chayan-bench-backend: " << listener.status().message() << std::endl;
    return 1;
  }
  std::cout << chayan::bench::BoundAddress(*listener) << std::endl;
  chayan::bench::Backend(std::move(*context), *listener).Serve();
}
