// A log that cannot go on, because entries of it were lost or its key was stolen, is followed by
// another one under another origin and key, which says so: genesis, then a `reopen` entry that
// carries the old log's last checkpoint with its signature and states from where on it is lost.
// reopen_check.h is the other side.
#ifndef CHAYAN_GATEWAY_CLI_LOG_REOPEN_H_
#define CHAYAN_GATEWAY_CLI_LOG_REOPEN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "chayan/v1/gateway_config.pb.h"
#include "gateway/base/clock.h"
#include "gateway/base/random.h"
#include "gateway/cli/kept_checkpoint.h"
#include "gateway/crypto/signing_key.h"

namespace chayan::cli {

struct OldLog {
  std::string backup;                // its folder
  std::string mirror;                // folder of an export that reaches further, or empty
  std::vector<KeptCheckpoint> kept;  // what others have seen of it
  std::string log_keys;              // file log-keys with the keys since the backup, or empty
};

struct Reopened {
  std::string origin;
  std::string old_origin;
  uint64_t old_size = 0;  // of the last checkpoint
  uint64_t lost = 0;      // first entry that neither backup nor mirror has; `old_size` when none
};

// In the store that the settings name, which is new. The settings name a new folder of vault keys
// too; the old one goes with the backup. A run that was stopped may be repeated.
absl::StatusOr<Reopened> ReopenLog(const v1::GatewayConfig& config, const crypto::Signer& key,
                                   const OldLog& old_log, const std::string& reason, Clock& clock,
                                   Random& random);

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_LOG_REOPEN_H_
