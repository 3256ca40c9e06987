// Batches of files: whole and in place after Commit, without a trace before it.
#include "gateway/base/file_batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "gateway/base/check.h"
#include "gateway/base/file.h"
#include "gateway/base/status_matchers.h"

namespace chayan {
namespace {

namespace fs = std::filesystem;

class FileBatchTest : public ::testing::Test {
 protected:
  FileBatchTest() : folder_(::testing::TempDir() + "/file_batch_XXXXXX") {
    CHAYAN_CHECK(mkdtemp(folder_.data()) != nullptr);
  }
  ~FileBatchTest() override { fs::remove_all(folder_); }
  std::string operator/(const std::string& name) const { return folder_ + "/" + name; }
  size_t Files() const {
    return static_cast<size_t>(
        std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }

  std::string folder_;
};

TEST_F(FileBatchTest, CommitsAllAndCanBeUsedAgain) {
  ASSERT_OK(WriteFile(*this / "0", "old"));
  FileBatch batch;
  for (int round = 0; round < 2; ++round) {
    size_t i = 0;
    for (; !batch.is_full(); ++i) {
      ASSERT_OK(batch.Add(*this / absl::StrCat(i), absl::StrCat("content ", round, i)));
    }
    EXPECT_EQ(i, FileBatch::kFilesMax);
    ASSERT_OK(batch.Commit());
    EXPECT_EQ(Files(), i);
    EXPECT_EQ(ReadFile(*this / "0").value(), absl::StrCat("content ", round, 0));
  }
  ASSERT_OK(batch.Commit());  // an empty one
}

TEST_F(FileBatchTest, WhatIsNotCommittedLeavesNoTrace) {
  ASSERT_OK(WriteFile(*this / "a", "old"));
  {
    FileBatch batch;
    ASSERT_OK(batch.Add(*this / "a", "new"));
    ASSERT_OK(batch.Add(*this / "b", "new"));
  }
  EXPECT_EQ(ReadFile(*this / "a").value(), "old");
  EXPECT_EQ(Files(), 1);
}

TEST_F(FileBatchTest, NamesTheFileThatCannotBeWritten) {
  FileBatch batch;
  EXPECT_THAT(batch.Add(*this / "none/a", "x"),
              StatusIs(absl::StatusCode::kNotFound, ::testing::HasSubstr("none/a")));
  ASSERT_OK(batch.Add(*this / "taken", "x"));
  fs::create_directory(*this / "taken");
  const absl::Status refused = batch.Commit();
  EXPECT_FALSE(refused.ok());
  EXPECT_THAT(refused.message(), ::testing::HasSubstr("taken"));
}

}  // namespace
}  // namespace chayan
