// Backups of a gateway: the store, the guard file, settings, in one folder with a manifest. What
// opens the vault (class keys, key-encryption key) and the log key are not in it.
//
// A log must never sign a second history. So a backup becomes the log again only while nobody has
// seen anything newer; otherwise another log goes on for it (log_reopen.h).
#ifndef CHAYAN_GATEWAY_CLI_BACKUP_H_
#define CHAYAN_GATEWAY_CLI_BACKUP_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "chayan/v1/gateway_config.pb.h"
#include "gateway/base/clock.h"
#include "gateway/cli/audit_export.h"
#include "gateway/cli/backup_folder.h"
#include "gateway/cli/kept_checkpoint.h"
#include "gateway/key_ring.h"
#include "gateway/tlog/policy_file.h"

namespace chayan::cli {

// Copies a gateway's state, running or not, with a checkpoint of exactly the copy, signed by `keys`
// as the gateway signed it. `directory` must be new or empty; the manifest is
// written last, so that a folder without one is no backup.
absl::StatusOr<BackupFacts> MakeBackup(const v1::GatewayConfig& config,
                                       const std::string& config_file, const LogKeys& keys,
                                       const std::string& directory, Clock& clock);

// Also the keys: `directory`, which must not lie in the backup, gets the class keys, and the key
// files that the settings name. Whoever holds both reads the vault.
absl::Status BackUpKeys(const v1::GatewayConfig& config, const std::string& backup,
                        const std::string& directory);

struct RestoreOptions {
  std::vector<KeptCheckpoint> kept{};  // what others have seen of the log
  std::string log_keys{};              // file log-keys with the keys since the backup, or empty
  bool nothing_newer = false;          // the operator says that nobody has seen more
};

// Puts store and guard file where the settings want them. FAILED_PRECONDITION when one is there
// already, when any kept checkpoint or a guard file that survived is newer than the backup or of
// another history, and when there is none and `nothing_newer` is not said.
absl::StatusOr<BackupFacts> Restore(const v1::GatewayConfig& config, const std::string& directory,
                                    const RestoreOptions& options);

// The log in a backup as an export, for auditors: up to the checkpoint that lies in the backup.
absl::StatusOr<ExportReport> ExportBackup(const std::string& backup, const std::string& directory,
                                          const tlog::Policy& trust);

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_BACKUP_H_
