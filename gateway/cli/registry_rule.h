// The rules about what every entry rests on: its time, the log's beginning, and the registry set
// that it names, which is in the export with this digest, was put in force by an earlier entry, and
// is the one in force or was when the entry's decision may have begun.
#ifndef CHAYAN_GATEWAY_CLI_REGISTRY_RULE_H_
#define CHAYAN_GATEWAY_CLI_REGISTRY_RULE_H_

#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "gateway/cli/entry_rule.h"
#include "gateway/registry/snapshot.h"

namespace chayan::cli {

// The time never goes back.
class TimeRule final : public EntryRule {
 public:
  std::optional<Lie> Check(const AuditedEntry& entry) override;

  // Of what was read; nothing before the first.
  std::optional<absl::Time> first() const;
  std::optional<absl::Time> last() const;

 private:
  std::string first_;
  std::string last_;
};

// A log begins once, with its first entry, under the name that signs it.
class GenesisRule final : public EntryRule {
 public:
  explicit GenesisRule(std::string origin) : origin_(std::move(origin)) {}
  std::optional<Lie> Check(const AuditedEntry& entry) override;

 private:
  const std::string origin_;
};

class RegistryRule final : public EntryRule {
 public:
  // `directory`: of the export.
  explicit RegistryRule(std::string directory) : directory_(std::move(directory)) {}
  std::optional<Lie> Check(const AuditedEntry& entry) override;

  // Sets whose files were checked.
  size_t count() const { return sets_.size(); }
  // The files of a set that an entry named. REQUIRES: Check passed an entry that names it.
  const registry::Files& FilesOf(absl::string_view digest) const { return sets_.at(digest); }

 private:
  // The entry that put another set in force.
  struct Switch {
    uint64_t index = 0;
    std::optional<absl::Time> time;
  };
  std::optional<Lie> CheckFiles(uint64_t index, absl::string_view digest);
  std::optional<Lie> CheckInForce(const AuditedEntry& entry, absl::string_view digest) const;

  const std::string directory_;
  // Digests as they stand in leaves.
  absl::flat_hash_map<std::string, registry::Files> sets_;
  absl::flat_hash_map<std::string, Switch> put_out_;  // in force once, and by when no more
  std::string in_force_;
};

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_REGISTRY_RULE_H_
