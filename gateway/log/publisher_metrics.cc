#include "gateway/log/publisher_metrics.h"

namespace chayan::log {

void AddMetrics(const PublisherStatus& status, metrics::Page& page) {
  if (!status.publishing) return;
  page.AddGauge("chayan_published_entries", "Entries under the newest published checkpoint.",
                static_cast<double>(status.published_size));
  page.AddGauge("chayan_witnessed_entries",
                "Entries under the newest checkpoint with a quorum of cosignatures.",
                static_cast<double>(status.witnessed_size));
  page.AddGauge("chayan_quorum_present", "0 when the quorum was missing for longer than the grace.",
                status.quorum_present ? 1 : 0);
  page.AddGauge("chayan_log_closed", "1 while nothing is answered for want of a quorum.",
                status.closed ? 1 : 0);
  for (const WitnessState& witness : status.witnesses) {
    page.AddGauge("chayan_witness_cosigned_entries",
                  "Entries under the newest checkpoint that a witness cosigned.",
                  static_cast<double>(witness.cosigned_size), {{"witness", witness.name}});
    page.AddGauge("chayan_witness_fault", "1 when something is wrong with a witness.",
                  witness.fault.empty() ? 0 : 1, {{"witness", witness.name}});
  }
  if (status.timestamp_time != absl::InfinitePast()) {
    page.AddTime("chayan_timestamp_time", "When the last timestamp was made.",
                 status.timestamp_time);
  }
}

}  // namespace chayan::log
