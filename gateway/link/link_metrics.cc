#include "gateway/link/link_metrics.h"

#include <map>

namespace chayan::link {
namespace {

struct OfHolder {
  double links = 0;
  double in_flight = 0;
};

}  // namespace

void AddMetrics(const Links& links, const registry::Snapshot& registry, metrics::Page& page) {
  std::map<std::string, OfHolder> holders;
  for (const registry::Kind& kind : registry.kinds()) {
    for (const std::string& holder : registry.Holders(kind.proto->code())) holders[holder];
  }
  for (const LinkInfo& link : links.List()) {
    OfHolder& holder = holders[link.member];
    ++holder.links;
    holder.in_flight += link.in_flight;
  }
  for (const auto& [member, holder] : holders) {
    page.AddGauge("chayan_links", "Live links of a holder.", holder.links, {{"holder", member}});
    page.AddGauge("chayan_link_questions_in_flight", "Questions waiting for a holder's answer.",
                  holder.in_flight, {{"holder", member}});
  }
  const LinkCounts counts = links.Counts();
  const auto add = [&page](absl::string_view name, absl::string_view help, uint64_t count) {
    page.AddCounter(name, help, static_cast<double>(count));
  };
  add("chayan_link_answers_late_total", "Answers to questions that had been given up.",
      counts.answers_late);
  add("chayan_link_answers_unexpected_total", "Answers to no question: their link was closed.",
      counts.answers_unexpected);
  add("chayan_link_frames_malformed_total", "Frames that could not be read.",
      counts.frames_malformed);
  add("chayan_link_signatures_checked_total", "Holders' signatures that were checked.",
      counts.signatures_checked);
  add("chayan_link_signatures_invalid_total", "Of these, bad: their link was closed.",
      counts.signatures_invalid);
  add("chayan_link_checks_skipped_total", "Signatures drawn for a check that was not made.",
      counts.checks_skipped);
}

}  // namespace chayan::link
