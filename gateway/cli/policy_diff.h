// chayan policy diff OLD NEW EXPORT: what another registry set would have changed. The questions
// that an exported log recorded of late are decided again under both sets, from the codes in their
// leaves: what lies sealed (claims, fields, persons' roles) and what was counted is not decided.
#ifndef CHAYAN_GATEWAY_CLI_POLICY_DIFF_H_
#define CHAYAN_GATEWAY_CLI_POLICY_DIFF_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gateway/cli/entry_rule.h"
#include "gateway/cli/program.h"
#include "gateway/registry/snapshot.h"

namespace chayan::cli {

// The checked set of a folder, or nullptr after every fault was printed.
std::shared_ptr<const registry::Snapshot> LoadSet(const Program& program,
                                                  const std::string& directory);

// Questions alike in all that a leaf says, which the two sets decide differently.
struct ChangedDecision {
  std::string member, system, office, kind, purpose, basis;
  bool permitted_before = false;
  std::string step;    // the first that fails, where it is refused
  std::string detail;  // what that set says of it
  uint64_t count = 0;
  uint64_t first_index = 0;
};

class PolicyDiff {
 public:
  // Both sets outlive it. Entries before `since` are passed over.
  PolicyDiff(const registry::Snapshot& before, const registry::Snapshot& after, absl::Time since)
      : before_(before), after_(after), since_(since) {}

  void Take(const AuditedEntry& entry);

  uint64_t questions() const { return questions_; }
  std::vector<ChangedDecision> Changes() const;

 private:
  const registry::Snapshot& before_;
  const registry::Snapshot& after_;
  const absl::Time since_;
  uint64_t questions_ = 0;
  std::map<std::vector<std::string>, ChangedDecision> changes_;
};

void AddPolicyDiffCommand(CLI::App& policy, Program& program);

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_POLICY_DIFF_H_
