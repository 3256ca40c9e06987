// The audit of an exported log (tiles, entry bundles, registry sets, checkpoint) with nothing but
// public keys: every entry is read and hashed again, every stored hash is compared, the root is
// held against the signed checkpoint, and every rule is asked about every entry. The first lie is
// named with its index and how it is known.
//
// What it proves: the export is exactly what the log signed, complete from the first entry to the
// checkpoint's size. What it cannot: that what was signed is true, or that no second history was
// signed for somebody else; for that, give it older checkpoints and other people's receipts.
//
// Memory does not grow with the log: bundles are read in order, some at a time. Where each part
// stands: bundle_reader.h files, export_tree.h hashes, kept_proofs.h what the auditor holds,
// *_rule.h one question a file.
#ifndef CHAYAN_GATEWAY_CLI_LOG_AUDIT_H_
#define CHAYAN_GATEWAY_CLI_LOG_AUDIT_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gateway/cli/entry_rule.h"
#include "gateway/cli/frame_rule.h"
#include "gateway/cli/kept_proofs.h"
#include "gateway/tlog/inclusion_check.h"
#include "gateway/tlog/policy_file.h"

namespace chayan::cli {

struct AuditReport {
  std::optional<Lie> first_lie;
  // Of the entries before the first lie.
  Findings findings;
  uint64_t entries = 0;  // read
  std::optional<tlog::CheckpointStanding> standing;
  size_t witness_count = 0;  // in the trust file
  std::optional<absl::Time> first_time;
  std::optional<absl::Time> last_time;
  uint64_t unknown_types = 0;  // entries of types of a later version
  size_t registry_sets = 0;
  size_t receipts = 0;            // that agree
  size_t receipts_elsewhere = 0;  // of other logs of the trust: each holds, none is compared
  size_t old_checkpoints = 0;     // through which the entries pass
  FrameCounts frames{};           // of bulk entries
  // Entries that somebody beside the operator holds something of: a witness that cosigned, an old
  // checkpoint, a receipt. Those behind them could still be rewritten, and this would not show it.
  uint64_t held_size = 0;
  // Of a log that goes on for another (reopen_check.h): the entry that says so.
  std::optional<std::string> reopen_leaf{};
};

struct AuditOptions {
  std::string directory;
  // Checkpoints kept from before (name, bytes); each must be signed by a log of the trust.
  std::vector<NamedBytes> old_checkpoints;
  // Evidence files, each checked by itself and against the export.
  std::vector<NamedBytes> receipts;
  // Called now and then with the entries read and their number.
  std::function<void(uint64_t, uint64_t)> progress;
  // Called with each entry that is right by itself, in order. Until the report has no lie, nothing
  // is proved of what was seen.
  std::function<void(const AuditedEntry&)> visit;
};

// An error only if the folder cannot be read at all, or an old checkpoint is none; everything the
// export says wrongly is the report's first lie.
absl::StatusOr<AuditReport> AuditLog(const AuditOptions& options, const tlog::Policy& trust);

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_LOG_AUDIT_H_
