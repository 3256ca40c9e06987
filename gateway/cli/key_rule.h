// The log's keys (gateway/log/key_chain.h): the export's file `log-keys` leads from the keys that
// are trusted to those that followed them, and the entries that speak of keys are those of the
// file, all of them and no others.
#ifndef CHAYAN_GATEWAY_CLI_KEY_RULE_H_
#define CHAYAN_GATEWAY_CLI_KEY_RULE_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "gateway/cli/entry_rule.h"
#include "gateway/log/key_chain.h"
#include "gateway/tlog/policy_file.h"

namespace chayan::cli {

class KeyRule final : public EntryRule {
 public:
  // An export without the file is of a log that has its first key. INVALID_ARGUMENT when the keys
  // do not follow from each other.
  static absl::StatusOr<KeyRule> Read(const std::string& directory);

  tlog::Policy Follow(const tlog::Policy& trust) const;
  std::optional<Lie> Check(const AuditedEntry& entry) override;
  // After the last entry.
  std::optional<Lie> Finish() const;

 private:
  std::optional<log::KeyChain> chain_;
  size_t seen_ = 0;  // entries of the chain
};

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_KEY_RULE_H_
