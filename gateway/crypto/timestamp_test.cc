// Goal: a timestamp counts only over its own text, for its own query, by the authority that is
// trusted, and still when the authority's certificate has ended.
// Method: an authority made with the openssl program, whose replies are then altered.
#include "gateway/crypto/timestamp.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gateway/base/file.h"
#include "gateway/base/status_matchers.h"

namespace chayan::crypto {
namespace {

using ::testing::HasSubstr;

constexpr char kText[] =
    "gateway.example/log/test\n5\nDYCpALTvwpQ+rIMyrtFeiTikRb7IXKAmM4NPiIbO9I0=\n";

class TimestampTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "/timestamp.XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    for (const char* const authority : {"one", "other"}) {
      Run(absl::StrCat("certs/dev-tsa ", folder_, "/", authority));
    }
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void Run(const std::string& command) {
    ASSERT_EQ(system((command + " >/dev/null 2>&1").c_str()), 0) << command;
  }
  std::string Reply(const std::string& query, const std::string& authority = "one") {
    EXPECT_OK(WriteFile(folder_ + "/query", query));
    Run(absl::StrCat("cd ", folder_, "/", authority,
                     " && openssl ts -reply -config tsa.cnf -queryfile ../query -out ../reply"));
    return *ReadFile(folder_ + "/reply");
  }
  std::string Root(const std::string& authority = "one") {
    return *ReadFile(absl::StrCat(folder_, "/", authority, "/root.pem"));
  }

  std::string folder_;
  SeededRandom random_{1};
};

TEST_F(TimestampTest, AReplyGivesTheTimeOfItsText) {
  const std::string query = MakeTimestampQuery(kText, random_);
  const std::string reply = Reply(query);
  const auto time = VerifyTimestampReply(reply, query, kText, Root());
  ASSERT_OK(time);
  // The authority's clock is this machine's, and a reply takes no day.
  EXPECT_LT(absl::AbsDuration(*time - absl::Now()), absl::Hours(24));
  EXPECT_EQ(*VerifyTimestamp(reply, kText, Root()), *time);
}

TEST_F(TimestampTest, AnotherTextAuthorityOrQueryIsRefused) {
  const std::string query = MakeTimestampQuery(kText, random_);
  const std::string reply = Reply(query);
  EXPECT_THAT(VerifyTimestamp(reply, absl::StrCat(kText, "\n"), Root()),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("imprint")));
  EXPECT_THAT(VerifyTimestamp(reply, kText, Root("other")),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("does not hold")));
  const std::string later = MakeTimestampQuery(kText, random_);
  EXPECT_THAT(VerifyTimestampReply(reply, later, kText, Root()),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("another query")));
}

TEST_F(TimestampTest, EveryChangedByteIsRefused) {
  const std::string reply = Reply(MakeTimestampQuery(kText, random_));
  const absl::Time time = *VerifyTimestamp(reply, kText, Root());
  for (size_t i = 0; i < reply.size(); ++i) {
    std::string changed = reply;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    // Some bytes belong to no value that is signed (a status text, a certificate's spare copy):
    // whatever still holds must say the same.
    const auto verified = VerifyTimestamp(changed, kText, Root());
    EXPECT_EQ(verified.value_or(time), time) << i;
  }
  for (const std::string& none :
       {std::string(), std::string("garbage"), reply + "x", reply.substr(0, reply.size() / 2),
        std::string(kTimestampBytesMax + 1, '0')}) {
    EXPECT_THAT(VerifyTimestamp(none, kText, Root()),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr("timestamp")));
  }
  EXPECT_THAT(VerifyTimestamp(reply, kText, "no pem"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("PEM")));
}

TEST_F(TimestampTest, ARefusalOfTheAuthorityIsNoTimestamp) {
  EXPECT_THAT(VerifyTimestamp(Reply("no query"), kText, Root()),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("granted none")));
}

}  // namespace
}  // namespace chayan::crypto
