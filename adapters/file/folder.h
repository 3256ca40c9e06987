// Where an agency puts its files, or takes them: a folder of this machine, or of another over SFTP.
#ifndef CHAYAN_ADAPTERS_FILE_FOLDER_H_
#define CHAYAN_ADAPTERS_FILE_FOLDER_H_

#include <cstddef>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/fetch/sftp.h"

namespace chayan::file {

// A million records of 256 bytes.
inline constexpr size_t kFileBytesMax = size_t{256} << 20;

// Thread-safe.
class Folder {
 public:
  using File = fetch::SftpFolder::File;

  virtual ~Folder() = default;
  // By name, a text that changes when the file does.
  virtual absl::StatusOr<std::map<std::string, std::string>> List() = 0;
  // At most kFileBytesMax. REQUIRES: fetch::IsFileName(name).
  virtual absl::StatusOr<File> Read(const std::string& name) = 0;
  // The file appears whole, in place of one of that name. REQUIRES: as Read.
  virtual absl::Status Write(const std::string& name, absl::string_view content) = 0;
};

std::unique_ptr<Folder> NewLocalFolder(std::string path);
std::unique_ptr<Folder> NewSftpFolder(std::unique_ptr<fetch::SftpFolder> sftp);

}  // namespace chayan::file

#endif  // CHAYAN_ADAPTERS_FILE_FOLDER_H_
