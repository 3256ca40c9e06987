#include "gateway/notice/notice_metrics.h"

#include <algorithm>
#include <map>

#include "gateway/notice/step.h"

namespace chayan::notice {

std::set<std::string> RecipientsOf(const registry::Snapshot& snapshot) {
  std::set<std::string> recipients;
  for (const v1::NoticeKind* kind : snapshot.notice_kinds()) {
    for (const v1::Subscription* one : snapshot.Subscriptions(kind->code())) {
      recipients.insert(one->recipient());
    }
  }
  return recipients;
}

void AddMetrics(const Collaborators& with, const Deliverer& deliverer, metrics::Page& page) {
  const std::set<std::string> recipients = RecipientsOf(*with.registry());
  const std::map<std::string, DeliveryCounts> counts = deliverer.Counts();
  const int64_t now_ms = absl::ToUnixMillis(with.clock.Now());
  for (const std::string& recipient : recipients) {
    const metrics::Labels labels = {{"recipient", recipient}};
    const auto states = with.notices.Count(recipient);
    const auto oldest = with.notices.OldestDue(recipient);
    // What the store does not tell is left out.
    if (states.ok()) {
      std::map<store::DeliveryState, uint64_t> by_state = {{store::DeliveryState::kScheduled, 0},
                                                           {store::DeliveryState::kDead, 0}};
      for (const store::DeliveryCount& one : *states) by_state[one.state] = one.count;
      for (const auto& [state, count] : by_state) {
        page.AddGauge("chayan_notice_deliveries", "Deliveries by where they stand.",
                      static_cast<double>(count),
                      {{"recipient", recipient}, {"state", StateName(state)}});
      }
    }
    if (oldest.ok() || absl::IsNotFound(oldest.status())) {
      const int64_t late_ms = oldest.ok() ? std::max<int64_t>(0, now_ms - *oldest) : 0;
      page.AddGauge("chayan_notice_oldest_due_seconds",
                    "For how long the oldest delivery that waits has been due.",
                    static_cast<double>(late_ms) / 1000, labels);
    }
    const auto it = counts.find(recipient);
    const DeliveryCounts of = it == counts.end() ? DeliveryCounts() : it->second;
    page.AddCounter("chayan_notice_sent_total", "Deliveries sent, repeats among them.",
                    static_cast<double>(of.sent), labels);
    page.AddCounter("chayan_notice_failed_total",
                    "Of these, without a receipt: they are sent again.",
                    static_cast<double>(of.failed), labels);
    page.AddGauge("chayan_notice_under_way", "Deliveries sent and without a receipt yet.",
                  static_cast<double>(of.under_way), labels);
    page.AddGauge("chayan_notice_circuit_open",
                  "Whether deliveries to it fail one after another, so that it is tried seldom.",
                  of.circuit_open ? 1 : 0, labels);
  }
}

}  // namespace chayan::notice
