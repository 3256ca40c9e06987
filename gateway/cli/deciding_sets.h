// The registry sets that entries of an audited log name, ready to decide again with. A set whose
// files are no registry is a finding, once.
#ifndef CHAYAN_GATEWAY_CLI_DECIDING_SETS_H_
#define CHAYAN_GATEWAY_CLI_DECIDING_SETS_H_

#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "gateway/cli/entry_rule.h"
#include "gateway/cli/registry_rule.h"
#include "gateway/registry/snapshot.h"

namespace chayan::cli {

class DecidingSets {
 public:
  // `files` is asked about each entry before; both outlive it.
  DecidingSets(const RegistryRule& files, Findings& findings)
      : files_(files), findings_(findings) {}

  // The set that the entry names; null for one that is none. Lives as long as this.
  // REQUIRES: it names one.
  const registry::Snapshot* Of(const AuditedEntry& entry);

 private:
  const RegistryRule& files_;
  Findings& findings_;
  // By the digest as it stands in leaves.
  absl::flat_hash_map<std::string, std::shared_ptr<const registry::Snapshot>> snapshots_;
};

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_DECIDING_SETS_H_
