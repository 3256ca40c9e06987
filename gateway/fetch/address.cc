#include "gateway/fetch/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace chayan::fetch {
namespace {

struct Range4 {
  uint32_t first;
  int bits;
};

// RFC 6890 and the IANA registry of special-purpose addresses.
constexpr Range4 kNotPublic4[] = {
    {0x00000000, 8},   // 0.0.0.0/8: this network; Linux connects it to itself
    {0x0A000000, 8},   // 10.0.0.0/8
    {0x64400000, 10},  // 100.64.0.0/10: shared by providers
    {0x7F000000, 8},   // 127.0.0.0/8: loopback
    {0xA9FE0000, 16},  // 169.254.0.0/16: link-local, metadata services of clouds
    {0xAC100000, 12},  // 172.16.0.0/12
    {0xC0000000, 24},  // 192.0.0.0/24
    {0xC0A80000, 16},  // 192.168.0.0/16
    {0xC6120000, 15},  // 198.18.0.0/15: benchmarks
    {0xE0000000, 3},   // 224.0.0.0/3: multicast, reserved, broadcast
};

bool IsPublic4(uint32_t address) {
  return std::none_of(std::begin(kNotPublic4), std::end(kNotPublic4), [&](const Range4& range) {
    return (address >> (32 - range.bits)) == (range.first >> (32 - range.bits));
  });
}

using Bytes6 = std::array<uint8_t, 16>;

uint32_t Word(const Bytes6& address, size_t offset) {
  uint32_t word = 0;
  std::memcpy(&word, address.data() + offset, sizeof(word));
  return ntohl(word);
}

bool AreZero(const Bytes6& address, size_t count) {
  return std::all_of(address.begin(), address.begin() + static_cast<std::ptrdiff_t>(count),
                     [](uint8_t byte) { return byte == 0; });
}

bool IsPublic6(const Bytes6& address) {
  // IPv4 in IPv6: mapped, "compatible" (with it :: and ::1), NAT64, 6to4.
  if (AreZero(address, 10) && address[10] == 0xFF && address[11] == 0xFF) {
    return IsPublic4(Word(address, 12));
  }
  if (AreZero(address, 12)) return false;
  if (Word(address, 0) == 0x0064FF9B) return IsPublic4(Word(address, 12));
  if (address[0] == 0x20 && address[1] == 0x02) return IsPublic4(Word(address, 2));
  // All that is assigned for use on the internet is 2000::/3: unique local, link-local and
  // multicast addresses lie outside.
  return (address[0] & 0xE0) == 0x20;
}

}  // namespace

bool IsPublicAddress(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in in;
    std::memcpy(&in, &address, sizeof(in));
    return IsPublic4(ntohl(in.sin_addr.s_addr));
  }
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 in6;
    std::memcpy(&in6, &address, sizeof(in6));
    Bytes6 bytes;
    std::memcpy(bytes.data(), &in6.sin6_addr, bytes.size());
    return IsPublic6(bytes);
  }
  return false;
}

}  // namespace chayan::fetch
