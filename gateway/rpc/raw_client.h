// A client without manners, for tests alone: TLS with whatever certificate and version, then bytes
// or HTTP/2 frames written by hand.
#ifndef CHAYAN_GATEWAY_RPC_RAW_CLIENT_H_
#define CHAYAN_GATEWAY_RPC_RAW_CLIENT_H_

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "gateway/base/check.h"
#include "gateway/base/encoding.h"
#include "gateway/crypto/test_pki.h"
#include "gateway/rpc/test_front.h"

namespace chayan::rpc {

inline std::string H2Frame(uint8_t type, uint8_t flags, uint32_t stream_id,
                           const std::string& payload) {
  std::string frame;
  AppendUint32(frame, static_cast<uint32_t>(payload.size()) << 8 | type);
  frame += static_cast<char>(flags);
  AppendUint32(frame, stream_id);
  return frame + payload;
}

// A header as a literal that enters no table (RFC 7541 6.2.2).
inline std::string H2Header(const std::string& name, const std::string& value) {
  const auto text = [](const std::string& bytes) {
    std::string out;
    size_t size = bytes.size();
    if (size < 127) return std::string(1, static_cast<char>(size)) + bytes;
    out += '\x7f';
    for (size -= 127; size >= 128; size >>= 7) out += static_cast<char>(size % 128 + 128);
    out += static_cast<char>(size);
    return out + bytes;
  };
  return std::string(1, '\0') + text(name) + text(value);
}

inline std::string H2Request(const std::string& path, const std::string& method = "POST",
                             const std::string& content_type = "application/grpc") {
  return H2Header(":method", method) + H2Header(":scheme", "https") + H2Header(":path", path) +
         H2Header(":authority", "localhost") + H2Header("content-type", content_type) +
         H2Header("te", "trailers");
}

inline std::string GrpcMessage(const std::string& message) {
  std::string frame(1, '\0');
  AppendUint32(frame, static_cast<uint32_t>(message.size()));
  return frame + message;
}

inline constexpr uint8_t kEndStream = 1;
inline constexpr uint8_t kEndHeaders = 4;

class RawClient {
 public:
  struct Options {
    const crypto::TestParty* party = nullptr;
    int version = TLS1_3_VERSION;
    bool offer_http2 = true;
    SSL_SESSION* resume = nullptr;
  };
  RawClient(const TestFront& front, const Options& options) {
    signal(SIGPIPE, SIG_IGN);
    const std::string address = front.server->address();
    int port = 0;
    CHAYAN_CHECK(absl::SimpleAtoi(address.substr(address.rfind(':') + 1), &port));
    socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval patience{.tv_sec = absl::ToInt64Seconds(kPatience), .tv_usec = 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    sockaddr_in target{};
    target.sin_family = AF_INET;
    target.sin_port = htons(static_cast<uint16_t>(port));
    target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHAYAN_CHECK(connect(socket_, reinterpret_cast<sockaddr*>(&target), sizeof(target)) == 0);
    const int on = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    context_ = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_max_proto_version(context_, options.version);
    if (options.party != nullptr) {
      SSL_CTX_use_certificate(context_, options.party->x509.get());
      SSL_CTX_use_PrivateKey(context_, options.party->key.get());
      // The issuer is an intermediate of the test PKI in every case.
      SSL_CTX_add1_chain_cert(context_, front.authority.x509.get());
      SSL_CTX_add1_chain_cert(context_, front.stranger.x509.get());
    }
    constexpr unsigned char kHttp2[] = {2, 'h', '2'};
    if (options.offer_http2) SSL_CTX_set_alpn_protos(context_, kHttp2, sizeof(kHttp2));
    SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_CLIENT);
    ssl_ = SSL_new(context_);
    SSL_set_fd(ssl_, socket_);
    if (options.resume != nullptr) SSL_set_session(ssl_, options.resume);
    nghttp2_hd_inflate_new(&inflater_);
  }
  ~RawClient() {
    nghttp2_hd_inflate_del(inflater_);
    SSL_free(ssl_);
    SSL_CTX_free(context_);
    ERR_clear_error();
    close(socket_);
  }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool Handshake() { return SSL_connect(ssl_) == 1; }
  SSL* ssl() { return ssl_; }
  int socket_fd() const { return socket_; }
  bool Send(const std::string& bytes) {
    for (size_t done = 0; done < bytes.size();) {
      const int count = SSL_write(ssl_, bytes.data() + done, static_cast<int>(bytes.size() - done));
      if (count <= 0) return false;
      done += static_cast<size_t>(count);
    }
    return true;
  }
  bool StartHttp2(const std::string& settings = {}) {
    return Handshake() && Send(std::string(NGHTTP2_CLIENT_MAGIC) + H2Frame(4, 0, 0, settings));
  }

  struct Frame {
    uint8_t type;
    uint8_t flags;
    uint32_t stream_id;
    std::string payload;
    std::map<std::string, std::string> headers;
  };
  // Nothing at the end of the connection.
  std::optional<Frame> Read() {
    std::string head;
    if (!ReadExactly(9, head)) return std::nullopt;
    const auto byte = [&](size_t i) { return uint32_t{static_cast<unsigned char>(head[i])}; };
    Frame frame{.type = static_cast<uint8_t>(byte(3)),
                .flags = static_cast<uint8_t>(byte(4)),
                .stream_id = byte(5) << 24 | byte(6) << 16 | byte(7) << 8 | byte(8),
                .payload = {},
                .headers = {}};
    if (!ReadExactly(byte(0) << 16 | byte(1) << 8 | byte(2), frame.payload)) return std::nullopt;
    if (frame.type == NGHTTP2_HEADERS) Inflate(frame);
    return frame;
  }
  // The first frame that fits; nothing when the connection ends before.
  std::optional<Frame> ReadUntil(const std::function<bool(const Frame&)>& fits) {
    while (std::optional<Frame> frame = Read()) {
      if (fits(*frame)) return frame;
    }
    return std::nullopt;
  }
  // The value of a header of a stream, wherever it comes.
  std::string ReadHeader(uint32_t stream_id, const std::string& name) {
    const auto frame = ReadUntil([&](const Frame& read) {
      return read.stream_id == stream_id && read.headers.contains(name);
    });
    return frame ? frame->headers.at(name) : "";
  }
  // Reads to the end of the connection; false when patience ended first.
  bool ReadsEnd() {
    char buffer[4096];
    while (true) {
      ERR_clear_error();
      const int count = SSL_read(ssl_, buffer, sizeof(buffer));
      if (count > 0) continue;
      const int error = SSL_get_error(ssl_, count);
      return error != SSL_ERROR_WANT_READ;
    }
  }

 private:
  bool ReadExactly(size_t size, std::string& out) {
    out.resize(size);
    for (size_t done = 0; done < size;) {
      const int count = SSL_read(ssl_, out.data() + done, static_cast<int>(size - done));
      if (count <= 0) return false;
      done += static_cast<size_t>(count);
    }
    return true;
  }
  void Inflate(Frame& frame) {
    const auto* bytes = reinterpret_cast<const uint8_t*>(frame.payload.data());
    size_t size = frame.payload.size();
    while (true) {
      nghttp2_nv header;
      int flags = 0;
      const ssize_t count = nghttp2_hd_inflate_hd2(inflater_, &header, &flags, bytes, size, 1);
      if (count < 0) return;
      bytes += count;
      size -= static_cast<size_t>(count);
      if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
        frame.headers[std::string(reinterpret_cast<char*>(header.name), header.namelen)] =
            std::string(reinterpret_cast<char*>(header.value), header.valuelen);
      }
      if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) break;
    }
    nghttp2_hd_inflate_end_headers(inflater_);
  }

  int socket_ = -1;
  SSL_CTX* context_ = nullptr;
  SSL* ssl_ = nullptr;
  nghttp2_hd_inflater* inflater_ = nullptr;
};

}  // namespace chayan::rpc

#endif  // CHAYAN_GATEWAY_RPC_RAW_CLIENT_H_
