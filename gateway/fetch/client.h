// Outgoing HTTP: one request, one bounded answer. What an answer can do to us is little: redirects
// are not followed, nothing is decompressed, headers and body have bounds, and the peer of an https
// URL is always verified. No proxy and no credentials are taken from the environment.
//
// Errors say host and cause, never a path, a header or a body: those may hold a person or a secret.
#ifndef CHAYAN_GATEWAY_FETCH_CLIENT_H_
#define CHAYAN_GATEWAY_FETCH_CLIENT_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace chayan::fetch {

struct Header {
  std::string name;
  std::string value;
};

enum class Method { kGet, kPost, kPut };

struct Request {
  Method method = Method::kGet;
  std::string url;  // see CheckUrl
  std::vector<Header> headers;
  std::string body;                            // not for kGet
  std::vector<std::string> headers_wanted;     // of the answer, lower case; all others are dropped
  absl::Duration timeout = absl::Seconds(10);  // for everything, name lookup to last byte
  // The peer may be asked twice. Where it may not, a kept connection that dies under the request is
  // an error, because nobody knows whether the request arrived.
  bool repeatable = false;
};

struct Response {
  int status = 0;               // any: an error page is an answer too
  std::vector<Header> headers;  // those wanted, names in lower case, in the order they came
  std::string body;

  // The first of this name (lower case); nullptr if there is none.
  const std::string* FindHeader(absl::string_view name) const;
};

// Which addresses may be connected to. It is asked about the address itself, after the name was
// looked up, so a name that changes its mind does not get around it.
enum class Targets {
  kAny,
  kPublic,  // none of this machine or its own network: see IsPublicAddress
};

struct ClientOptions {
  std::string ca_file{};           // PEM; the only roots then. Empty: those of the system
  std::string ca_pem{};            // likewise, the certificates themselves in place of a file
  std::string certificate_file{};  // PEM: leaf, then intermediates; empty: no client certificate
  std::string key_file{};          // PEM, unencrypted
  absl::Duration connect_timeout = absl::Seconds(3);  // name, TCP and TLS
  size_t body_bytes_max = 1 << 20;
  Targets targets = Targets::kAny;
};

// Thread-safe: calls run in parallel, each on a connection of its own, which is kept for the next
// call. Files are read again for every new connection, so they may be replaced at any time.
class Client {
 public:
  // INVALID_ARGUMENT or the file's own error, for files that cannot be read or do not come in
  // pairs.
  static absl::StatusOr<std::unique_ptr<Client>> Create(ClientOptions options);
  virtual ~Client() = default;

  // Blocks for at most the request's timeout. An answer of any status is OK. Errors:
  // INVALID_ARGUMENT: the request cannot be written (URL, header); a fault of the caller.
  // UNAVAILABLE: not sent: no such host, no connection, peer not verified, address not allowed.
  // DEADLINE_EXCEEDED, ABORTED: sent, perhaps seen, but no whole answer came, in time or at all.
  // RESOURCE_EXHAUSTED: sent; the answer is longer than its bound.
  virtual absl::StatusOr<Response> Fetch(const Request& request) = 0;
};

// Whether the peer may have seen a request that ended with this error.
bool MayHaveBeenSent(const absl::Status& error);

// INVALID_ARGUMENT unless the URL is http or https with a host, has no user, password or fragment,
// and consists of printable ASCII.
absl::Status CheckUrl(const std::string& url);

}  // namespace chayan::fetch

#endif  // CHAYAN_GATEWAY_FETCH_CLIENT_H_
