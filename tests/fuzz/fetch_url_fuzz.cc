// URLs that settings and token servers name, and the addresses they come to: no input crashes; what
// is taken cannot end the request's first line or carry a password.
#include <netinet/in.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "gateway/base/check.h"
#include "gateway/fetch/address.h"
#include "gateway/fetch/client.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace chayan;
  const std::string url(reinterpret_cast<const char*>(data), size);
  if (fetch::CheckUrl(url).ok()) {
    CHAYAN_CHECK(url.find_first_of("\r\n \t#") == std::string::npos);
  }
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  std::memcpy(&six.sin6_addr, data, std::min(size, sizeof(six.sin6_addr)));
  fetch::IsPublicAddress(reinterpret_cast<const sockaddr&>(six));
  sockaddr_in four{};
  four.sin_family = AF_INET;
  std::memcpy(&four.sin_addr, data, std::min(size, sizeof(four.sin_addr)));
  // This machine's own network is never somewhere on the internet.
  if (size > 0 && data[0] == 127) {
    CHAYAN_CHECK(!fetch::IsPublicAddress(reinterpret_cast<const sockaddr&>(four)));
  }
  return 0;
}
