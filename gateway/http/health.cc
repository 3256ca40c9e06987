#include "gateway/http/health.h"

#include <utility>

#include "absl/strings/str_join.h"

namespace chayan::http {

std::vector<Route> HealthRoutes(Hindrances hindrances,
                                std::function<void(metrics::Page&)> collect) {
  std::vector<Route> routes;
  // Neither waits for a reading of tiles: a slow disk is no dead process.
  routes.push_back({.path = "/healthz",
                    .handler = [](const Request&) { return TextResponse(200, "alive"); },
                    .may_block = false});
  routes.push_back({.path = "/readyz",
                    .handler =
                        [hindrances = std::move(hindrances)](const Request&) {
                          const std::vector<std::string> codes = hindrances();
                          if (codes.empty()) return TextResponse(200, "ready");
                          return TextResponse(503, absl::StrJoin(codes, "\n"));
                        },
                    .may_block = false});
  routes.push_back({.path = "/metrics", .handler = [collect = std::move(collect)](const Request&) {
                      metrics::Page page;
                      collect(page);
                      return Response{.body = page.Text(), .content_type = metrics::kContentType};
                    }});
  return routes;
}

}  // namespace chayan::http
