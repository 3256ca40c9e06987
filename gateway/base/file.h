// Files, whole. Each write is all or nothing and durable when the call returns.
#ifndef CHAYAN_GATEWAY_BASE_FILE_H_
#define CHAYAN_GATEWAY_BASE_FILE_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace chayan {

// The largest file that ReadFile takes: configuration, keys, registries, evidence.
inline constexpr int64_t kFileBytesMax = 16 << 20;

// Errors name the path and what the system said. `used`: a string whose memory may be taken, for
// who reads many files.
absl::StatusOr<std::string> ReadFile(const std::string& path, std::string used = {});

// Writes a temporary file beside `path`, syncs it, renames it over `path`, syncs the folder.
absl::Status WriteFile(const std::string& path, absl::string_view content, mode_t mode = 0644);

// Makes names in `folder` durable: files that were created in it, linked, renamed or removed.
absl::Status SyncFolder(const std::string& folder);

// Creates `path` and its parents; it may stand already.
absl::Status MakeDirectories(const std::string& path, mode_t mode = 0755);

// All regular files below `directory` that end in `suffix`: relative path and content, sorted by
// path.
absl::StatusOr<std::vector<std::pair<std::string, std::string>>> ReadTree(
    const std::string& directory, absl::string_view suffix);

}  // namespace chayan

#endif  // CHAYAN_GATEWAY_BASE_FILE_H_
