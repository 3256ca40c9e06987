// Addresses as settings write them: what is taken, what is refused, what only this machine reaches.
#include "gateway/base/socket_address.h"

#include <gtest/gtest.h>

#include "gateway/base/status_matchers.h"

namespace chayan {
namespace {

TEST(SocketAddress, KnowsWhatOnlyThisMachineReaches) {
  for (const char* text : {"127.0.0.1:0", "127.9.8.7:65535", "[::1]:80"}) {
    const auto address = ParseSocketAddress(text);
    ASSERT_TRUE(address.ok()) << text;
    EXPECT_TRUE(address->is_loopback()) << text;
  }
  for (const char* text : {"0.0.0.0:80", "10.0.0.1:80", "128.0.0.1:80", "[::]:80", "[fe80::1]:80",
                           "[::ffff:127.0.0.1]:80"}) {
    const auto address = ParseSocketAddress(text);
    ASSERT_TRUE(address.ok()) << text;
    EXPECT_FALSE(address->is_loopback()) << text;
  }
}

TEST(SocketAddress, RefusesNamesAndMalformedPorts) {
  for (const char* text :
       {"", ":", "localhost:80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
        "127.0.0.1:080", "127.0.0.1:8 ", "::1:80", "[]:80", "[127.0.0.1]:80", "127.1:80"}) {
    EXPECT_FALSE(ParseSocketAddress(text).ok()) << text;
  }
}

}  // namespace
}  // namespace chayan
