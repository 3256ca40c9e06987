// Requests: no input crashes; however it is cut, it comes to the same requests; and no more is
// taken than the bounds say. (When a broken header is refused does depend on the cuts: Beast waits
// for its end once it has seen a part.)
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gateway/base/check.h"
#include "gateway/http/limits.h"
#include "gateway/http/request_reader.h"

namespace {

using namespace chayan::http;

constexpr size_t kPostBytesMax = 64;

// What the bytes come to, as text.
std::string Read(const RouteTable& routes, absl::string_view bytes, size_t piece) {
  RequestReader reader(routes);
  std::string text;
  while (!bytes.empty()) {
    RequestReader::State state = reader.Feed(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    for (; state == RequestReader::State::kRequest; state = reader.Next()) {
      const Request& request = reader.request();
      CHAYAN_CHECK(request.path.size() + request.query.size() <= kTargetBytesMax);
      CHAYAN_CHECK(request.body.size() <= reader.route().post_bytes_max);
      absl::StrAppend(&text, request.method, " ", request.path, "?", request.query, " ",
                      request.body, reader.is_head(), reader.keep_alive(), "\n");
    }
    if (state == RequestReader::State::kRefused) {
      CHAYAN_CHECK(reader.refusal().status >= 400 && reader.refusal().status < 500);
      return text;
    }
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto* const routes = new RouteTable(
      {{.path = "/tile/", .handler = nullptr},
       {.path = "/checkpoint", .handler = nullptr},
       {.path = "/add-checkpoint", .handler = nullptr, .post_bytes_max = kPostBytesMax}});
  // The first byte says how to cut.
  if (size == 0) return 0;
  const absl::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string whole = Read(*routes, bytes, kReadBytes);
  CHAYAN_CHECK(Read(*routes, bytes, size_t{data[0]} % 64 + 1) == whole);
  return 0;
}
