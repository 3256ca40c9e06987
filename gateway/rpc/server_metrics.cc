#include "gateway/rpc/server_metrics.h"

namespace chayan::rpc {

void AddMetrics(const ServerStatus& status, metrics::Page& page) {
  page.AddGauge("chayan_connections", "Connections open.", status.connections);
  page.AddGauge("chayan_calls_in_flight", "Calls being worked on.", status.calls_in_flight);
  page.AddCounter("chayan_handshakes_failed_total", "TLS handshakes that failed.",
                  static_cast<double>(status.handshakes_failed));
  for (const auto& [reason, count] : status.shed_by_reason) {
    page.AddCounter("chayan_calls_shed_total", "Calls and connections turned away, unrecorded.",
                    static_cast<double>(count), {{"reason", reason}});
  }
  for (const std::string& alarm : status.alarms) {
    page.AddGauge("chayan_alarm", "1 for each alarm that stands; see chayan status.", 1,
                  {{"alarm", alarm}});
  }
  page.AddTime("chayan_certificate_not_after_timestamp_seconds", "When a certificate ends.",
               status.certificate_not_after, {{"certificate", "gateway"}});
  for (const RevocationList& list : status.revocation_lists) {
    page.AddTime("chayan_crl_this_update_timestamp_seconds",
                 "When the revocation list in force was made.", list.this_update,
                 {{"issuer", list.issuer}});
    if (!list.next_update.has_value()) continue;
    page.AddTime("chayan_crl_next_update_timestamp_seconds",
                 "When the next revocation list was promised.", *list.next_update,
                 {{"issuer", list.issuer}});
  }
}

}  // namespace chayan::rpc
