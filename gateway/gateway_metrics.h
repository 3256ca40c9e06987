// What is said of the gateway as a whole: version, readiness, the registry in force.
#ifndef CHAYAN_GATEWAY_GATEWAY_METRICS_H_
#define CHAYAN_GATEWAY_GATEWAY_METRICS_H_

#include <string>
#include <vector>

#include "gateway/metrics/page.h"
#include "gateway/registry/snapshot.h"

namespace chayan {

struct GatewayFacts {
  std::string name;
  std::string version;
  std::vector<std::string> hindrances;  // none: ready
  const registry::Snapshot& registry;
};

void AddGatewayMetrics(const GatewayFacts& facts, metrics::Page& page);

}  // namespace chayan

#endif  // CHAYAN_GATEWAY_GATEWAY_METRICS_H_
