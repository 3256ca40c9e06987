// Many files at once, each all or nothing and durable when Commit returns, at a fraction of the
// syncs: the first sync of a batch takes the names and blocks of the others along.
#ifndef CHAYAN_GATEWAY_BASE_FILE_BATCH_H_
#define CHAYAN_GATEWAY_BASE_FILE_BATCH_H_

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace chayan {

// Not thread-safe.
class FileBatch {
 public:
  // Enough that a sync is shared by many; little enough that a run that is killed loses little.
  static constexpr size_t kFilesMax = 64;

  FileBatch() = default;
  // What was not committed is taken away.
  ~FileBatch();
  FileBatch(const FileBatch&) = delete;
  FileBatch& operator=(const FileBatch&) = delete;

  // Writes the content beside `path`, whose folder is there. REQUIRES: !is_full().
  absl::Status Add(const std::string& path, absl::string_view content);
  bool is_full() const { return files_.size() >= kFilesMax; }
  // Syncs all, puts them in their places in the order of Add, makes the places durable. On an error
  // some may be in place, each of them whole.
  absl::Status Commit();

 private:
  struct File {
    std::string path;
    std::string temporary;
    int fd;
  };
  void Drop();

  std::vector<File> files_;
  std::set<std::string> folders_;
};

}  // namespace chayan

#endif  // CHAYAN_GATEWAY_BASE_FILE_BATCH_H_
