#include "gateway/base/file.h"

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>

#include "gateway/base/status_matchers.h"

namespace chayan {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

class FileTest : public ::testing::Test {
 protected:
  FileTest() {
    std::string pattern = ::testing::TempDir() + "chayan-file-XXXXXX";
    directory_ = mkdtemp(pattern.data());
  }
  ~FileTest() override { std::filesystem::remove_all(directory_); }
  std::string directory_;
};

TEST_F(FileTest, WriteReplacesAndKeepsTheMode) {
  const std::string path = directory_ + "/key";
  ASSERT_OK(WriteFile(path, "one", 0600));
  ASSERT_OK(WriteFile(path, "two", 0600));
  EXPECT_EQ(*ReadFile(path), "two");
  struct stat info;
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory_), {}), 1);
}

TEST_F(FileTest, ReadNamesThePathThatIsMissing) {
  EXPECT_THAT(ReadFile(directory_ + "/none"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/none")));
}

TEST_F(FileTest, TreeIsSortedRelativeAndFiltered) {
  ASSERT_OK(MakeDirectories(directory_ + "/b/c"));
  ASSERT_OK(WriteFile(directory_ + "/b/c/2.textproto", "2"));
  ASSERT_OK(WriteFile(directory_ + "/a.textproto", "1"));
  ASSERT_OK(WriteFile(directory_ + "/b/readme.md", "-"));
  EXPECT_THAT(*ReadTree(directory_, ".textproto"),
              ElementsAre(Pair("a.textproto", "1"), Pair("b/c/2.textproto", "2")));
}

TEST_F(FileTest, DirectoryOverAFileIsRefused) {
  ASSERT_OK(WriteFile(directory_ + "/f", ""));
  EXPECT_FALSE(MakeDirectories(directory_ + "/f").ok());
}

}  // namespace
}  // namespace chayan
