#include "gateway/store/file_guard.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <filesystem>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"

namespace chayan::store {
namespace {

absl::Status Failed(absl::string_view what, const std::string& path) {
  return absl::ErrnoToStatus(errno, absl::StrCat(what, " ", path));
}

absl::StatusOr<std::string> RealPath(const std::string& path) {
  char resolved[PATH_MAX];
  if (realpath(path.c_str(), resolved) == nullptr) return Failed("find", path);
  return std::string(resolved);
}

// The file has one path from here on, whatever links lead to it: the lock is named by it.
absl::StatusOr<std::string> CreateFile(const std::string& path) {
  const std::string folder = std::filesystem::absolute(path).parent_path();
  CHAYAN_ASSIGN_OR_RETURN(const std::string real_folder, RealPath(folder));
  // Not readable by others: it holds the vault. SQLite gives its side files the same mode.
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return Failed("open for writing", path);
  const absl::Cleanup closer = [fd] { close(fd); };
  struct stat facts;
  if (fstat(fd, &facts) != 0) return Failed("look at", path);
  if (!S_ISREG(facts.st_mode)) {
    return absl::FailedPreconditionError(absl::StrCat(path, " is not a regular file"));
  }
  if (facts.st_nlink != 1) {
    return absl::FailedPreconditionError(absl::StrCat(
        path, " has ", facts.st_nlink,
        " hard links; two gateways could use it under two names: keep one and remove the others"));
  }
  CHAYAN_RETURN_IF_ERROR(SyncFolder(real_folder));
  return RealPath(path);
}

absl::StatusOr<int> TakeLock(const std::string& lock_path) {
  const int fd = open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return Failed("open", lock_path);
  absl::Cleanup closer = [fd] { close(fd); };
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return Failed("lock", lock_path);
    const absl::StatusOr<std::string> holder = ReadFile(lock_path);
    return absl::FailedPreconditionError(absl::StrCat(
        "another gateway (process ", holder.ok() && !holder->empty() ? *holder : "unknown",
        ") has this store open: stop it first, or give this gateway a store file of its own (",
        lock_path, ")"));
  }
  const std::string pid = absl::StrCat(getpid());
  if (ftruncate(fd, 0) != 0 ||
      pwrite(fd, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    return Failed("write", lock_path);
  }
  std::move(closer).Cancel();
  return fd;
}

}  // namespace

absl::StatusOr<std::unique_ptr<FileGuard>> FileGuard::Create(const std::string& path) {
  CHAYAN_ASSIGN_OR_RETURN(std::string real_path, CreateFile(path));
  const std::string lock_path = absl::StrCat(real_path, ".lock");
  CHAYAN_ASSIGN_OR_RETURN(const int lock_fd, TakeLock(lock_path));
  std::unique_ptr<FileGuard> guard(new FileGuard(std::move(real_path), lock_fd));
  CHAYAN_RETURN_IF_ERROR(guard->Watch(guard->real_path_));
  // Whoever removes the lock file lets a second gateway in.
  CHAYAN_RETURN_IF_ERROR(guard->Watch(lock_path));
  return guard;
}

FileGuard::~FileGuard() { close(lock_fd_); }

absl::Status FileGuard::Watch(const std::string& path) {
  struct stat facts;
  if (stat(path.c_str(), &facts) != 0) return Failed("look at", path);
  watched_.push_back({path, facts.st_dev, facts.st_ino});
  return absl::OkStatus();
}

absl::Status FileGuard::Check() const {
  for (const Watched& watched : watched_) {
    struct stat facts;
    const bool there = stat(watched.path.c_str(), &facts) == 0;
    if (there && facts.st_dev == watched.device && facts.st_ino == watched.inode) continue;
    return absl::DataLossError(absl::StrCat(
        watched.path, there ? " was replaced" : " was removed",
        " under the running gateway: stop it, put the file back as it was, start again"));
  }
  return absl::OkStatus();
}

}  // namespace chayan::store
