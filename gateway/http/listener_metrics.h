// What the HTTP listener counts of itself.
#ifndef CHAYAN_GATEWAY_HTTP_LISTENER_METRICS_H_
#define CHAYAN_GATEWAY_HTTP_LISTENER_METRICS_H_

#include "gateway/http/listener.h"
#include "gateway/metrics/page.h"

namespace chayan::http {

void AddMetrics(const ListenerCounts& counts, metrics::Page& page);

}  // namespace chayan::http

#endif  // CHAYAN_GATEWAY_HTTP_LISTENER_METRICS_H_
