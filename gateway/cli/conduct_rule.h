// What an honest gateway never records, found in a log that is exactly what was signed: a question
// that no grant allowed, decided again with the registry set that the entry names, or by a grant
// that had ended for want of use (grant_lives.h); an answer in a holder's name without a holder's
// signature. These are findings: they do not make the export a lie, they say what its operator did.
#ifndef CHAYAN_GATEWAY_CLI_CONDUCT_RULE_H_
#define CHAYAN_GATEWAY_CLI_CONDUCT_RULE_H_

#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "gateway/cli/decide_again.h"
#include "gateway/cli/deciding_sets.h"
#include "gateway/cli/entry_rule.h"
#include "gateway/cli/grant_lives.h"

namespace chayan::cli {

class ConductRule final : public EntryRule {
 public:
  // Both outlive it.
  ConductRule(DecidingSets& sets, Findings& findings) : sets_(sets), findings_(findings) {}

  // Never a lie.
  std::optional<Lie> Check(const AuditedEntry& entry) override;

 private:
  // What the codes of a leaf come to, whatever the time.
  struct Judgement {
    TimeBounds times;   // to be asked about the time; no grant: at any time
    std::string fault;  // empty: allowed
    std::string how;
  };
  const Judgement& JudgementOf(const AuditedEntry& entry);
  void CheckQuestion(const AuditedEntry& entry);

  DecidingSets& sets_;
  Findings& findings_;
  // By the part of a leaf from its type to its registry set. The same office asks the same kind for
  // the same purpose all day long.
  absl::flat_hash_map<std::string, Judgement> judgements_;
  GrantLives lives_;
};

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_CONDUCT_RULE_H_
