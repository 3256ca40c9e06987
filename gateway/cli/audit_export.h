// Copies a log into a folder that any web server or USB stick can carry: full tiles and bundles,
// the partial ones of the checkpoint's size, registry sets by digest, timestamped checkpoints, the
// checkpoint last.
//
// Invariants:
// - A file appears whole and durable, or not at all; a full tile or bundle never changes. Many are
//   synced together (FileBatch), tiles before bundles.
// - A bundle is written only after the registry sets its entries name, and after the tiles that it
//   completes: what the bundles say is there, is there. So a run that was killed is resumed from
//   the last full bundle, and the next run copies only what is new.
// - The checkpoint is replaced only after the root of all that is in the folder was computed and is
//   the one it signs; until then the folder carries the last one.
#ifndef CHAYAN_GATEWAY_CLI_AUDIT_EXPORT_H_
#define CHAYAN_GATEWAY_CLI_AUDIT_EXPORT_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "chayan/v1/audit_service.pb.h"
#include "gateway/crypto/bytes.h"
#include "gateway/registry/snapshot.h"
#include "gateway/tlog/policy_file.h"

namespace chayan::cli {

// Where the log is copied from. One of these is called at a time, though not all by one thread: the
// next entries are read while those before are worked on.
struct LogSource {
  // The newest signed checkpoint, a signed note.
  std::function<absl::StatusOr<std::string>()> checkpoint;
  // The keys of the log at that checkpoint, in the file form of key_chain.h. Asked after it; may be
  // an empty function, and may give an empty text: the log has its first key.
  std::function<absl::StatusOr<std::string>()> log_keys;
  // Consecutive leaves from `first` on, at least one, none at or behind `end`.
  std::function<absl::StatusOr<std::vector<std::string>>(uint64_t first, uint64_t end)> leaves;
  std::function<absl::StatusOr<registry::Files>(const crypto::Digest& digest)> registry_set;
  // The frames that bulk entries from `first` on and before `end` cover, at most 256 entries. May
  // be empty: none are copied.
  std::function<absl::StatusOr<v1::ListFramesResponse>(uint64_t first, uint64_t end)> frames;
  // Published checkpoints with a timestamp, from this size on: the note, and the timestamp (DER).
  // May be empty: none are copied.
  std::function<absl::StatusOr<std::vector<std::pair<std::string, std::string>>>(uint64_t size_min)>
      timestamped;
  // May be empty. Entries copied so far and their number.
  std::function<void(uint64_t, uint64_t)> progress;
};

struct ExportReport {
  std::string origin;
  uint64_t size = 0;      // entries in the folder
  uint64_t resumed = 0;   // of these, not copied again: those of full bundles
  uint64_t old_size = 0;  // of the checkpoint that stood there; 0 when none did
  size_t witnesses = 0;
};

// DATA_LOSS when the log is not what its checkpoint signs, or is no continuation of what is in the
// folder; what this run wrote beyond the folder's checkpoint is then taken away again.
absl::StatusOr<ExportReport> ExportLog(const std::string& directory, const tlog::Policy& trust,
                                       const LogSource& source);

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_AUDIT_EXPORT_H_
