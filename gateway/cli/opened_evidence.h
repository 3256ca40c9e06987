// Who asked about whom, from the evidence files that offices keep: the only
// place outside the vault where it stands. An entry counts as opened only if
// the file's request bytes are those that the proved entry commits to.
#ifndef CHAYAN_GATEWAY_CLI_OPENED_EVIDENCE_H_
#define CHAYAN_GATEWAY_CLI_OPENED_EVIDENCE_H_

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "gateway/cli/entry_rule.h"
#include "gateway/report/anomalies.h"

namespace chayan::cli {

class OpenedEvidence {
 public:
  // Every *.chayan below `directory` whose request names a person; an empty name loads nothing.
  // INVALID_ARGUMENT names a file that is no evidence, or whose request is not
  // the one its entry commits to.
  absl::Status Load(const std::string& directory);

  // Null for an entry that no file opens. REQUIRES: a proved entry.
  const report::Opened* Find(const AuditedEntry& entry) const;
  size_t size() const { return opened_.size(); }

 private:
  // By the leaf, byte for byte.
  absl::flat_hash_map<std::string, report::Opened> opened_;
};

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_OPENED_EVIDENCE_H_
