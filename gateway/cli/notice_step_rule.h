// What an honest gateway never records of deliveries, found in a log that is exactly what was
// signed: a delivery to one for whom no registry set, up to then, had a subscription; a step of
// what is no notice; a recipient's word without the recipient. Who had the right to publish is the
// question of notice_right_rule.h. Findings, as those of conduct_rule.h.
//
// LIMITATION: a recipient's signature (hsig) exists over a link only. That it pulled, or
// acknowledged by a call, is the gateway's word: of such an entry nothing but its member is looked
// at.
#ifndef CHAYAN_GATEWAY_CLI_NOTICE_STEP_RULE_H_
#define CHAYAN_GATEWAY_CLI_NOTICE_STEP_RULE_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "gateway/cli/deciding_sets.h"
#include "gateway/cli/entry_rule.h"

namespace chayan::cli {

class NoticeStepRule final : public EntryRule {
 public:
  // Both outlive it.
  NoticeStepRule(DecidingSets& sets, Findings& findings) : sets_(sets), findings_(findings) {}

  // Never a lie.
  std::optional<Lie> Check(const AuditedEntry& entry) override;

 private:
  void TakeSubscriptions(const registry::Snapshot& set);
  void TakeNotice(uint64_t index);
  void CheckStep(const AuditedEntry& entry);
  void CheckWord(const AuditedEntry& entry);
  void Add(const AuditedEntry& entry, absl::string_view what, std::string how);

  DecidingSets& sets_;
  Findings& findings_;
  // Kind and recipient of each subscription that was ever in force; and of each with a schedule.
  absl::flat_hash_set<std::pair<std::string, std::string>> subscriptions_;
  absl::flat_hash_set<std::pair<std::string, std::string>> scheduled_;
  std::vector<bool> notices_;  // by index: whether the entry accepted notices. A bit an entry.
};

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_NOTICE_STEP_RULE_H_
