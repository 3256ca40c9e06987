#include "gateway/cli/log_reopen.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"
#include "gateway/cli/backup_folder.h"
#include "gateway/cli/log_audit.h"
#include "gateway/log/committer.h"
#include "gateway/store/sqlite.h"

namespace chayan::cli {
namespace {

namespace fs = std::filesystem;

absl::Status Refused(absl::string_view what) { return absl::FailedPreconditionError(what); }

// What is known of the old log.
struct Known {
  OpenedCheckpoint newest;
  uint64_t kept = 0;  // entries that are still there, in the backup or in the mirror
  log::KeyChain chain;
  store::RegistrySet registry;
};

absl::Status AddFile(const std::string& path, std::vector<KeptCheckpoint>& kept) {
  CHAYAN_ASSIGN_OR_RETURN(std::string note, ReadFile(path));
  kept.push_back({path, std::move(note)});
  return absl::OkStatus();
}

// Proves the mirror, which must pass through all checkpoints that it reaches. Its size.
absl::StatusOr<uint64_t> ProveMirror(const std::string& directory,
                                     const std::vector<KeptCheckpoint>& kept,
                                     const log::KeyChain& chain) {
  CHAYAN_ASSIGN_OR_RETURN(const OpenedCheckpoint end, OpenKept(kept.back(), chain));
  AuditOptions options;
  options.directory = directory;
  for (const KeptCheckpoint& each : kept) {
    CHAYAN_ASSIGN_OR_RETURN(const OpenedCheckpoint opened, OpenKept(each, chain));
    if (opened.checkpoint.head.size > end.checkpoint.head.size) continue;
    options.old_checkpoints.emplace_back(each.name, each.note);
  }
  CHAYAN_ASSIGN_OR_RETURN(
      const tlog::Policy trust,
      tlog::Policy::Parse(absl::StrCat("log ", chain.keys()[0].key.ToString(), "\nquorum none\n")));
  CHAYAN_ASSIGN_OR_RETURN(const AuditReport report, AuditLog(options, trust));
  if (!report.first_lie.has_value()) return end.checkpoint.head.size;
  return Refused(absl::StrCat("--mirror ", directory, ": ", report.first_lie->what, " (",
                              report.first_lie->how, "): keep it, and name another one"));
}

absl::StatusOr<Known> ReadOldLog(const OldLog& old_log, const std::string& working_copy) {
  const WorkingCopy copy(working_copy);
  CHAYAN_ASSIGN_OR_RETURN(StoredLog log, OpenBackup(old_log.backup, copy));
  if (!old_log.log_keys.empty()) CHAYAN_RETURN_IF_ERROR(FollowKeys(old_log.log_keys, log));
  std::vector<KeptCheckpoint> kept = old_log.kept;
  CHAYAN_RETURN_IF_ERROR(AddFile(absl::StrCat(old_log.backup, "/", kBackupHead), kept));
  uint64_t size = log.edge.size();
  if (!old_log.mirror.empty()) {
    const std::string log_keys = absl::StrCat(old_log.mirror, "/", log::kLogKeysFile);
    std::error_code error;
    if (fs::exists(log_keys, error)) CHAYAN_RETURN_IF_ERROR(FollowKeys(log_keys, log));
    CHAYAN_RETURN_IF_ERROR(AddFile(absl::StrCat(old_log.mirror, "/checkpoint"), kept));
    CHAYAN_ASSIGN_OR_RETURN(const uint64_t mirrored, ProveMirror(old_log.mirror, kept, log.chain));
    size = std::max(size, mirrored);
  }
  CHAYAN_ASSIGN_OR_RETURN(OpenedCheckpoint newest, NewestCheckpoint(kept, log));
  CHAYAN_ASSIGN_OR_RETURN(store::RegistrySet registry, log.store->ReadCurrentRegistry());
  return Known{std::move(newest), size, std::move(log.chain), std::move(registry)};
}

absl::Status MustBeAnother(const v1::GatewayConfig& config, const crypto::Signer& key,
                           const log::KeyChain& old) {
  if (old.origin() == config.log_origin()) {
    return Refused(absl::StrCat("log_origin: ", config.log_origin(),
                                " is the old log's: write another, such as one with the year"));
  }
  for (const log::KeyChain::Key& each : old.keys()) {
    if (each.key.public_key() == key.public_key().raw()) {
      return Refused("log_key: is a key of the old log: make a new one");
    }
  }
  return absl::OkStatus();
}

// The old log's keys have terms and legal holds that stand in its store alone: a gateway of the new
// one would destroy them by its own.
absl::Status MustHoldNoVaultKeys(const std::string& directory) {
  std::error_code error;
  if (!fs::exists(directory, error)) return absl::OkStatus();
  CHAYAN_ASSIGN_OR_RETURN(const auto files, ReadTree(directory, ".key"));
  if (files.empty()) return absl::OkStatus();
  return Refused(absl::StrCat("vault_key_directory: ", directory,
                              " holds keys, which the old log's terms and holds decide about: name "
                              "a new folder, and keep this one with the backup"));
}

log::Entry ReopenEntry(const Known& old, const std::string& reason) {
  const tlog::TreeHead& head = old.newest.checkpoint.head;
  log::Entry entry;
  entry.type = log::EntryType::kReopen;
  entry.reason = reason;
  entry.origin = old.chain.origin();
  entry.vkey = old.newest.key.ToString();
  entry.sig = old.newest.signature;
  entry.size = head.size;
  entry.root = head.root;
  entry.lost = std::min(head.size, old.kept);
  return entry;
}

}  // namespace

absl::StatusOr<Reopened> ReopenLog(const v1::GatewayConfig& config, const crypto::Signer& key,
                                   const OldLog& old_log, const std::string& reason, Clock& clock,
                                   Random& random) {
  CHAYAN_RETURN_IF_ERROR(MustBeFile(config));
  CHAYAN_ASSIGN_OR_RETURN(Known old, ReadOldLog(old_log, config.store_file() + ".old"));
  CHAYAN_RETURN_IF_ERROR(MustBeAnother(config, key, old.chain));
  CHAYAN_RETURN_IF_ERROR(MustHoldNoVaultKeys(config.vault_key_directory()));
  CHAYAN_ASSIGN_OR_RETURN(const auto store, store::SqliteStore::Open(config.store_file()));
  CHAYAN_ASSIGN_OR_RETURN(const store::Head head, store->ReadHead());
  // One: the run before was stopped between the two entries.
  if (head.size > 1) {
    return Refused(absl::StrCat("store_file: ", config.store_file(),
                                " holds a log already: name a new file for the new log"));
  }
  log::Committer::Options options;
  options.gateway = config.gateway_name();
  options.origin = config.log_origin();
  options.head_file = config.head_file();
  options.reopening = ReopenEntry(old, reason);
  const Reopened reopened = {config.log_origin(), options.reopening->origin,
                             *options.reopening->size, *options.reopening->lost};
  CHAYAN_ASSIGN_OR_RETURN(const auto committer,
                          log::Committer::Create(std::move(options), *store, key, clock, random,
                                                 std::move(old.registry)));
  committer->Stop();
  return reopened;
}

}  // namespace chayan::cli
