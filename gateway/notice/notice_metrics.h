// The metrics of notices: what waits, for how long, and what comes to nothing, by recipient.
#ifndef CHAYAN_GATEWAY_NOTICE_NOTICE_METRICS_H_
#define CHAYAN_GATEWAY_NOTICE_NOTICE_METRICS_H_

#include <set>
#include <string>

#include "gateway/metrics/page.h"
#include "gateway/notice/collaborators.h"
#include "gateway/notice/deliverer.h"

namespace chayan::notice {

// All that a subscription names.
std::set<std::string> RecipientsOf(const registry::Snapshot& snapshot);

void AddMetrics(const Collaborators& with, const Deliverer& deliverer, metrics::Page& page);

}  // namespace chayan::notice

#endif  // CHAYAN_GATEWAY_NOTICE_NOTICE_METRICS_H_
