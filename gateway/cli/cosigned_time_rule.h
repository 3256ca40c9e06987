// An entry's time is the gateway's word; a cosignature's is not. A witness that saw a checkpoint of
// N entries at a time bounds the entries on both sides of it: the first N were not made later, and
// those behind them not much earlier, for a checkpoint that is published makes room for a newer one
// within seconds. What contradicts it was dated back or ahead.
#ifndef CHAYAN_GATEWAY_CLI_COSIGNED_TIME_RULE_H_
#define CHAYAN_GATEWAY_CLI_COSIGNED_TIME_RULE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gateway/cli/entry_rule.h"
#include "gateway/tlog/inclusion_check.h"

namespace chayan::cli {

class CosignedTimeRule final : public EntryRule {
 public:
  // Of all checkpoints that the auditor has, the export's own among them. `findings` outlives it.
  CosignedTimeRule(const std::vector<tlog::CheckpointStanding>& kept,
                   const tlog::CheckpointStanding& exported, Findings& findings);

  // Never a lie.
  std::optional<Lie> Check(const AuditedEntry& entry) override;

 private:
  // What the first witness that cosigned `size` entries says of the entries before and behind.
  struct Bound {
    uint64_t size = 0;
    std::string source;  // "w1 cosigned 400 entries at …"
    std::string earliest_behind;
    std::string latest_before;
  };
  Findings& findings_;
  std::vector<Bound> bounds_;      // by size
  std::vector<size_t> strictest_;  // for each, the bound at or behind it with the earliest time
  size_t next_ = 0;                // the first whose size is above the entry's index
  std::optional<size_t> behind_;   // the one before it with the latest time
};

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_COSIGNED_TIME_RULE_H_
