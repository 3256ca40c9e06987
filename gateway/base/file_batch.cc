#include "gateway/base/file_batch.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/base/check.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"

namespace chayan {
namespace {

absl::Status Failed(absl::string_view what, const std::string& path) {
  return absl::ErrnoToStatus(errno, absl::StrCat(what, " ", path));
}

}  // namespace

FileBatch::~FileBatch() { Drop(); }

void FileBatch::Drop() {
  for (const File& file : files_) {
    close(file.fd);
    unlink(file.temporary.c_str());
  }
  files_.clear();
  folders_.clear();
}

absl::Status FileBatch::Add(const std::string& path, absl::string_view content) {
  CHAYAN_CHECK(!is_full());
  // One name: a run that was killed leaves at most this, and the next one writes over it.
  std::string temporary = absl::StrCat(path, ".part");
  const int fd = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return Failed("create", temporary);
  files_.push_back({path, std::move(temporary), fd});
  folders_.insert(path.substr(0, path.rfind('/')));
  while (!content.empty()) {
    const ssize_t put = write(fd, content.data(), content.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return Failed("write", files_.back().temporary);
    content.remove_prefix(static_cast<size_t>(put));
  }
  return absl::OkStatus();
}

absl::Status FileBatch::Commit() {
  // Started together, the blocks of all are placed before the first sync, whose journal commit then
  // serves the others too. Only a hint: what fails here fails at the sync.
  for (const File& file : files_) {
    static_cast<void>(sync_file_range(file.fd, 0, 0, SYNC_FILE_RANGE_WRITE));
  }
  for (const File& file : files_) {
    if (fdatasync(file.fd) != 0) return Failed("sync", file.temporary);
  }
  for (const File& file : files_) {
    if (rename(file.temporary.c_str(), file.path.c_str()) != 0) {
      return Failed("rename to", file.path);
    }
  }
  for (const std::string& folder : folders_) CHAYAN_RETURN_IF_ERROR(SyncFolder(folder));
  Drop();
  return absl::OkStatus();
}

}  // namespace chayan
