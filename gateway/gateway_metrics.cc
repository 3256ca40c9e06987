#include "gateway/gateway_metrics.h"

#include "absl/strings/str_cat.h"

namespace chayan {

void AddGatewayMetrics(const GatewayFacts& facts, metrics::Page& page) {
  page.AddGauge("chayan_build_info", "1, with what this program is.", 1,
                {{"version", facts.version}, {"gateway", facts.name}});
  page.AddGauge("chayan_ready", "Whether calls should be sent here, as /readyz has it.",
                facts.hindrances.empty());
  page.AddGauge("chayan_registry_info", "1, with the digest of the registry set in force.", 1,
                {{"digest", facts.registry.digest().ToHex()}});
  for (const auto& [id, issuer] : facts.registry.issuers()) {
    page.AddTime("chayan_certificate_not_after_timestamp_seconds", "When a certificate ends.",
                 issuer.not_after(), {{"certificate", absl::StrCat("issuer ", id)}});
  }
}

}  // namespace chayan
