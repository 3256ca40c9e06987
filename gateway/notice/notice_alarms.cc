#include "gateway/notice/notice_alarms.h"

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/notice/notice_metrics.h"

namespace chayan::notice {
namespace {

// As long as deploy/prometheus waits.
constexpr absl::Duration kWaitsMax = absl::Hours(24);
constexpr absl::Duration kRaisedFor = absl::Hours(24);
// In time to ask for next year's calendar.
constexpr int kCalendarDays = 30;

std::string Of(absl::string_view code, const std::string& recipient) {
  return absl::StrCat(code, ":", recipient);
}

}  // namespace

void NoticeAlarms::Raise(const char* code, const std::string& recipient) {
  absl::MutexLock lock(&mu_);
  raised_[Of(code, recipient)] = clock_.Elapsed() + kRaisedFor;
}

std::vector<std::string> NoticeAlarms::All(const Collaborators& with,
                                           const Deliverer& deliverer) const {
  std::set<std::string> alarms;
  {
    absl::MutexLock lock(&mu_);
    for (const auto& [alarm, until] : raised_) {
      if (clock_.Elapsed() < until) alarms.insert(alarm);
    }
  }
  const std::shared_ptr<const registry::Snapshot> snapshot = with.registry();
  const absl::Time now = clock_.Now();
  for (const std::string& recipient : RecipientsOf(*snapshot)) {
    // What the store does not tell is the log's alarm.
    const auto states = with.notices.Count(recipient);
    for (const store::DeliveryCount& one : states.value_or(std::vector<store::DeliveryCount>())) {
      if (one.state == store::DeliveryState::kDead) alarms.insert(Of("notice.dead", recipient));
    }
    const auto oldest = with.notices.OldestDue(recipient);
    if (oldest.ok() && now - absl::FromUnixMillis(*oldest) > kWaitsMax) {
      alarms.insert(Of("notice.waits", recipient));
    }
  }
  for (const auto& [recipient, counts] : deliverer.Counts()) {
    if (counts.circuit_open) alarms.insert(Of("notice.fails", recipient));
  }
  if (!snapshot->calendar().Covers(registry::TaipeiDay(now) + kCalendarDays)) {
    alarms.insert("calendar.missing");
  }
  if (with.clock_guard.WasSetForward()) alarms.insert("clock.set_forward");
  return {alarms.begin(), alarms.end()};
}

}  // namespace chayan::notice
