// What a handler of the HTTP listener is given and gives back, and which handler a path leads to.
#ifndef CHAYAN_GATEWAY_HTTP_ROUTE_H_
#define CHAYAN_GATEWAY_HTTP_ROUTE_H_

#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace chayan::http {

inline constexpr char kPlainText[] = "text/plain; charset=utf-8";
inline constexpr char kOctetStream[] = "application/octet-stream";

struct Request {
  std::string method{};  // "GET" (of HEAD too) or "POST"
  std::string path{};    // as it was written: nothing is decoded, no path of ours needs it
  std::string query{};   // what follows '?', if anything
  std::string body{};
};

struct Response {
  int status = 200;
  std::string body{};
  std::string content_type = kPlainText;
  // What depends on the moment is kept by nobody.
  std::string cache_control = "no-store";
};

// A line of text for the person or the log that reads it.
Response TextResponse(int status, absl::string_view line);

using Handler = std::function<Response(const Request&)>;

struct Route {
  // Exact, or, where it ends in '/', every path that begins with it.
  std::string path;
  Handler handler;
  // 0: GET and HEAD, without a body. Otherwise: POST, with a body of at most this many bytes.
  size_t post_bytes_max = 0;
  // Runs on the listener's handler thread, where it may read files and databases. A handler that
  // waits for nothing says so and runs at once, however long others take.
  bool may_block = true;
};

// Immutable.
class RouteTable {
 public:
  // REQUIRES: no two routes of the same path and method; no POST above kBodyBytesMax.
  explicit RouteTable(std::vector<Route> routes);

  // The most exact route of path and method, or nullptr. `allow`: the methods that the path knows,
  // as an Allow header has them; empty when it knows none.
  const Route* Find(absl::string_view path, bool is_post, std::string& allow) const;

 private:
  std::vector<Route> routes_;  // longest path first
};

}  // namespace chayan::http

#endif  // CHAYAN_GATEWAY_HTTP_ROUTE_H_
