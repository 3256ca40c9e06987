// What the links count and hold.
#ifndef CHAYAN_GATEWAY_LINK_LINK_METRICS_H_
#define CHAYAN_GATEWAY_LINK_LINK_METRICS_H_

#include "gateway/link/links.h"
#include "gateway/metrics/page.h"
#include "gateway/registry/snapshot.h"

namespace chayan::link {

// A holder of the registry that has no link shows 0: what is missing can be alarmed.
void AddMetrics(const Links& links, const registry::Snapshot& registry, metrics::Page& page);

}  // namespace chayan::link

#endif  // CHAYAN_GATEWAY_LINK_LINK_METRICS_H_
