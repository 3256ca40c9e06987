// The audit of an exported log (tiles, entry bundles, registry sets, checkpoint) with nothing but
// public keys: every entry is read and hashed again, every stored hash is compared, the root is
// held against the signed checkpoint, and every registry set that decided was put in force by an
// earlier entry. The first lie is named with its index and how it is known.
//
// What it proves: the export is exactly what the log signed, complete from the first entry to the
// checkpoint's size. What it cannot: that what was signed is true, or that no second history was
// signed for somebody else; for that, give it older checkpoints and other people's receipts.
//
// Memory does not grow with the log: bundles are read in order, one at a time.
#ifndef CHAYAN_GATEWAY_CLI_LOG_AUDIT_H_
#define CHAYAN_GATEWAY_CLI_LOG_AUDIT_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gateway/tlog/inclusion_check.h"
#include "gateway/tlog/policy_file.h"

namespace chayan::cli {

// Where and how an export was found to lie.
struct Lie {
  std::string what;               // "entry 771 is not the one that was signed"
  std::optional<uint64_t> index;  // of the entry, where one can be named
  std::string how;                // what it was held against
};

struct AuditReport {
  std::optional<Lie> first_lie;
  uint64_t entries = 0;  // read
  std::optional<tlog::CheckpointStanding> standing;
  size_t witness_count = 0;  // in the trust file
  std::optional<absl::Time> first_time;
  std::optional<absl::Time> last_time;
  uint64_t unknown_types = 0;  // entries of types of a later version
  size_t registry_sets = 0;
  size_t receipts = 0;
  bool old_checkpoint_checked = false;
};

struct AuditOptions {
  std::string directory;
  // A checkpoint kept from before, as bytes; must be signed by a log of the trust.
  std::optional<std::string> old_checkpoint;
  // Evidence files (name, bytes), each checked by itself and against the export.
  std::vector<std::pair<std::string, std::string>> receipts;
  // Called now and then with the entries read and their number.
  std::function<void(uint64_t, uint64_t)> progress;
};

// An error only if the folder cannot be read at all, or the old checkpoint is none; everything the
// export says wrongly is the report's first lie.
absl::StatusOr<AuditReport> AuditLog(const AuditOptions& options, const tlog::Policy& trust);

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_LOG_AUDIT_H_
