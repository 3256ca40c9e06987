// Holds a store file: no second gateway opens it, and a file that was removed or exchanged under
// the running gateway is noticed. Without the second, commits would go on into an unlinked file and
// be gone at the next start, after their answers were released.
#ifndef CHAYAN_GATEWAY_STORE_FILE_GUARD_H_
#define CHAYAN_GATEWAY_STORE_FILE_GUARD_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace chayan::store {

// Thread-safe after the last Watch.
class FileGuard {
 public:
  // Creates the file when it is not there, mode 0600, and takes the lock `<real path>.lock`, which
  // is held for life. FAILED_PRECONDITION names the process that holds it.
  static absl::StatusOr<std::unique_ptr<FileGuard>> Create(const std::string& path);
  ~FileGuard();
  FileGuard(const FileGuard&) = delete;
  FileGuard& operator=(const FileGuard&) = delete;

  const std::string& real_path() const { return real_path_; }

  // From now on Check also looks at the file `path`, which must be there.
  absl::Status Watch(const std::string& path);
  // DATA_LOSS when a path no longer leads to the file it led to.
  absl::Status Check() const;

 private:
  struct Watched {
    std::string path;
    dev_t device;
    ino_t inode;
  };
  FileGuard(std::string real_path, int lock_fd)
      : real_path_(std::move(real_path)), lock_fd_(lock_fd) {}

  const std::string real_path_;
  const int lock_fd_;
  std::vector<Watched> watched_;
};

}  // namespace chayan::store

#endif  // CHAYAN_GATEWAY_STORE_FILE_GUARD_H_
