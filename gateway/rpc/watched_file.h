// Notices that files changed, by what the system says of them: no reading while nothing changed.
#ifndef CHAYAN_GATEWAY_RPC_WATCHED_FILE_H_
#define CHAYAN_GATEWAY_RPC_WATCHED_FILE_H_

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace chayan::rpc {

// What tells one version of a file from the next.
struct FileStamp {
  dev_t device = 0;
  ino_t inode = 0;
  off_t size = -1;  // -1: not there
  int64_t modified_ns = 0;
  int64_t changed_ns = 0;
  // Changed so recently that the next change could bear the same time.
  bool fresh = true;

  bool operator==(const FileStamp&) const = default;
};
FileStamp StampOf(const std::string& path);

class WatchedFile {
 public:
  explicit WatchedFile(std::string path) : path_(std::move(path)) {}
  // Whether the file may have changed since the last call; true at the first.
  bool Changed();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  bool first_ = true;
  FileStamp stamp_;
};

// All regular files directly in a folder, by name; hidden ones are not looked at.
class WatchedFolder {
 public:
  explicit WatchedFolder(std::string path) : path_(std::move(path)) {}
  bool Changed();
  // Path and content, sorted; an unreadable file is an error.
  absl::StatusOr<std::vector<std::pair<std::string, std::string>>> Read() const;

 private:
  std::string path_;
  bool first_ = true;
  bool readable_ = false;
  std::map<std::string, FileStamp> stamps_;
};

}  // namespace chayan::rpc

#endif  // CHAYAN_GATEWAY_RPC_WATCHED_FILE_H_
