// One client connection with calls of VerifyDocument in flight, or with one stream of
// VerifyDocuments that carries them all.
#ifndef CHAYAN_TESTS_BENCH_CLIENT_CONNECTION_H_
#define CHAYAN_TESTS_BENCH_CLIENT_CONNECTION_H_

#include <cstdint>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "tests/bench/tls_session.h"

namespace chayan::bench {

// What comes back on one HTTP/2 stream.
struct Incoming {
  std::string bytes;
  int grpc_status = -1;  // None came.
  std::string details;   // The google.rpc.Status.
  std::string receipt;   // The Receipt that comes with an error.
};

// One question. Its owner keeps it in place until it is answered or has failed.
struct Call {
  uint64_t number = 0;
  int64_t start_ns = 0;
  std::string request_id;
  std::string request;

  // For the connection alone, while it is in flight.
  std::string framed;
  size_t sent = 0;
  Incoming incoming;
};

class ClientConnection {
 public:
  // Told of each call once. From within, more questions may be asked, on any connection.
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void OnAnswer(Call& call, absl::string_view response) = 0;
    // `details` and `receipt` as far as they came.
    virtual void OnError(Call& call, int code, absl::string_view details,
                         absl::string_view receipt) = 0;
    // A message of the stream that answers nothing in flight.
    virtual void OnStray(absl::string_view response) = 0;
  };

  ClientConnection(SSL_CTX* context, int socket, const std::string& authority, bool stream,
                   Owner& owner);

  int socket() const { return tls_.socket(); }
  bool established() const { return tls_.established(); }
  bool blocked() const { return tls_.blocked(); }
  // The peer takes no new calls.
  bool closing() const { return closing_; }
  bool idle() const { return in_flight_.empty(); }
  absl::Status Advance() { return tls_.Advance(); }
  absl::Status Flush() { return tls_.Flush(); }

  // REQUIRES: established, not closing.
  void Ask(Call& call);
  // The connection is lost: every call in flight fails with UNAVAILABLE.
  void FailAll();

 private:
  struct Callbacks;
  static Http2Session NewSession(ClientConnection* connection);

  int32_t Submit(const char* method, nghttp2_data_provider* body, Call* call);
  Incoming* IncomingOf(int32_t stream_id);
  void OnHeader(Incoming& incoming, absl::string_view name, absl::string_view value);
  void OnData(int32_t stream_id, absl::string_view bytes);
  void OnStreamClose(int32_t stream_id);
  void OnStreamMessages();
  void Finish(Call& call);
  void Fail(Call& call, const Incoming& why);

  const std::string authority_;
  const bool stream_;
  Owner& owner_;
  TlsSession tls_;
  bool closing_ = false;
  absl::flat_hash_map<std::string, Call*> in_flight_;  // By request id.

  // Of the one stream, when there is one.
  int32_t stream_id_ = 0;  // 0: not open.
  Incoming stream_incoming_;
  std::string stream_out_;
  size_t stream_sent_ = 0;
  bool stream_deferred_ = false;
};

}  // namespace chayan::bench

#endif  // CHAYAN_TESTS_BENCH_CLIENT_CONNECTION_H_
