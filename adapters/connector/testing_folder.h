// For tests: a folder of this test alone.
#ifndef CHAYAN_ADAPTERS_CONNECTOR_TESTING_FOLDER_H_
#define CHAYAN_ADAPTERS_CONNECTOR_TESTING_FOLDER_H_

#include <cstdlib>
#include <filesystem>
#include <string>

#include "absl/strings/string_view.h"
#include "gateway/base/check.h"
#include "gateway/base/file.h"

namespace chayan::connector {

// A folder that ends with the test.
class TestingFolder {
 public:
  TestingFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "chayan-test-XXXXXX").string();
    CHAYAN_CHECK(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~TestingFolder() { std::filesystem::remove_all(path_); }
  TestingFolder(const TestingFolder&) = delete;
  TestingFolder& operator=(const TestingFolder&) = delete;
  std::string File(const std::string& name) const { return path_ + "/" + name; }
  void Write(const std::string& name, absl::string_view content) const {
    CHAYAN_CHECK(WriteFile(File(name), content).ok());
  }

 private:
  std::string path_;
};

}  // namespace chayan::connector

#endif  // CHAYAN_ADAPTERS_CONNECTOR_TESTING_FOLDER_H_
