// A notice that nobody had the right to publish, in a log that is exactly what was signed: decided
// again with the registry set that its entry names, as far as a leaf shows what it rests on. The
// role of the person lies sealed. A finding, as those of conduct_rule.h.
#ifndef CHAYAN_GATEWAY_CLI_NOTICE_RIGHT_RULE_H_
#define CHAYAN_GATEWAY_CLI_NOTICE_RIGHT_RULE_H_

#include <optional>

#include "gateway/cli/deciding_sets.h"
#include "gateway/cli/entry_rule.h"

namespace chayan::cli {

class NoticeRightRule final : public EntryRule {
 public:
  // Both outlive it.
  NoticeRightRule(DecidingSets& sets, Findings& findings) : sets_(sets), findings_(findings) {}

  // Never a lie.
  std::optional<Lie> Check(const AuditedEntry& entry) override;

 private:
  DecidingSets& sets_;
  Findings& findings_;
};

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_NOTICE_RIGHT_RULE_H_
