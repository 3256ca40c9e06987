// Between the link and the connector: what the agency itself switches and bounds (a paused kind,
// the budgets), counts for its own eyes, and the exchange of the connector on a reload, while the
// link stays up and questions in flight end where they began.
#ifndef CHAYAN_ADAPTERS_PROGRAM_FRONT_H_
#define CHAYAN_ADAPTERS_PROGRAM_FRONT_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "adapters/connector/budget.h"
#include "adapters/connector/connector.h"
#include "adapters/connector/plan.h"
#include "adapters/program/notice_desk.h"
#include "adapters/program/retired.h"
#include "adapters/sdk/adapter.h"
#include "gateway/base/clock.h"

namespace chayan::adapter {

// What the agency's people see of one kind. No personal data.
struct KindCounts {
  bool paused = false;
  std::map<std::string, uint64_t> outcomes;  // by name, since the start
  uint64_t refused_paused = 0;
  uint64_t refused_budget = 0;
  uint64_t refused_office_budget = 0;
  uint64_t not_sent = 0;  // the SDK would not sign it, or nobody waited any more
  absl::Time last = absl::InfinitePast();
};

// Thread-safe.
class Front final : public sdk::Adapter {
 public:
  // `clock` outlives the front.
  explicit Front(const Clock& clock) : clock_(clock), notices_(clock) {}
  // Waits for the connectors first: their last answers still pass here.
  ~Front() override { Use(nullptr, {}); }

  // Questions that come from now on go to this connector. The one before it answers what it has.
  void Use(std::unique_ptr<connector::Connector> connector,
           const std::vector<connector::KindPlan>& kinds);
  void Answer(sdk::Question question, sdk::Responder responder) override;
  std::vector<std::string> DownKinds() const override {
    return Health().value_or(connector::SourceHealth()).resting_kinds;
  }
  void OnNotice(sdk::Notice notice, sdk::NoticeResponder responder) override {
    notices_.OnNotice(notice, responder);
  }
  void OnNoneToday(const v1::NoneToday& none) override { notices_.OnNoneToday(none); }
  NoticeDesk& notices() { return notices_; }
  const NoticeDesk& notices() const { return notices_; }

  std::map<std::string, KindCounts> Counts() const;
  // Absent without a connector.
  std::optional<connector::SourceHealth> Health() const;
  // Connectors that were replaced and have not come to their end.
  const Retired& retired() const { return retired_; }

 private:
  struct Kind {
    v1::KindSource source;
    connector::Budget budget{0};
    absl::flat_hash_map<std::string, connector::Budget> offices;
  };
  enum class Gate { kOpen, kPaused, kOverBudget };

  Gate Pass(const sdk::Question& question) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Send(const sdk::Question& question, const sdk::Responder& responder,
            connector::HolderAnswer given);

  const Clock& clock_;
  NoticeDesk notices_;
  mutable absl::Mutex mu_;
  std::shared_ptr<connector::Connector> connector_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, Kind> kinds_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, KindCounts> counts_ ABSL_GUARDED_BY(mu_);
  Retired retired_;  // last: what ends there still answers here
};

}  // namespace chayan::adapter

#endif  // CHAYAN_ADAPTERS_PROGRAM_FRONT_H_
