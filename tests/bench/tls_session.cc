#include "tests/bench/tls_session.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gateway/base/status_macros.h"

namespace chayan::bench {
namespace {

// One TLS record.
constexpr size_t kRecordBytes = 16 << 10;
// What is gathered before TLS gets it: more would only add latency.
constexpr size_t kOutBytesMax = 64 << 10;
constexpr int kListenBacklog = 1024;

absl::Status TlsError(absl::string_view what) {
  char text[256] = "no reason given";
  if (const unsigned long code = ERR_peek_error(); code != 0) {
    ERR_error_string_n(code, text, sizeof(text));
  }
  ERR_clear_error();
  return absl::UnavailableError(absl::StrCat(what, ": ", text));
}

absl::Status SystemError(absl::string_view what) {
  return absl::UnavailableError(absl::StrCat(what, ": ", std::strerror(errno)));
}

int ChooseHttp2(SSL*, const unsigned char** out, unsigned char* out_length,
                const unsigned char* offered, unsigned int offered_length, void*) {
  static constexpr unsigned char kH2[] = "\x02h2";
  const int found = SSL_select_next_proto(const_cast<unsigned char**>(out), out_length, kH2,
                                          sizeof(kH2) - 1, offered, offered_length);
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

absl::StatusOr<SslContext> NewContext(const SSL_METHOD* method, const TlsFiles& files) {
  SslContext context(SSL_CTX_new(method));
  if (context == nullptr) return TlsError("TLS context");
  SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context.get(), 0);
  SSL_CTX_set_read_ahead(context.get(), 1);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  if (SSL_CTX_load_verify_locations(context.get(), files.roots.c_str(), nullptr) != 1) {
    return TlsError(absl::StrCat("roots ", files.roots));
  }
  if (SSL_CTX_use_certificate_chain_file(context.get(), files.certificate.c_str()) != 1) {
    return TlsError(absl::StrCat("certificate ", files.certificate));
  }
  if (SSL_CTX_use_PrivateKey_file(context.get(), files.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return TlsError(absl::StrCat("key ", files.key));
  }
  return context;
}

absl::StatusOr<sockaddr_in> ParseAddress(absl::string_view address) {
  const std::pair<std::string, std::string> parts =
      absl::StrSplit(address, absl::MaxSplits(':', 1));
  sockaddr_in result{};
  result.sin_family = AF_INET;
  int port = 0;
  const std::string host = parts.first == "localhost" ? "127.0.0.1" : parts.first;
  if (inet_pton(AF_INET, host.c_str(), &result.sin_addr) != 1 ||
      !absl::SimpleAtoi(parts.second, &port) || port < 0 || port > 65535) {
    return absl::InvalidArgumentError(
        absl::StrCat(address, ": not an address, write 127.0.0.1:PORT"));
  }
  result.sin_port = htons(static_cast<uint16_t>(port));
  return result;
}

void SetNoDelay(int socket) {
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

}  // namespace

absl::StatusOr<SslContext> NewClientContext(const TlsFiles& files) {
  CHAYAN_ASSIGN_OR_RETURN(SslContext context, NewContext(TLS_client_method(), files));
  static constexpr unsigned char kH2[] = "\x02h2";
  SSL_CTX_set_alpn_protos(context.get(), kH2, sizeof(kH2) - 1);
  return context;
}

absl::StatusOr<SslContext> NewServerContext(const TlsFiles& files) {
  CHAYAN_ASSIGN_OR_RETURN(SslContext context, NewContext(TLS_server_method(), files));
  SSL_CTX_set_alpn_select_cb(context.get(), ChooseHttp2, nullptr);
  return context;
}

absl::StatusOr<int> Connect(absl::string_view address) {
  CHAYAN_ASSIGN_OR_RETURN(const sockaddr_in peer, ParseAddress(address));
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket < 0) return SystemError("socket");
  SetNoDelay(socket);
  if (connect(socket, reinterpret_cast<const sockaddr*>(&peer), sizeof(peer)) != 0 &&
      errno != EINPROGRESS) {
    const absl::Status status = SystemError(absl::StrCat("connect to ", address));
    close(socket);
    return status;
  }
  return socket;
}

absl::StatusOr<int> Listen(absl::string_view address) {
  CHAYAN_ASSIGN_OR_RETURN(const sockaddr_in here, ParseAddress(address));
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket < 0) return SystemError("socket");
  const int on = 1;
  setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (bind(socket, reinterpret_cast<const sockaddr*>(&here), sizeof(here)) != 0 ||
      listen(socket, kListenBacklog) != 0) {
    const absl::Status status = SystemError(absl::StrCat("listen on ", address));
    close(socket);
    return status;
  }
  return socket;
}

std::string BoundAddress(int listener) {
  sockaddr_in here{};
  socklen_t length = sizeof(here);
  getsockname(listener, reinterpret_cast<sockaddr*>(&here), &length);
  char host[INET_ADDRSTRLEN] = "";
  inet_ntop(AF_INET, &here.sin_addr, host, sizeof(host));
  return absl::StrCat(host, ":", ntohs(here.sin_port));
}

TlsSession::TlsSession(SSL_CTX* context, int socket, bool is_server, Http2Session session)
    : socket_(socket), ssl_(SSL_new(context)), session_(std::move(session)) {
  SetNoDelay(socket_);
  SSL_set_fd(ssl_.get(), socket_);
  if (is_server) {
    SSL_set_accept_state(ssl_.get());
  } else {
    SSL_set_connect_state(ssl_.get());
  }
}

TlsSession::~TlsSession() { close(socket_); }

absl::Status TlsSession::Handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) {
    established_ = true;
    blocked_ = false;
    return absl::OkStatus();
  }
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      blocked_ = false;
      return absl::OkStatus();
    case SSL_ERROR_WANT_WRITE:
      blocked_ = true;
      return absl::OkStatus();
    case SSL_ERROR_SYSCALL:
      return SystemError("handshake");
    default:
      return TlsError("handshake");
  }
}

absl::Status TlsSession::Advance() {
  if (!established_) {
    CHAYAN_RETURN_IF_ERROR(Handshake());
    if (!established_) return absl::OkStatus();
  }
  uint8_t buffer[kRecordBytes];
  while (true) {
    ERR_clear_error();
    const int got = SSL_read(ssl_.get(), buffer, sizeof(buffer));
    if (got <= 0) {
      switch (SSL_get_error(ssl_.get(), got)) {
        case SSL_ERROR_WANT_READ:
          return absl::OkStatus();
        case SSL_ERROR_ZERO_RETURN:
          return absl::UnavailableError("the peer closed the connection");
        case SSL_ERROR_SYSCALL:
          return absl::UnavailableError("the connection was lost");
        default:
          return TlsError("read");
      }
    }
    const ssize_t taken =
        nghttp2_session_mem_recv(session_.get(), buffer, static_cast<size_t>(got));
    if (taken < 0) {
      return absl::UnavailableError(
          absl::StrCat("HTTP/2: ", nghttp2_strerror(static_cast<int>(taken))));
    }
    if (nghttp2_session_want_read(session_.get()) == 0 &&
        nghttp2_session_want_write(session_.get()) == 0) {
      return absl::UnavailableError("the peer ended the HTTP/2 session");
    }
  }
}

absl::Status TlsSession::Flush() {
  if (!established_) return absl::OkStatus();
  if (out_.empty() && nghttp2_session_want_write(session_.get()) == 0) return absl::OkStatus();
  while (true) {
    while (out_.size() - out_sent_ < kOutBytesMax) {
      const uint8_t* bytes = nullptr;
      const ssize_t length = nghttp2_session_mem_send(session_.get(), &bytes);
      if (length < 0) {
        return absl::UnavailableError(
            absl::StrCat("HTTP/2: ", nghttp2_strerror(static_cast<int>(length))));
      }
      if (length == 0) break;
      out_.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(length));
    }
    if (out_.size() == out_sent_) {
      out_.clear();
      out_sent_ = 0;
      blocked_ = false;
      return absl::OkStatus();
    }
    ERR_clear_error();
    const int sent =
        SSL_write(ssl_.get(), out_.data() + out_sent_, static_cast<int>(out_.size() - out_sent_));
    if (sent <= 0) {
      const int error = SSL_get_error(ssl_.get(), sent);
      if (error == SSL_ERROR_WANT_WRITE || error == SSL_ERROR_WANT_READ) {
        blocked_ = true;
        return absl::OkStatus();
      }
      return absl::UnavailableError("the connection was lost");
    }
    out_sent_ += static_cast<size_t>(sent);
    if (out_sent_ == out_.size()) {
      out_.clear();
      out_sent_ = 0;
    }
  }
}

}  // namespace chayan::bench
