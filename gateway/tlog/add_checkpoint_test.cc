// Goal: what goes to a witness has one spelling and bounds.
// Method: a round trip, then one deviation at a time.
#include "gateway/tlog/add_checkpoint.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "gateway/base/status_matchers.h"

namespace chayan::tlog {
namespace {

using ::testing::HasSubstr;

TEST(AddCheckpointTest, ReadsWhatItWrites) {
  for (const size_t count : {size_t{0}, size_t{1}, kAddCheckpointHashesMax}) {
    AddCheckpoint request{.old_size = count, .proof = {}, .checkpoint = "note\n\n— a AAAAAAA=\n"};
    for (size_t i = 0; i < count; ++i) request.proof.push_back(LeafHash(absl::StrCat(i)));
    const auto read = ParseAddCheckpoint(FormatAddCheckpoint(request));
    ASSERT_OK(read);
    EXPECT_EQ(*read, request);
  }
}

TEST(AddCheckpointTest, RefusesEveryOtherSpelling) {
  const std::string hash = EmptyRoot().ToBase64() + "\n";
  std::string many = "old 5\n";
  for (size_t i = 0; i <= kAddCheckpointHashesMax; ++i) many += hash;
  const std::pair<std::string, const char*> bodies[] = {
      {"", "ends before"},
      {"old 5\n" + hash, "ends before"},
      {"old  5\n\nnote", "not a number"},
      {"old 18446744073709551616\n\nnote", "not a number"},
      {"size 5\n\nnote", "old SIZE"},
      {"old 5\r\n\nnote", "not a number"},
      {"old 5\n" + hash.substr(1) + "\nnote", "base64"},
      {"old 5\nAAAA\n\nnote", "32 bytes"},
      {many + "\nnote", "too many"},
      {"old 5\n\n" + std::string(kAddCheckpointBytesMax, 'x'), "too long"},
  };
  for (const auto& [body, reason] : bodies) {
    EXPECT_THAT(ParseAddCheckpoint(body),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(reason)));
  }
}

// printf %s gateway.example/log/test | sha256sum
TEST(AddCheckpointTest, MonitorsFindALogByTheHashOfItsOrigin) {
  EXPECT_EQ(MonitoringPath("gateway.example/log/test"),
            "/b6c7cfb47b3bb2277aa9daea65cd2135b4393c2335cb1dbfe4ce6072cc15ffb4/checkpoint");
}

}  // namespace
}  // namespace chayan::tlog
