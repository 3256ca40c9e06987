// What is measured of the published checkpoints and their witnesses.
#ifndef CHAYAN_GATEWAY_LOG_PUBLISHER_METRICS_H_
#define CHAYAN_GATEWAY_LOG_PUBLISHER_METRICS_H_

#include "gateway/log/publisher.h"
#include "gateway/metrics/page.h"

namespace chayan::log {

// Nothing while nothing is published.
void AddMetrics(const PublisherStatus& status, metrics::Page& page);

}  // namespace chayan::log

#endif  // CHAYAN_GATEWAY_LOG_PUBLISHER_METRICS_H_
