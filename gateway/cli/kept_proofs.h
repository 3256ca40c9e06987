// What an auditor holds from elsewhere or from before: old checkpoints and other people's evidence
// files. Each was signed; an export must agree with all of them.
#ifndef CHAYAN_GATEWAY_CLI_KEPT_PROOFS_H_
#define CHAYAN_GATEWAY_CLI_KEPT_PROOFS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "gateway/cli/entry_rule.h"
#include "gateway/cli/receipt_check.h"
#include "gateway/tlog/inclusion_check.h"
#include "gateway/tlog/policy_file.h"

namespace chayan::cli {

// Name and bytes.
using NamedBytes = std::pair<std::string, std::string>;

class KeptProofs final : public EntryRule {
 public:
  // `trust` outlives it.
  explicit KeptProofs(const tlog::Policy& trust) : trust_(trust) {}

  // Checkpoints kept from before. An error when one is none, or nobody trusted signed it: then it
  // is the auditor's own file that is wrong, not the export.
  absl::Status AddCheckpoints(const std::vector<NamedBytes>& checkpoints);
  // Holds them against the export's own checkpoint.
  std::optional<Lie> Compare(const tlog::Checkpoint& exported) const;
  // Evidence files, each checked by itself and remembered for the entries to come.
  std::optional<Lie> AddReceipts(std::span<const NamedBytes> receipts,
                                 const tlog::Checkpoint& exported);

  // The entry that a receipt promises is the one that stands there.
  std::optional<Lie> Check(const AuditedEntry& entry) override;

  // A tree head that the export must pass through, and who says so.
  struct Landmark {
    tlog::Hash root;
    std::string source;
    bool is_checkpoint = false;  // kept as such; not out of a receipt
  };
  const std::multimap<uint64_t, Landmark>& landmarks() const { return landmarks_; }
  size_t receipt_count() const { return receipt_count_; }
  size_t elsewhere_count() const { return elsewhere_count_; }
  // The checkpoints that receipts and auditor brought, with their cosignatures.
  const std::vector<tlog::CheckpointStanding>& standings() const { return standings_; }

 private:
  struct KnownLeaf {
    tlog::Hash hash;
    std::string source;
  };
  std::optional<Lie> AddReceipt(const std::string& name, const ReceiptReport& receipt,
                                const tlog::Checkpoint& exported);

  const tlog::Policy& trust_;
  std::vector<std::pair<std::string, tlog::Checkpoint>> checkpoints_;
  std::vector<tlog::CheckpointStanding> standings_;
  std::multimap<uint64_t, Landmark> landmarks_;
  absl::flat_hash_map<uint64_t, KnownLeaf> known_leaves_;
  size_t receipt_count_ = 0;
  size_t elsewhere_count_ = 0;  // of other logs
};

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_KEPT_PROOFS_H_
