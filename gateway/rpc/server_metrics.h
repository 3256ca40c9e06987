// What the front counts and holds.
#ifndef CHAYAN_GATEWAY_RPC_SERVER_METRICS_H_
#define CHAYAN_GATEWAY_RPC_SERVER_METRICS_H_

#include "gateway/metrics/page.h"
#include "gateway/rpc/server.h"

namespace chayan::rpc {

void AddMetrics(const ServerStatus& status, metrics::Page& page);

}  // namespace chayan::rpc

#endif  // CHAYAN_GATEWAY_RPC_SERVER_METRICS_H_
