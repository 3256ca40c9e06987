// One HTTP/2 connection over TLS 1.3 on a non-blocking socket, either side of it: moves bytes
// between the socket and an nghttp2 session. What the session means is its owner's business. One
// thread.
#ifndef CHAYAN_TESTS_BENCH_TLS_SESSION_H_
#define CHAYAN_TESTS_BENCH_TLS_SESSION_H_

#include <nghttp2/nghttp2.h>
#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace chayan::bench {

// PEM files, as in the variables CHAYAN_CA, CHAYAN_CERT, CHAYAN_KEY.
struct TlsFiles {
  std::string roots;
  std::string certificate;
  std::string key;
};

struct SslContextFree {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using SslContext = std::unique_ptr<SSL_CTX, SslContextFree>;

// Both sides show a certificate and demand one. No tickets: every connection is a whole handshake.
absl::StatusOr<SslContext> NewClientContext(const TlsFiles& files);
absl::StatusOr<SslContext> NewServerContext(const TlsFiles& files);

struct SslFree {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using SslPtr = std::unique_ptr<SSL, SslFree>;

struct SessionFree {
  void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
};
using Http2Session = std::unique_ptr<nghttp2_session, SessionFree>;

// "HOST:PORT" in numbers, as in "127.0.0.1:7443".
absl::StatusOr<int> Connect(absl::string_view address);
// Listens there; port 0 takes a free one.
absl::StatusOr<int> Listen(absl::string_view address);
// Where a listening socket listens.
std::string BoundAddress(int listener);

class TlsSession {
 public:
  // Takes the socket. `session` may be used from construction on; what it has to say waits for the
  // handshake.
  TlsSession(SSL_CTX* context, int socket, bool is_server, Http2Session session);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  int socket() const { return socket_; }
  nghttp2_session* http2() const { return session_.get(); }
  bool established() const { return established_; }

  // The socket is readable or writable: goes on with the handshake, feeds what came to the session.
  // An error means that the connection is over.
  absl::Status Advance();
  // Sends what the session has to say, as far as the socket takes it.
  absl::Status Flush();
  // Bytes wait until the socket is writable.
  bool blocked() const { return blocked_; }

 private:
  absl::Status Handshake();

  const int socket_;
  SslPtr ssl_;
  Http2Session session_;
  bool established_ = false;
  bool blocked_ = true;  // Until the socket is connected.
  std::string out_;      // From the session, not yet taken by TLS.
  size_t out_sent_ = 0;
};

}  // namespace chayan::bench

#endif  // CHAYAN_TESTS_BENCH_TLS_SESSION_H_
