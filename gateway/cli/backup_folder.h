// The folder of a backup: store, guard file, settings, and a manifest with their digests, written
// last. It is read, never written: the log in it is opened in a working copy, so that a backup on a
// medium that cannot be written serves too, and stays what its manifest says.
//
// Used by backup.h and log_reopen.h.
#ifndef CHAYAN_GATEWAY_CLI_BACKUP_FOLDER_H_
#define CHAYAN_GATEWAY_CLI_BACKUP_FOLDER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "chayan/v1/gateway_config.pb.h"
#include "gateway/log/key_chain.h"
#include "gateway/store/store.h"
#include "gateway/tlog/merkle.h"
#include "gateway/tlog/tile.h"

namespace chayan::cli {

inline constexpr char kBackupStore[] = "store.sqlite";
inline constexpr char kBackupHead[] = "head";

// FAILED_PRECONDITION, with what to do instead, when the store is a database.
absl::Status MustBeFile(const v1::GatewayConfig& config);

// A store opened for a look: what the log in it is.
struct StoredLog {
  std::unique_ptr<store::Store> store;
  tlog::RightEdge edge;
  log::KeyChain chain;
};
// FAILED_PRECONDITION when it holds no log.
absl::StatusOr<StoredLog> OpenStoredLog(const std::string& path);

struct BackupFacts {
  std::string origin;
  uint64_t size = 0;  // entries in the copy of the store
  tlog::Hash root{};
};
BackupFacts FactsOf(const StoredLog& log);

// A file of a store that goes away with this, and what lies beside it, unless it is kept.
class WorkingCopy {
 public:
  // What a run that was stopped left there is removed.
  explicit WorkingCopy(std::string path);
  ~WorkingCopy();
  WorkingCopy(const WorkingCopy&) = delete;
  WorkingCopy& operator=(const WorkingCopy&) = delete;

  const std::string& path() const { return path_; }
  // Gives it the name `to`, which must be free; durable. REQUIRES: no store has it open.
  absl::Status KeepAs(const std::string& to);

 private:
  void Remove() const;
  const std::string path_;
};

// Writes the manifest over `names`, the files of the backup. REQUIRES: no store has one open.
absl::Status WriteManifest(const std::string& directory, const BackupFacts& facts,
                           const std::vector<std::string>& names, absl::Time now);

// Checks every file against the manifest; the log in its store, opened in `copy`.
absl::StatusOr<StoredLog> OpenBackup(const std::string& directory, const WorkingCopy& copy);

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_BACKUP_FOLDER_H_
