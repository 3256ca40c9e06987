#include "gateway/fetch/sftp.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"
#include "gateway/fetch/curl.h"

namespace chayan::fetch {
namespace {

constexpr size_t kListingBytesMax = 4 << 20;  // tens of thousands of files: nobody keeps so many

struct Download {
  std::string content;
  size_t bytes_max;
  bool too_long = false;
};

size_t Take(const char* data, size_t, size_t size, void* context) {
  auto& download = *static_cast<Download*>(context);
  if (size > download.bytes_max - download.content.size()) {
    download.too_long = true;
    return 0;
  }
  download.content.append(data, size);
  return size;
}

struct Upload {
  absl::string_view rest;
};

size_t Give(char* buffer, size_t, size_t size, void* context) {
  auto& upload = *static_cast<Upload*>(context);
  const size_t given = std::min(size, upload.rest.size());
  std::copy_n(upload.rest.data(), given, buffer);
  upload.rest.remove_prefix(given);
  return given;
}

bool IsPath(const std::string& path) {
  return !path.empty() && path.front() == '/' && std::all_of(path.begin(), path.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '/' || c == '-' || c == '_' ||
           c == '.';
  });
}

class CurlSftpFolder final : public SftpFolder {
 public:
  explicit CurlSftpFolder(SftpOptions options) : options_(std::move(options)) {
    base_ = absl::StrCat("sftp://", options_.host, ":", options_.port, options_.path,
                         options_.path.back() == '/' ? "" : "/");
  }

  absl::StatusOr<std::map<std::string, std::string>> List() override {
    CHAYAN_ASSIGN_OR_RETURN(const File listing, Get(base_, kListingBytesMax));
    std::map<std::string, std::string> files;
    // As "ls -l" writes them: the name is the last word of a plain file's line.
    for (const absl::string_view line :
         absl::StrSplit(listing.content, '\n', absl::SkipWhitespace())) {
      if (line.front() != '-') continue;
      const std::vector<std::string> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
      files[words.back()] = std::string(line);
    }
    return files;
  }

  absl::StatusOr<File> Read(const std::string& name, size_t bytes_max) override {
    CHAYAN_CHECK(IsFileName(name));
    return Get(base_ + name, bytes_max);
  }

  absl::Status Write(const std::string& name, absl::string_view content) override {
    CHAYAN_CHECK(IsFileName(name));
    const std::string folder = base_.substr(Where().size());
    const std::string part = name + ".part";
    // A server need not rename over a file that is there. '*': it may not be.
    CurlListPtr after;
    for (const std::string& command : {absl::StrCat("*rm ", folder, name),
                                       absl::StrCat("rename ", folder, part, " ", folder, name)}) {
      curl_slist* const longer = curl_slist_append(after.get(), command.c_str());
      CHAYAN_CHECK(longer != nullptr);
      after.release();
      after.reset(longer);
    }
    CurlPtr handle = handles_.Take();
    Upload upload{content};
    SetOptions(handle.get(), base_ + part);
    Set(handle.get(), CURLOPT_UPLOAD, 1L);
    Set(handle.get(), CURLOPT_READFUNCTION, &Give);
    Set(handle.get(), CURLOPT_READDATA, &upload);
    Set(handle.get(), CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(content.size()));
    Set(handle.get(), CURLOPT_NEW_FILE_PERMS, 0640L);
    Set(handle.get(), CURLOPT_POSTQUOTE, after.get());
    const CURLcode code = curl_easy_perform(handle.get());
    handles_.Return(std::move(handle));
    return ToStatus(code);
  }

 private:
  void SetOptions(CURL* handle, const std::string& url) const {
    Set(handle, CURLOPT_NOSIGNAL, 1L);
    Set(handle, CURLOPT_PROTOCOLS_STR, "sftp");
    Set(handle, CURLOPT_PROXY, "");
    Set(handle, CURLOPT_URL, url.c_str());
    Set(handle, CURLOPT_USERNAME, options_.user.c_str());
    Set(handle, CURLOPT_SSH_AUTH_TYPES, static_cast<long>(CURLSSH_AUTH_PUBLICKEY));
    Set(handle, CURLOPT_SSH_PRIVATE_KEYFILE, options_.key_file.c_str());
    // Without a callback that could say otherwise, a key that is not in the file is refused.
    Set(handle, CURLOPT_SSH_KNOWNHOSTS, options_.known_hosts_file.c_str());
    Set(handle, CURLOPT_CONNECTTIMEOUT_MS, Milliseconds(options_.connect_timeout));
    Set(handle, CURLOPT_TIMEOUT_MS, Milliseconds(options_.timeout));
    Set(handle, CURLOPT_FILETIME, 1L);
  }

  std::string Where() const { return absl::StrCat("sftp://", options_.host, ":", options_.port); }

  absl::Status ToStatus(CURLcode code) const {
    if (code == CURLE_OK) return absl::OkStatus();
    if (code == CURLE_REMOTE_FILE_NOT_FOUND) {
      return absl::NotFoundError(absl::StrCat(Where(), ": there is no such file or folder"));
    }
    if (code == CURLE_PEER_FAILED_VERIFICATION) {
      return absl::UnavailableError(absl::StrCat(
          Where(),
          ": the server's key is not the pinned one; do not add it before asking the agency"));
    }
    return absl::UnavailableError(absl::StrCat(Where(), ": ", curl_easy_strerror(code)));
  }

  absl::StatusOr<File> Get(const std::string& url, size_t bytes_max) {
    CurlPtr handle = handles_.Take();
    Download download{"", bytes_max};
    SetOptions(handle.get(), url);
    Set(handle.get(), CURLOPT_WRITEFUNCTION, &Take);
    Set(handle.get(), CURLOPT_WRITEDATA, &download);
    const CURLcode code = curl_easy_perform(handle.get());
    curl_off_t changed = -1;
    curl_easy_getinfo(handle.get(), CURLINFO_FILETIME_T, &changed);
    handles_.Return(std::move(handle));
    if (download.too_long) {
      return absl::ResourceExhaustedError(
          absl::StrCat(Where(), ": a file is longer than ", bytes_max, " bytes"));
    }
    CHAYAN_RETURN_IF_ERROR(ToStatus(code));
    return File{std::move(download.content),
                changed < 0 ? absl::InfinitePast() : absl::FromUnixSeconds(changed)};
  }

  const SftpOptions options_;
  std::string base_;
  HandlePool handles_;
};

}  // namespace

bool IsFileName(const std::string& name) {
  return !name.empty() && name.front() != '.' && std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.';
  });
}

absl::StatusOr<std::unique_ptr<SftpFolder>> SftpFolder::Create(SftpOptions options) {
  InitCurl();
  if (options.host.empty() || options.host.find_first_of("/@: ") != std::string::npos) {
    return absl::InvalidArgumentError("host: write the server's name or address alone");
  }
  if (!IsPath(options.path)) {
    return absl::InvalidArgumentError(
        "path: write an absolute path of letters, digits, '-', '_' and '.'");
  }
  for (const std::string& file : {options.key_file, options.known_hosts_file}) {
    CHAYAN_RETURN_IF_ERROR(ReadFile(file).status());
  }
  return std::make_unique<CurlSftpFolder>(std::move(options));
}

}  // namespace chayan::fetch
