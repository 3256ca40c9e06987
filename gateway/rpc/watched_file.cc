#include "gateway/rpc/watched_file.h"

#include <dirent.h>
#include <sys/stat.h>
#include <time.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"
#include "gateway/rpc/limits.h"

namespace chayan::rpc {
namespace {

constexpr int64_t kNsPerSecond = 1'000'000'000;
// File systems stamp by the kernel's tick; the coarsest still met have one second.
constexpr int64_t kStampGrainNs = 2 * kNsPerSecond;

int64_t ToNs(const timespec& time) { return time.tv_sec * kNsPerSecond + time.tv_nsec; }

// Names of the regular files, or nothing when the folder cannot be read.
std::optional<std::vector<std::string>> ListFolder(const std::string& path) {
  DIR* const directory = opendir(path.c_str());
  if (directory == nullptr) return std::nullopt;
  const absl::Cleanup close = [&] { closedir(directory); };
  std::vector<std::string> names;
  while (const dirent* const entry = readdir(directory)) {
    if (entry->d_name[0] == '.') continue;
    struct stat status;
    const std::string file = absl::StrCat(path, "/", entry->d_name);
    if (stat(file.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) continue;
    names.push_back(entry->d_name);
    if (names.size() > kRevocationFilesMax) return std::nullopt;
  }
  return names;
}

}  // namespace

FileStamp StampOf(const std::string& path) {
  struct stat status;
  if (stat(path.c_str(), &status) != 0) return {.fresh = false};
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return {.device = status.st_dev,
          .inode = status.st_ino,
          .size = status.st_size,
          .modified_ns = ToNs(status.st_mtim),
          .changed_ns = ToNs(status.st_ctim),
          .fresh = ToNs(now) - ToNs(status.st_ctim) < kStampGrainNs};
}

bool WatchedFile::Changed() {
  const FileStamp stamp = StampOf(path_);
  const bool changed = first_ || stamp.fresh || stamp != stamp_;
  first_ = false;
  stamp_ = stamp;
  return changed;
}

bool WatchedFolder::Changed() {
  const std::optional<std::vector<std::string>> names = ListFolder(path_);
  bool changed = first_ || readable_ != names.has_value();
  std::map<std::string, FileStamp> stamps;
  if (names) {
    for (const std::string& name : *names) {
      const FileStamp stamp = StampOf(absl::StrCat(path_, "/", name));
      changed |= stamp.fresh;
      stamps.emplace(name, stamp);
    }
  }
  changed |= stamps != stamps_;
  first_ = false;
  readable_ = names.has_value();
  stamps_ = std::move(stamps);
  return changed;
}

absl::StatusOr<std::vector<std::pair<std::string, std::string>>> WatchedFolder::Read() const {
  if (!readable_) {
    return absl::UnavailableError(absl::StrCat(path_, ": cannot be listed, or holds more than ",
                                               kRevocationFilesMax, " files"));
  }
  std::vector<std::pair<std::string, std::string>> files;
  for (const auto& [name, stamp] : stamps_) {
    const std::string path = absl::StrCat(path_, "/", name);
    CHAYAN_ASSIGN_OR_RETURN(std::string content, ReadFile(path));
    files.emplace_back(path, std::move(content));
  }
  return files;
}

}  // namespace chayan::rpc
