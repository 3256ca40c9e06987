// A folder of another machine over SFTP: the server known by pinned keys, login by key.
//
// Errors say host and cause, never a file's content.
#ifndef CHAYAN_GATEWAY_FETCH_SFTP_H_
#define CHAYAN_GATEWAY_FETCH_SFTP_H_

#include <cstddef>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace chayan::fetch {

struct SftpOptions {
  std::string host;
  int port = 22;
  std::string user{};
  std::string key_file{};  // private key, PEM or OpenSSH's form; the public half comes from it
  std::string known_hosts_file{};  // OpenSSH's form; a server that is not in it is refused
  std::string path{};              // absolute
  absl::Duration connect_timeout = absl::Seconds(10);
  absl::Duration timeout = absl::Minutes(1);  // for one listing or file
};

// Thread-safe; the connection is kept for the next call.
class SftpFolder {
 public:
  // INVALID_ARGUMENT or the file's own error.
  static absl::StatusOr<std::unique_ptr<SftpFolder>> Create(SftpOptions options);
  virtual ~SftpFolder() = default;

  // By name, what the server says of the file: it changes when size or time do. UNAVAILABLE: the
  // server cannot be reached, is not known, or does not let us in.
  virtual absl::StatusOr<std::map<std::string, std::string>> List() = 0;

  struct File {
    std::string content;
    absl::Time changed;  // as the server says; InfinitePast if it does not
  };
  // NOT_FOUND; RESOURCE_EXHAUSTED: longer than `bytes_max`.
  // REQUIRES: IsFileName(name).
  virtual absl::StatusOr<File> Read(const std::string& name, size_t bytes_max) = 0;

  // Sends the file under another name and renames it when it is whole, in place of one of that
  // name. An error leaves open whether it is there. REQUIRES: IsFileName(name).
  virtual absl::Status Write(const std::string& name, absl::string_view content) = 0;
};

// One name without white space, slashes or anything that a URL would read as syntax.
bool IsFileName(const std::string& name);

}  // namespace chayan::fetch

#endif  // CHAYAN_GATEWAY_FETCH_SFTP_H_
