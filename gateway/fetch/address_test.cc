// Goal: no address of this machine or its network passes as public. Method: one address a range, in
// each of the spellings that reach it.
#include "gateway/fetch/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>
#include <string>

#include "gtest/gtest.h"

namespace chayan::fetch {
namespace {

bool IsPublic(const std::string& text) {
  sockaddr_storage storage{};
  sockaddr_in in{};
  sockaddr_in6 in6{};
  if (inet_pton(AF_INET, text.c_str(), &in.sin_addr) == 1) {
    in.sin_family = AF_INET;
    std::memcpy(&storage, &in, sizeof(in));
  } else {
    EXPECT_EQ(inet_pton(AF_INET6, text.c_str(), &in6.sin6_addr), 1) << text;
    in6.sin6_family = AF_INET6;
    std::memcpy(&storage, &in6, sizeof(in6));
  }
  return IsPublicAddress(reinterpret_cast<const sockaddr&>(storage));
}

TEST(AddressTest, RefusesThisMachineAndItsNetworks) {
  for (const char* text :
       {"127.0.0.1", "127.255.0.9", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255",
        "192.168.1.1", "169.254.169.254", "100.64.0.1", "192.0.0.8", "198.18.0.1", "224.0.0.1",
        "255.255.255.255", "::", "::1", "fe80::1", "fc00::1", "fd12::1", "ff02::1"}) {
    EXPECT_FALSE(IsPublic(text)) << text;
  }
}

TEST(AddressTest, LooksIntoIpv6ThatCarriesIpv4) {
  for (const char* text :
       {"::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::10.0.0.1", "2002:7f00:1::", "2002:a00:1::"}) {
    EXPECT_FALSE(IsPublic(text)) << text;
  }
  EXPECT_TRUE(IsPublic("::ffff:8.8.8.8"));
  EXPECT_TRUE(IsPublic("64:ff9b::8.8.8.8"));
}

TEST(AddressTest, TakesTheInternet) {
  for (const char* text : {"8.8.8.8", "172.32.0.1", "172.15.0.1", "128.0.0.1", "203.66.1.1",
                           "100.128.0.1", "2001:b000::1", "2606:4700::1111"}) {
    EXPECT_TRUE(IsPublic(text)) << text;
  }
}

TEST(AddressTest, RefusesOtherFamilies) {
  sockaddr address{};
  address.sa_family = AF_UNIX;
  EXPECT_FALSE(IsPublicAddress(address));
}

}  // namespace
}  // namespace chayan::fetch
