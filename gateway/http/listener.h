// A small HTTP/1.1 server for what is read often and changed by nobody: health, metrics, tiles. On
// the loopback address; TLS and client certificates are the business of a web server in front.
//
// One thread serves all connections and never blocks; one more runs the handlers that may block,
// one request at a time. Each connection has one request under way at most, so what waits for a
// handler is bounded by the connections.
//
// Depends on `base` alone, so that other programs can listen too.
#ifndef CHAYAN_GATEWAY_HTTP_LISTENER_H_
#define CHAYAN_GATEWAY_HTTP_LISTENER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gateway/base/clock.h"
#include "gateway/http/limits.h"
#include "gateway/http/route.h"

namespace chayan::http {

struct ListenerCounts {
  uint64_t connections = 0;          // open now
  uint64_t connections_crowded = 0;  // closed because others came, or refused for them
  uint64_t requests = 0;             // answered by a handler
  uint64_t refusals = 0;             // requests that reached no handler
  uint64_t timeouts = 0;             // connections closed because their peer was slow
};

// Thread-safe.
class Listener {
 public:
  struct Options {
    std::string address = "127.0.0.1:0";
    // Otherwise an address that other machines reach is an error.
    bool any_address = false;
    // Shorter in tests.
    size_t connections_max = kConnectionsMax;
    absl::Duration idle_timeout = kIdleTimeout;
    absl::Duration request_timeout = kRequestTimeout;
    absl::Duration write_timeout = kWriteTimeout;
  };
  // Listens and serves when it returns. `clock` outlives it. Handlers are called until Stop
  // returns.
  static absl::StatusOr<std::unique_ptr<Listener>> Create(Options options,
                                                          std::vector<Route> routes,
                                                          const Clock& clock);
  // Stops.
  virtual ~Listener() = default;

  // "127.0.0.1:PORT" as bound.
  virtual std::string address() const = 0;
  virtual ListenerCounts Counts() const = 0;
  // Takes no new requests, waits for answers under way (kStopGrace at most), ends the threads.
  virtual void Stop() = 0;
};

}  // namespace chayan::http

#endif  // CHAYAN_GATEWAY_HTTP_LISTENER_H_
