#include "adapters/file/folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/file.h"

namespace chayan::file {
namespace {

// Personal data: for the agency's own group, as the folder says, and nobody else.
constexpr mode_t kWrittenMode = 0640;

absl::Status TooLong(const std::string& path) {
  return absl::ResourceExhaustedError(
      absl::StrCat(path, ": longer than ", kFileBytesMax, " bytes"));
}

class LocalFolder final : public Folder {
 public:
  explicit LocalFolder(std::string path) : path_(std::move(path)) {}

  absl::StatusOr<std::map<std::string, std::string>> List() override {
    std::error_code error;
    std::filesystem::directory_iterator files(path_, error);
    if (error) return absl::UnavailableError(absl::StrCat(path_, ": ", error.message()));
    std::map<std::string, std::string> list;
    for (const auto& entry : files) {
      struct stat stat;
      if (::stat(entry.path().c_str(), &stat) != 0 || !S_ISREG(stat.st_mode)) continue;
      list[entry.path().filename().string()] = absl::StrCat(
          stat.st_ino, ".", stat.st_size, ".", stat.st_mtim.tv_sec, ".", stat.st_mtim.tv_nsec);
    }
    return list;
  }

  absl::StatusOr<File> Read(const std::string& name) override {
    const std::string path = absl::StrCat(path_, "/", name);
    // What stands there by now may be another thing than was listed: a pipe must hold nobody.
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return absl::ErrnoToStatus(errno, absl::StrCat("open ", path));
    const absl::Cleanup closer = [fd] { close(fd); };
    struct stat stat;
    if (fstat(fd, &stat) != 0) return absl::ErrnoToStatus(errno, absl::StrCat("stat ", path));
    if (!S_ISREG(stat.st_mode)) {
      return absl::FailedPreconditionError(absl::StrCat(path, ": is no file"));
    }
    if (static_cast<uint64_t>(stat.st_size) > kFileBytesMax) return TooLong(path);
    File file{"", absl::TimeFromTimespec(stat.st_mtim)};
    char block[1 << 16];
    while (true) {
      const ssize_t got = read(fd, block, sizeof(block));
      if (got == 0) return file;
      if (got < 0) return absl::ErrnoToStatus(errno, absl::StrCat("read ", path));
      file.content.append(block, static_cast<size_t>(got));
      if (file.content.size() > kFileBytesMax) {
        return TooLong(path);
      }
    }
  }

  absl::Status Write(const std::string& name, absl::string_view content) override {
    return WriteFile(absl::StrCat(path_, "/", name), content, kWrittenMode);
  }

 private:
  const std::string path_;
};

class RemoteFolder final : public Folder {
 public:
  explicit RemoteFolder(std::unique_ptr<fetch::SftpFolder> sftp) : sftp_(std::move(sftp)) {}
  absl::StatusOr<std::map<std::string, std::string>> List() override { return sftp_->List(); }
  absl::StatusOr<File> Read(const std::string& name) override {
    return sftp_->Read(name, kFileBytesMax);
  }
  absl::Status Write(const std::string& name, absl::string_view content) override {
    return sftp_->Write(name, content);
  }

 private:
  const std::unique_ptr<fetch::SftpFolder> sftp_;
};

}  // namespace

std::unique_ptr<Folder> NewLocalFolder(std::string path) {
  return std::make_unique<LocalFolder>(std::move(path));
}

std::unique_ptr<Folder> NewSftpFolder(std::unique_ptr<fetch::SftpFolder> sftp) {
  return std::make_unique<RemoteFolder>(std::move(sftp));
}

}  // namespace chayan::file
