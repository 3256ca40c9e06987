// Whether the process lives, whether it is ready, and what it has counted.
#ifndef CHAYAN_GATEWAY_HTTP_HEALTH_H_
#define CHAYAN_GATEWAY_HTTP_HEALTH_H_

#include <functional>
#include <string>
#include <vector>

#include "gateway/http/route.h"
#include "gateway/metrics/page.h"

namespace chayan::http {

// What keeps the process from taking calls, each a short code such as "draining"; empty: nothing.
// Must not wait.
using Hindrances = std::function<std::vector<std::string>()>;

// /healthz answers as long as the process serves; /readyz with 503 and a code a line while
// something hinders; /metrics with what `collect` adds.
std::vector<Route> HealthRoutes(Hindrances hindrances, std::function<void(metrics::Page&)> collect);

}  // namespace chayan::http

#endif  // CHAYAN_GATEWAY_HTTP_HEALTH_H_
