// What becomes of grants by their use: today's quotas, and those that ended because nobody used
// them or because they never said when they end.
#ifndef CHAYAN_GATEWAY_TALLY_GRANT_USES_H_
#define CHAYAN_GATEWAY_TALLY_GRANT_USES_H_

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "gateway/policy/decide.h"
#include "gateway/registry/snapshot.h"
#include "gateway/tally/ledger.h"

namespace chayan::tally {

// How long before it lapses a grant is asked about, at most (D0030031: after a year of eighteen
// months).
inline constexpr int kAskBeforeLapseDays = 183;

// Thread-safe.
class GrantUses final : public policy::GrantStanding {
 public:
  // All outlive it.
  GrantUses(Ledger& ledger, const Clock& clock) : ledger_(ledger), clock_(clock) {}

  std::optional<policy::GrantEnd> EndOf(const registry::Grant& grant) const override;
  bool HasQuotaLeft(const registry::Grant& grant) const override;

  // A question by this grant is asked. False, and not counted: its quota or the member's has no
  // room any more; `refusal` says which.
  bool Use(const policy::Permit& permit, const v1::Member& member, Charge& charge,
           policy::Refusal& refusal) const;

  // Looks which grants of a set have ended or will, and remembers which it saw for the first time.
  // Cheap when neither day nor set have changed.
  void Look(const registry::Snapshot& snapshot) ABSL_LOCKS_EXCLUDED(mu_);
  // The first sight of grants, to be recorded with the next entry of anybody.
  void RecordBegins(Charge& charge) ABSL_LOCKS_EXCLUDED(mu_);
  // Grants that lapse soon unless they are used, by id.
  std::vector<std::string> Unused() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  Ledger& ledger_;
  const Clock& clock_;
  std::atomic<bool> any_ended_ = false;
  std::atomic<bool> any_new_ = false;
  mutable absl::Mutex mu_;
  absl::flat_hash_map<std::string, policy::GrantEnd> ended_ ABSL_GUARDED_BY(mu_);
  std::vector<std::string> unused_ ABSL_GUARDED_BY(mu_);
  std::vector<std::string> new_ ABSL_GUARDED_BY(mu_);
  int64_t looked_day_ ABSL_GUARDED_BY(mu_) = 0;
  crypto::Digest looked_set_ ABSL_GUARDED_BY(mu_);
};

}  // namespace chayan::tally

#endif  // CHAYAN_GATEWAY_TALLY_GRANT_USES_H_
