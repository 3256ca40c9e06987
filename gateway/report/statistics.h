// Counts over the entries of a period, one pass over the leaves, from wherever they come: a store
// or an export. Memory grows with the codes of the registry, not with the log.
//
// What is counted: each question once. An entry of type verification that follows up another (it
// has `ref`) adds its answer but no second question. A question is answered electronically when the
// holder itself answered MATCH, VARIANT, MISMATCH, NOT_FOUND or VOID; it avoided paper when the
// office could act on the answer: MATCH or VARIANT.
#ifndef CHAYAN_GATEWAY_REPORT_STATISTICS_H_
#define CHAYAN_GATEWAY_REPORT_STATISTICS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "gateway/log/leaf_view.h"
#include "gateway/registry/snapshot.h"
#include "gateway/report/period.h"

namespace chayan::report {

// The set with a digest as leaves write it (base64); null where there is none. What it gives
// outlives the statistics.
using RegistrySets = std::function<const registry::Snapshot*(absl::string_view digest)>;

struct Count {
  uint64_t questions = 0;  // that a grant allowed
  uint64_t answered = 0;   // electronically, by the holder
  uint64_t denied = 0;
  uint64_t failed = 0;
  uint64_t sheets_avoided = 0;
};

// Not thread-safe.
class Statistics {
 public:
  using ByCode = std::map<std::string, Count, std::less<>>;

  Statistics(const Period& period, RegistrySets sets);

  // Entries outside the period are passed over. In the order of the log.
  void Add(const log::LeafView& leaf);

  const Period& period() const { return period_; }
  const std::map<absl::CivilMonth, Count>& by_month() const { return by_month_; }
  // By kind, office, member, and how the person was proved. Codes of "unknown" are what the caller
  // wrote and the registry does not know.
  const ByCode& by_kind() const { return by_kind_; }
  const ByCode& by_office() const { return by_office_; }
  const ByCode& by_member() const { return by_member_; }
  const ByCode& by_person_proof() const { return by_person_proof_; }
  const std::map<std::pair<std::string, std::string>, Count>& by_kind_and_office() const {
    return by_kind_and_office_;
  }
  const std::map<std::string, uint64_t, std::less<>>& outcomes() const { return outcomes_; }
  const std::map<std::string, uint64_t, std::less<>>& denials() const { return denials_; }
  const std::map<std::string, uint64_t, std::less<>>& types() const { return types_; }
  const Count& total() const { return total_; }
  uint64_t entries() const { return entries_; }
  // The newest set that decided in the period: for names.
  const registry::Snapshot* newest_set() const { return set_; }

 private:
  Count CountOf(const log::LeafView& leaf);
  absl::CivilMonth MonthOf(absl::string_view timestamp);
  void FollowSet(absl::string_view digest);

  const Period period_;
  const std::string begin_;
  const std::string end_;
  const RegistrySets sets_;
  std::string set_digest_;
  const registry::Snapshot* set_ = nullptr;
  std::string hour_;  // of which month_ is known, "2026-01-15T08"
  absl::CivilMonth month_;

  uint64_t entries_ = 0;
  Count total_;
  std::map<absl::CivilMonth, Count> by_month_;
  ByCode by_kind_;
  ByCode by_office_;
  ByCode by_member_;
  ByCode by_person_proof_;
  std::map<std::pair<std::string, std::string>, Count> by_kind_and_office_;
  std::map<std::string, uint64_t, std::less<>> outcomes_;
  std::map<std::string, uint64_t, std::less<>> denials_;
  std::map<std::string, uint64_t, std::less<>> types_;
};

}  // namespace chayan::report

#endif  // CHAYAN_GATEWAY_REPORT_STATISTICS_H_
