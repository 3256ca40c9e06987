// Checkpoints of a log that auditors, witnesses, a guard file or an export have kept, held against
// what a store has of it.
#ifndef CHAYAN_GATEWAY_CLI_KEPT_CHECKPOINT_H_
#define CHAYAN_GATEWAY_CLI_KEPT_CHECKPOINT_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateway/cli/backup_folder.h"
#include "gateway/crypto/signing_key.h"
#include "gateway/log/key_chain.h"
#include "gateway/tlog/checkpoint.h"
#include "gateway/tlog/note_key.h"

namespace chayan::cli {

struct KeptCheckpoint {
  std::string name;  // for errors
  std::string note;
};

// What it says, and which key of the log signed it.
struct OpenedCheckpoint {
  tlog::Checkpoint checkpoint;
  tlog::VerifierKey key;
  crypto::Ed25519Signature signature;
};

// Takes the log's keys that followed after the end of what is stored from a file `log-keys`.
// FAILED_PRECONDITION when it is of another log.
absl::Status FollowKeys(const std::string& log_keys_file, StoredLog& log);

// FAILED_PRECONDITION when none of the keys signed it.
absl::StatusOr<OpenedCheckpoint> OpenKept(const KeptCheckpoint& kept, const log::KeyChain& chain);

// The largest of them. FAILED_PRECONDITION when one is of another history than `log` holds, as far
// as that reaches. REQUIRES: there is one.
absl::StatusOr<OpenedCheckpoint> NewestCheckpoint(const std::vector<KeptCheckpoint>& kept,
                                                  const StoredLog& log);

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_KEPT_CHECKPOINT_H_
