// An IP address with a port, as settings write it. Never a name: what a process listens on must not
// depend on a resolver.
#ifndef CHAYAN_GATEWAY_BASE_SOCKET_ADDRESS_H_
#define CHAYAN_GATEWAY_BASE_SOCKET_ADDRESS_H_

#include <sys/socket.h>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace chayan {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  const sockaddr* raw() const { return reinterpret_cast<const sockaddr*>(&storage); }
  // Reachable from this machine alone.
  bool is_loopback() const;
};

// "127.0.0.1:8443" or "[::1]:8443"; port 0 takes a free one.
absl::StatusOr<SocketAddress> ParseSocketAddress(absl::string_view text);

}  // namespace chayan

#endif  // CHAYAN_GATEWAY_BASE_SOCKET_ADDRESS_H_
