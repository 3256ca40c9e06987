// Every bound of the HTTP listener, with its reason. Whoever reaches it is a web server in front, a
// monitor or an auditor's tool: few, and none sends much.
#ifndef CHAYAN_GATEWAY_HTTP_LIMITS_H_
#define CHAYAN_GATEWAY_HTTP_LIMITS_H_

#include <cstddef>

#include "absl/time/time.h"

namespace chayan::http {

// Connections open at a time: a front, its kept-alive ones, monitors. Beyond, the one that has been
// without a whole request for longest makes room.
inline constexpr size_t kConnectionsMax = 64;
// Connections that wait to be accepted.
inline constexpr int kListenBacklog = 64;

// Request line and fields. Proxies add a few hundred bytes.
inline constexpr size_t kHeaderBytesMax = 16 << 10;
// Path and query; the longest path of a tile has 44 characters.
inline constexpr size_t kTargetBytesMax = 1 << 10;
// Bodies of any route; a route's own bound is what it needs.
inline constexpr size_t kBodyBytesMax = 1 << 20;
// Read at a time. What a peer sends ahead of an answer (pipelining) waits in the kernel, but for
// this.
inline constexpr size_t kReadBytes = 16 << 10;

// Between requests. Longer than the 60 s for which nginx keeps a connection, so that it is the
// front that ends it, never in the middle of a request.
inline constexpr absl::Duration kIdleTimeout = absl::Seconds(75);
// From the first byte of a request to its last: a peer that sends a byte now and then gets no more.
inline constexpr absl::Duration kRequestTimeout = absl::Seconds(10);
// For a peer to take an answer, of at most a full bundle (half a MiB).
inline constexpr absl::Duration kWriteTimeout = absl::Seconds(30);
// After a refusal: what the peer still sends is read and dropped, or its system would take the
// refusal away from it (RFC 9112 9.6). So long, and so much.
inline constexpr absl::Duration kLingerTimeout = absl::Seconds(2);
inline constexpr size_t kLingerBytesMax = 256 << 10;
// When accepting fails (no descriptors left), the pause before the next attempt.
inline constexpr absl::Duration kAcceptPause = absl::Milliseconds(100);
// A stop waits so long for answers under way.
inline constexpr absl::Duration kStopGrace = absl::Seconds(5);

}  // namespace chayan::http

#endif  // CHAYAN_GATEWAY_HTTP_LIMITS_H_
