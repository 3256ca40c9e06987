#include "gateway/base/socket_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "gateway/base/encoding.h"

namespace chayan {

bool SocketAddress::is_loopback() const {
  if (storage.ss_family == AF_INET6) {
    return IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_addr) != 0;
  }
  const uint32_t host = ntohl(reinterpret_cast<const sockaddr_in*>(&storage)->sin_addr.s_addr);
  return host >> 24 == IN_LOOPBACKNET;
}

absl::StatusOr<SocketAddress> ParseSocketAddress(absl::string_view text) {
  const absl::Status malformed = absl::InvalidArgumentError(
      absl::StrCat("address ", text, ": write IP:PORT, such as 127.0.0.1:8443"));
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos) return malformed;
  const absl::StatusOr<uint64_t> port = ParseDecimal(text.substr(colon + 1));
  if (!port.ok() || *port > UINT16_MAX) return malformed;
  std::string host(text.substr(0, colon));
  SocketAddress address;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    auto* const v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
    address.size = sizeof(*v6);
    host = host.substr(1, host.size() - 2);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(static_cast<uint16_t>(*port));
    if (inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) != 1) return malformed;
    return address;
  }
  auto* const v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  address.size = sizeof(*v4);
  v4->sin_family = AF_INET;
  v4->sin_port = htons(static_cast<uint16_t>(*port));
  if (inet_pton(AF_INET, host.c_str(), &v4->sin_addr) != 1) return malformed;
  return address;
}

}  // namespace chayan
