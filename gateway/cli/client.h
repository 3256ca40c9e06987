// Calls to a gateway: bytes in, bytes out. What is signed and hashed are the bytes of a message, so
// this room never lets a transport serialize them again. Only client.cc knows gRPC.
//
// The gateway must prove itself twice: a chain to the given root with the server use, and a name
// spiffe://TRUST-DOMAIN/gateway/NAME. Every member's certificate chains to the same root; only the
// name tells a gateway from them.
#ifndef CHAYAN_GATEWAY_CLI_CLIENT_H_
#define CHAYAN_GATEWAY_CLI_CLIENT_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace chayan::cli {

// PEM texts and the address; made by Connection, which has checked them.
struct Endpoint {
  std::string address;  // host:port
  std::string roots_pem;
  std::string certificate_pem;
  std::string key_pem;
  std::string trust_domain;  // of our own certificate's URI; empty: any
};

// What a call came to. With an error the details and the receipt are the bytes of the trailers.
struct CallResult {
  absl::Status status;
  std::string response;
  std::string status_details;  // serialized google.rpc.Status
  std::string receipt;         // serialized chayan.v1.Receipt
};

// Not thread-safe; calls block until their end or deadline.
class Client {
 public:
  static std::unique_ptr<Client> Connect(const Endpoint& endpoint);
  virtual ~Client() = default;

  // `method`: "/chayan.v1.VerificationService/VerifyDocument".
  virtual CallResult Call(absl::string_view method, absl::string_view request,
                          absl::Duration timeout) = 0;

  // Many questions on one stream, at most `in_flight_max` unanswered. `next` gives the next
  // message, or nothing when there is none; `answered` takes each answer. `quiet_max` bounds the
  // time in which nothing is heard. The result's response is empty.
  //
  // Where what is heard decides what is said, `open` says whether there may be more to say when
  // `next` gives nothing: it is asked again after each answer.
  struct Exchange {
    std::function<std::optional<std::string>()> next;
    std::function<void(absl::string_view)> answered;
    std::function<bool()> open{};
    // Asked after each answer: the stream is cut when it says so. Null: never.
    std::function<bool()> enough{};
    size_t in_flight_max = 64;
    absl::Duration quiet_max;
  };
  virtual CallResult CallStream(absl::string_view method, const Exchange& exchange) = 0;
};

// Whether a certificate's URI names may be those of the gateway: exactly one, of the form
// spiffe://DOMAIN/gateway/NAME, of `trust_domain` where that is not empty.
absl::Status CheckGatewayNames(const std::vector<std::string>& uris,
                               absl::string_view trust_domain);

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_CLIENT_H_
