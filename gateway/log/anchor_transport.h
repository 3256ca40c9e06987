// How the log's anchors (witnesses, timestamp authorities) are called: one HTTP request, one
// bounded answer. An interface, so that tests answer in the place of the world.
#ifndef CHAYAN_GATEWAY_LOG_ANCHOR_TRANSPORT_H_
#define CHAYAN_GATEWAY_LOG_ANCHOR_TRANSPORT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace chayan::log {

struct AnchorRequest {
  std::string url;
  std::string root_pem;      // the only root for https; empty: those of the machine
  std::string content_type;  // empty: a GET; otherwise a POST of `body`
  std::string body;
  absl::Duration timeout;  // for everything
};

struct AnchorAnswer {
  int status = 0;
  std::string content_type;
  std::string body;
};

// Thread-safe; calls block until their answer or timeout.
class AnchorTransport {
 public:
  virtual ~AnchorTransport() = default;
  // An answer of any status is OK. Errors say host and cause.
  virtual absl::StatusOr<AnchorAnswer> Fetch(const AnchorRequest& request) = 0;
};

}  // namespace chayan::log

#endif  // CHAYAN_GATEWAY_LOG_ANCHOR_TRANSPORT_H_
