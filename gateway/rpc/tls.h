// The gateway's side of TLS: 1.3 alone, the peer's certificate required, no resumption of any kind
// (a resumed session would bring back a caller whose certificate was judged long ago).
#ifndef CHAYAN_GATEWAY_RPC_TLS_H_
#define CHAYAN_GATEWAY_RPC_TLS_H_

#include <openssl/ssl.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "gateway/base/clock.h"
#include "gateway/crypto/certificate.h"
#include "gateway/rpc/watched_file.h"

namespace chayan::rpc {

struct SslFree {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using SslPtr = std::unique_ptr<SSL, SslFree>;
using SslContext = std::shared_ptr<SSL_CTX>;

// A server's end on a non-blocking socket, which it does not own. Writes never raise SIGPIPE.
absl::StatusOr<SslPtr> NewServerSsl(SSL_CTX* context, int socket, absl::Time now);

// The chain that the handshake verified, leaf first.
absl::StatusOr<std::vector<crypto::Certificate>> VerifiedChain(SSL* ssl);

// Certificate, key and roots from their files. A pair that does not fit, or does not parse, changes
// nothing but raises an alarm: new connections go on with the last good one. Thread-safe; Refresh
// is for one thread.
class TlsFiles {
 public:
  struct Paths {
    std::string certificate;  // leaf, then intermediates, PEM
    std::string key;          // PEM
    std::string roots;        // PEM
  };
  TlsFiles(Paths paths, const Clock& clock);

  // Reads what changed. An error only at the first call, which has nothing to keep.
  absl::Status Refresh();

  SslContext context() const;
  std::vector<crypto::Certificate> roots() const;
  absl::Time certificate_not_after() const;
  // certificate.unreadable, roots.unreadable.
  std::vector<std::string> Alarms() const;

 private:
  struct Texts {
    std::string certificate;
    std::string key;
    std::string roots;
  };
  struct Loaded {
    SslContext context;
    std::vector<crypto::Certificate> roots;
    absl::Time not_after;
  };
  absl::StatusOr<Loaded> Build(const Texts& texts) const;
  absl::Status Read(Texts& texts);
  absl::Status Try(const Texts& texts, const std::string& alarm);

  const Paths paths_;
  const Clock& clock_;
  // Used by Refresh alone.
  WatchedFile certificate_;
  WatchedFile key_;
  WatchedFile roots_file_;
  Texts good_;
  bool loaded_once_ = false;
  std::set<std::string> next_alarms_;

  mutable absl::Mutex mu_;
  Loaded loaded_ ABSL_GUARDED_BY(mu_);
  std::set<std::string> alarms_ ABSL_GUARDED_BY(mu_);
};

// What OpenSSL put into this thread's error queue, as text; empties it.
std::string TakeTlsError();

}  // namespace chayan::rpc

#endif  // CHAYAN_GATEWAY_RPC_TLS_H_
