#include "gateway/http/listener_metrics.h"

namespace chayan::http {

void AddMetrics(const ListenerCounts& counts, metrics::Page& page) {
  page.AddGauge("chayan_http_connections", "Connections of the HTTP listener.",
                static_cast<double>(counts.connections));
  const auto add = [&page](absl::string_view name, absl::string_view help, uint64_t count) {
    page.AddCounter(name, help, static_cast<double>(count));
  };
  add("chayan_http_requests_total", "HTTP requests handled.", counts.requests);
  add("chayan_http_refusals_total", "HTTP requests that reached no handler.", counts.refusals);
  add("chayan_http_timeouts_total", "HTTP connections closed because their peer was slow.",
      counts.timeouts);
  add("chayan_http_crowded_total", "HTTP connections closed to make room for others.",
      counts.connections_crowded);
}

}  // namespace chayan::http
