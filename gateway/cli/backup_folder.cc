#include "gateway/cli/backup_folder.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gateway/base/clock.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"
#include "gateway/crypto/digest.h"
#include "gateway/log/checkpoint_signer.h"
#include "gateway/log/tree_reader.h"
#include "gateway/store/sqlite.h"

namespace chayan::cli {
namespace {

namespace fs = std::filesystem;

constexpr absl::string_view kManifestTitle = "chayan backup 1";
constexpr char kManifest[] = "/manifest";
// Read and written at a time: a store may be larger than memory.
constexpr size_t kChunkBytes = 1 << 20;

absl::Status Refused(absl::string_view what) { return absl::FailedPreconditionError(what); }

absl::Status WriteAll(int fd, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0) return absl::ErrnoToStatus(errno, "write");
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

// The digest of a file, in hex; its bytes go to `copy_fd` too, where that is not -1.
absl::StatusOr<std::string> DigestOfFile(const std::string& path, int copy_fd = -1) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return absl::ErrnoToStatus(errno, absl::StrCat("open ", path));
  const absl::Cleanup closer = [fd] { close(fd); };
  crypto::Sha256Hasher hasher;
  std::string chunk(kChunkBytes, '\0');
  while (true) {
    const ssize_t count = read(fd, chunk.data(), chunk.size());
    if (count < 0) return absl::ErrnoToStatus(errno, absl::StrCat("read ", path));
    if (count == 0) return hasher.Finish().ToHex();
    const absl::string_view bytes = absl::string_view(chunk).substr(0, static_cast<size_t>(count));
    hasher.Update(bytes);
    if (copy_fd >= 0) CHAYAN_RETURN_IF_ERROR(Annotate(WriteAll(copy_fd, bytes), "copy the store"));
  }
}

absl::StatusOr<std::string> CopyWithDigest(const std::string& from, const std::string& to) {
  const int fd = open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return absl::ErrnoToStatus(errno, absl::StrCat("create ", to));
  const absl::Cleanup closer = [fd] { close(fd); };
  CHAYAN_ASSIGN_OR_RETURN(std::string digest, DigestOfFile(from, fd));
  if (fsync(fd) != 0) return absl::ErrnoToStatus(errno, absl::StrCat("sync ", to));
  return digest;
}

}  // namespace

absl::Status MustBeFile(const v1::GatewayConfig& config) {
  if (!config.store_file().empty()) return absl::OkStatus();
  return Refused(
      "the settings name store_postgres: back the database up with PostgreSQL's own tools, and the "
      "guard file and the keys beside it");
}

absl::StatusOr<StoredLog> OpenStoredLog(const std::string& path) {
  StoredLog log;
  CHAYAN_ASSIGN_OR_RETURN(log.store, store::SqliteStore::Open(path));
  CHAYAN_ASSIGN_OR_RETURN(const store::Head head, log.store->ReadHead());
  if (head.size == 0) return Refused(absl::StrCat(path, " holds no log yet"));
  CHAYAN_ASSIGN_OR_RETURN(log.edge, log::RecoverEdge(*log.store, head));
  CHAYAN_ASSIGN_OR_RETURN(log.chain, log::ReadKeyChain(*log.store));
  return log;
}

BackupFacts FactsOf(const StoredLog& log) {
  return {log.chain.origin(), log.edge.size(), log.edge.Tree().Root()};
}

WorkingCopy::WorkingCopy(std::string path) : path_(std::move(path)) { Remove(); }
WorkingCopy::~WorkingCopy() { Remove(); }

void WorkingCopy::Remove() const {
  for (const char* ending : {"", "-wal", "-shm", ".lock"}) unlink((path_ + ending).c_str());
}

absl::Status WorkingCopy::KeepAs(const std::string& to) {
  if (renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("create ", to));
  }
  return SyncFolder(fs::absolute(to).parent_path());
}

absl::Status WriteManifest(const std::string& directory, const BackupFacts& facts,
                           const std::vector<std::string>& names, absl::Time now) {
  std::string manifest =
      absl::StrCat(kManifestTitle, "\ntime ", FormatTimestamp(now), "\norigin ", facts.origin,
                   "\nsize ", facts.size, "\nroot ", facts.root.ToBase64(), "\n");
  for (const std::string& name : names) {
    CHAYAN_ASSIGN_OR_RETURN(const std::string digest,
                            DigestOfFile(absl::StrCat(directory, "/", name)));
    absl::StrAppend(&manifest, "file ", digest, " ", name, "\n");
  }
  return WriteFile(directory + kManifest, manifest, 0600);
}

absl::StatusOr<StoredLog> OpenBackup(const std::string& directory, const WorkingCopy& copy) {
  const absl::StatusOr<std::string> manifest = ReadFile(directory + kManifest);
  if (absl::IsNotFound(manifest.status())) {
    return Refused(
        absl::StrCat(directory, " has no manifest: it is no backup, or one that was interrupted"));
  }
  CHAYAN_RETURN_IF_ERROR(manifest.status());
  const std::vector<absl::string_view> lines = absl::StrSplit(*manifest, '\n', absl::SkipEmpty());
  if (lines.empty() || lines[0] != kManifestTitle) {
    return Refused(
        absl::StrCat(directory, kManifest, ": is not of a backup that this build reads"));
  }
  bool has_store = false;
  for (const absl::string_view line : lines) {
    if (!absl::StartsWith(line, "file ")) continue;
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    if (words.size() != 3 || absl::StrContains(words[2], '/')) {
      return Refused(absl::StrCat(directory, kManifest, ": line \"", line, "\" cannot be read"));
    }
    const std::string path = absl::StrCat(directory, "/", words[2]);
    const bool is_store = words[2] == kBackupStore;
    has_store = has_store || is_store;
    CHAYAN_ASSIGN_OR_RETURN(const std::string digest,
                            is_store ? CopyWithDigest(path, copy.path()) : DigestOfFile(path));
    if (digest == words[1]) continue;
    return absl::DataLossError(absl::StrCat(
        path, " is not what the manifest says: it was changed or damaged; take another backup"));
  }
  if (!has_store) return Refused(absl::StrCat(directory, kManifest, ": names no store"));
  return OpenStoredLog(copy.path());
}

}  // namespace chayan::cli
