// A folder of a test's own, removed with all that is in it. For tests alone.
#ifndef CHAYAN_GATEWAY_STORE_TEST_FOLDER_H_
#define CHAYAN_GATEWAY_STORE_TEST_FOLDER_H_

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "gateway/base/check.h"

namespace chayan::store {

class TestFolder {
 public:
  TestFolder() : TestFolder(std::filesystem::temp_directory_path()) {}
  explicit TestFolder(const std::filesystem::path& parent) {
    std::string pattern = parent / "chayan-test-XXXXXX";
    CHAYAN_CHECK(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  // In memory where the system has such a folder: for tests whose disk is simulated anyway.
  static std::filesystem::path Memory() {
    const std::filesystem::path memory = "/dev/shm";
    return access(memory.c_str(), W_OK) == 0 ? memory : std::filesystem::temp_directory_path();
  }
  ~TestFolder() {
    std::error_code ignored;  // what cannot be removed is left to the system's temporary folder
    std::filesystem::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace chayan::store

#endif  // CHAYAN_GATEWAY_STORE_TEST_FOLDER_H_
