#include "gateway/cli/backup.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"
#include "gateway/log/checkpoint_signer.h"
#include "gateway/store/sqlite_backup.h"

namespace chayan::cli {
namespace {

namespace fs = std::filesystem;

// A page of an export, as over the network.
constexpr uint64_t kExportEntriesMax = 5000;
constexpr size_t kExportBytesMax = 1 << 20;

absl::Status Refused(absl::string_view what) { return absl::FailedPreconditionError(what); }

absl::Status CopyTo(const std::string& from, const std::string& to, mode_t mode) {
  CHAYAN_ASSIGN_OR_RETURN(const std::string content, ReadFile(from));
  return WriteFile(to, content, mode);
}

absl::Status MakeEmpty(const std::string& directory) {
  CHAYAN_RETURN_IF_ERROR(MakeDirectories(directory, 0700));
  std::error_code error;
  if (!fs::is_empty(directory, error) || error) {
    return Refused(absl::StrCat(directory, " is not empty: name a new folder for each backup"));
  }
  return absl::OkStatus();
}

// The checkpoint of the copy. The copy ends with a commit, and signatures are deterministic, so the
// gateway has signed, or was about to sign, these very bytes.
absl::StatusOr<std::string> SignEnd(const v1::GatewayConfig& config, const LogKeys& keys,
                                    const StoredLog& log) {
  std::vector<const crypto::Signer*> held = {keys.now.get()};
  if (keys.next != nullptr) held.push_back(keys.next.get());
  log::CheckpointSigner signer(config.log_origin(), std::move(held));
  CHAYAN_RETURN_IF_ERROR(signer.Follow(*log.store));
  return signer.Sign({.size = log.edge.size(), .root = log.edge.Tree().Root()});
}

absl::Status MustBeNew(const char* setting, const std::string& path) {
  std::error_code error;
  if (!fs::exists(path, error) && !error) return absl::OkStatus();
  return Refused(absl::StrCat(setting, ": ", path,
                              " is there already and is never overwritten: move it away, and keep "
                              "it until all is well"));
}

}  // namespace

absl::StatusOr<BackupFacts> MakeBackup(const v1::GatewayConfig& config,
                                       const std::string& config_file, const LogKeys& keys,
                                       const std::string& directory, Clock& clock) {
  CHAYAN_RETURN_IF_ERROR(MustBeFile(config));
  CHAYAN_RETURN_IF_ERROR(MakeEmpty(directory));
  // The guard file first: the store only grows, so the copy of it reaches what the guard has seen.
  CHAYAN_ASSIGN_OR_RETURN(const std::string guard, ReadFile(config.head_file()));
  const std::string store = absl::StrCat(directory, "/", kBackupStore);
  CHAYAN_RETURN_IF_ERROR(store::CopySqliteStore(config.store_file(), store));
  std::vector<std::string> names = {kBackupStore, kBackupHead, "gateway.textproto"};
  CHAYAN_RETURN_IF_ERROR(CopyTo(config_file, absl::StrCat(directory, "/", names.back()), 0600));
  if (!config.denylist_file().empty()) {
    names.emplace_back("denylist.textproto");
    CHAYAN_RETURN_IF_ERROR(
        CopyTo(config.denylist_file(), absl::StrCat(directory, "/", names.back()), 0600));
  }
  BackupFacts facts;
  {
    CHAYAN_ASSIGN_OR_RETURN(const StoredLog log, OpenStoredLog(store));
    CHAYAN_ASSIGN_OR_RETURN(const OpenedCheckpoint seen,
                            NewestCheckpoint({{config.head_file(), guard}}, log));
    if (seen.checkpoint.head.size > log.edge.size()) {
      return Refused(absl::StrCat("the store ", config.store_file(), " is behind the guard file ",
                                  config.head_file(), ": it is not worth a backup"));
    }
    CHAYAN_ASSIGN_OR_RETURN(const std::string note, SignEnd(config, keys, log));
    CHAYAN_RETURN_IF_ERROR(WriteFile(absl::StrCat(directory, "/", kBackupHead), note, 0600));
    facts = FactsOf(log);
  }
  std::error_code ignored;
  fs::remove(store + ".lock", ignored);  // SQLite itself leaves nothing beside a closed file
  CHAYAN_RETURN_IF_ERROR(WriteManifest(directory, facts, names, clock.Now()));
  return facts;
}

absl::Status BackUpKeys(const v1::GatewayConfig& config, const std::string& backup,
                        const std::string& directory) {
  const std::string inside = fs::weakly_canonical(backup).string() + "/";
  if (absl::StartsWith(fs::weakly_canonical(directory).string() + "/", inside)) {
    return Refused(absl::StrCat("--keys-into ", directory, " lies in the backup ", backup,
                                ": keys are kept apart, or destroying one means nothing"));
  }
  CHAYAN_RETURN_IF_ERROR(MakeEmpty(directory));
  const std::string keys = absl::StrCat(directory, "/vault-keys");
  CHAYAN_RETURN_IF_ERROR(MakeDirectories(keys, 0700));
  CHAYAN_ASSIGN_OR_RETURN(const auto files, ReadTree(config.vault_key_directory(), ".key"));
  for (const auto& [name, content] : files) {
    CHAYAN_RETURN_IF_ERROR(WriteFile(absl::StrCat(keys, "/", name), content, 0600));
  }
  const std::pair<const char*, const std::string&> singles[] = {
      {"log.key", config.log_key_file()},
      {"next-log.key", config.next_log_key_file()},
      {"vault.kek", config.vault_kek_file()},
      {"old-vault.kek", config.old_vault_kek_file()},
      {"notice-ordering.key", config.notice_ordering_key_file()}};
  for (const auto& [name, path] : singles) {
    if (path.empty()) continue;  // in a token, which has its own way of backup, or not there
    CHAYAN_RETURN_IF_ERROR(CopyTo(path, absl::StrCat(directory, "/", name), 0600));
  }
  return absl::OkStatus();
}

absl::StatusOr<BackupFacts> Restore(const v1::GatewayConfig& config, const std::string& directory,
                                    const RestoreOptions& options) {
  CHAYAN_RETURN_IF_ERROR(MustBeFile(config));
  CHAYAN_RETURN_IF_ERROR(MustBeNew("store_file", config.store_file()));
  std::vector<KeptCheckpoint> known = options.kept;
  const absl::StatusOr<std::string> guard = ReadFile(config.head_file());
  if (guard.ok()) {
    known.push_back({config.head_file(), *guard});
  } else if (!absl::IsNotFound(guard.status())) {
    return guard.status();
  }
  if (known.empty() && !options.nothing_newer) {
    return Refused(
        "nobody says that the backup is the end of the log: give --checkpoint FILE with the newest "
        "that auditors, witnesses or receipts have, or say --nothing-newer if it was made after "
        "the gateway had stopped");
  }
  WorkingCopy copy(config.store_file() + ".restoring");
  BackupFacts facts;
  {
    CHAYAN_ASSIGN_OR_RETURN(StoredLog log, OpenBackup(directory, copy));
    if (!options.log_keys.empty()) CHAYAN_RETURN_IF_ERROR(FollowKeys(options.log_keys, log));
    facts = FactsOf(log);
    if (facts.origin != config.log_origin()) {
      return Refused(absl::StrCat("log_origin: the settings say ", config.log_origin(),
                                  ", the backup is of ", facts.origin));
    }
    CHAYAN_ASSIGN_OR_RETURN(const std::string own,
                            ReadFile(absl::StrCat(directory, "/", kBackupHead)));
    known.push_back({absl::StrCat(directory, "/", kBackupHead), own});
    CHAYAN_ASSIGN_OR_RETURN(const OpenedCheckpoint newest, NewestCheckpoint(known, log));
    if (newest.checkpoint.head.size > facts.size) {
      return Refused(absl::StrCat("the log had ", newest.checkpoint.head.size,
                                  " entries, the backup has ", facts.size,
                                  ": as the same log it would sign a second history of the last ",
                                  newest.checkpoint.head.size - facts.size,
                                  "; begin a new one that says so: chayan log reopen"));
    }
  }
  // The guard file first: whoever starts the gateway between the two finds a store that was lost.
  if (!guard.ok()) {
    CHAYAN_RETURN_IF_ERROR(
        CopyTo(absl::StrCat(directory, "/", kBackupHead), config.head_file(), 0644));
  }
  CHAYAN_RETURN_IF_ERROR(copy.KeepAs(config.store_file()));
  return facts;
}

absl::StatusOr<ExportReport> ExportBackup(const std::string& backup, const std::string& directory,
                                          const tlog::Policy& trust) {
  const WorkingCopy copy(directory + ".store");
  CHAYAN_ASSIGN_OR_RETURN(const StoredLog log, OpenBackup(backup, copy));
  LogSource source;
  source.checkpoint = [&] { return ReadFile(absl::StrCat(backup, "/", kBackupHead)); };
  source.log_keys = [&] { return absl::StatusOr<std::string>(log.chain.Format()); };
  source.leaves = [&](uint64_t first, uint64_t end) {
    return log.store->ReadLeaves(first, std::min(end - first, kExportEntriesMax), kExportBytesMax);
  };
  source.registry_set = [&](const crypto::Digest& digest) -> absl::StatusOr<registry::Files> {
    CHAYAN_ASSIGN_OR_RETURN(store::RegistrySet set, log.store->ReadRegistry(digest));
    return std::move(set.files);
  };
  return ExportLog(directory, trust, source);
}

}  // namespace chayan::cli
