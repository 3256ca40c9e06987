#include "gateway/base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/status_macros.h"

namespace chayan {
namespace {

// Of a file that is longer than it said.
constexpr size_t kReadBytesMin = 1 << 16;

absl::Status Failed(absl::string_view what, const std::string& path) {
  return absl::ErrnoToStatus(errno, absl::StrCat(what, " ", path));
}

}  // namespace

absl::Status SyncFolder(const std::string& folder) {
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return Failed("open", folder);
  const absl::Cleanup closer = [fd] { close(fd); };
  return fsync(fd) == 0 ? absl::OkStatus() : Failed("sync", folder);
}

absl::StatusOr<std::string> ReadFile(const std::string& path, std::string used) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Failed("open", path);
  const absl::Cleanup closer = [fd] { close(fd); };
  struct stat status;
  if (fstat(fd, &status) != 0) return Failed("look at", path);
  // Room for the whole file and for the read that finds its end; /proc says 0 of what it has.
  const int64_t told = std::clamp<int64_t>(status.st_size, 0, kFileBytesMax);
  std::string content = std::move(used);
  content.resize(static_cast<size_t>(told) + 1);
  size_t size = 0;
  while (true) {
    if (size == content.size()) content.resize(std::max(kReadBytesMin, 2 * size));
    const ssize_t got = read(fd, content.data() + size, content.size() - size);
    if (got == 0) {
      content.resize(size);
      return content;
    }
    if (got < 0) {
      if (errno == EINTR) continue;
      return Failed("read", path);
    }
    size += static_cast<size_t>(got);
    if (static_cast<int64_t>(size) > kFileBytesMax) {
      return absl::ResourceExhaustedError(
          absl::StrCat("read ", path, ": longer than ", kFileBytesMax, " bytes"));
    }
  }
}

absl::Status WriteFile(const std::string& path, absl::string_view content, mode_t mode) {
  std::string temporary = absl::StrCat(path, ".XXXXXX");
  const int fd = mkostemp(temporary.data(), O_CLOEXEC);
  if (fd < 0) return Failed("create", temporary);
  absl::Cleanup remover = [&temporary] { unlink(temporary.c_str()); };
  {
    const absl::Cleanup closer = [fd] { close(fd); };
    if (fchmod(fd, mode) != 0) return Failed("set the mode of", temporary);
    while (!content.empty()) {
      const ssize_t put = write(fd, content.data(), content.size());
      if (put < 0) {
        if (errno == EINTR) continue;
        return Failed("write", temporary);
      }
      content.remove_prefix(static_cast<size_t>(put));
    }
    if (fsync(fd) != 0) return Failed("sync", temporary);
  }
  if (rename(temporary.c_str(), path.c_str()) != 0) return Failed("rename to", path);
  std::move(remover).Cancel();
  return SyncFolder(std::filesystem::absolute(path).parent_path());
}

absl::Status MakeDirectories(const std::string& path, mode_t mode) {
  std::string partial;
  for (const auto& part : std::filesystem::path(path)) {
    partial = (std::filesystem::path(partial) / part).string();
    if (mkdir(partial.c_str(), mode) != 0 && errno != EEXIST)
      return Failed("create folder", partial);
  }
  if (!std::filesystem::is_directory(path)) {
    return absl::FailedPreconditionError(absl::StrCat(path, " is not a folder"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::pair<std::string, std::string>>> ReadTree(
    const std::string& directory, absl::string_view suffix) {
  std::error_code error;
  std::filesystem::recursive_directory_iterator it(directory, error);
  if (error)
    return absl::NotFoundError(absl::StrCat("read folder ", directory, ": ", error.message()));
  std::vector<std::pair<std::string, std::string>> files;
  for (const auto& item : it) {
    const std::string path = item.path().string();
    if (!item.is_regular_file() || !absl::EndsWith(path, suffix)) continue;
    CHAYAN_ASSIGN_OR_RETURN(std::string content, ReadFile(path));
    files.emplace_back(std::filesystem::relative(item.path(), directory).generic_string(),
                       std::move(content));
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace chayan
