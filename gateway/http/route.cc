#include "gateway/http/route.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/check.h"
#include "gateway/http/limits.h"

namespace chayan::http {

Response TextResponse(int status, absl::string_view line) {
  return {.status = status, .body = absl::StrCat(line, "\n")};
}

RouteTable::RouteTable(std::vector<Route> routes) : routes_(std::move(routes)) {
  std::stable_sort(routes_.begin(), routes_.end(),
                   [](const Route& a, const Route& b) { return a.path.size() > b.path.size(); });
  for (size_t i = 0; i < routes_.size(); ++i) {
    CHAYAN_CHECK(absl::StartsWith(routes_[i].path, "/"));
    CHAYAN_CHECK(routes_[i].post_bytes_max <= kBodyBytesMax);
    for (size_t j = 0; j < i; ++j) {
      CHAYAN_CHECK(routes_[i].path != routes_[j].path ||
                   (routes_[i].post_bytes_max > 0) != (routes_[j].post_bytes_max > 0));
    }
  }
}

const Route* RouteTable::Find(absl::string_view path, bool is_post, std::string& allow) const {
  allow.clear();
  for (const Route& route : routes_) {
    const bool matches =
        path == route.path || (route.path.back() == '/' && absl::StartsWith(path, route.path));
    if (!matches) continue;
    if ((route.post_bytes_max > 0) == is_post) return &route;
    allow = is_post ? "GET, HEAD" : "POST";
  }
  return nullptr;
}

}  // namespace chayan::http
