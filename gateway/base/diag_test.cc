#include "gateway/base/diag.h"

#include "gateway/base/status_matchers.h"

namespace chayan {
namespace {

using ::testing::HasSubstr;

TEST(DiagTest, WritesOneJsonLine) {
  ::testing::internal::CaptureStderr();
  diag::Warning("link.closed", {{"member", "land-ad"}, {"in_flight", 3}, {"cause", "a \"b\"\n"}});
  const std::string line = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(line,
              HasSubstr("\"level\":\"warning\",\"event\":\"link.closed\",\"member\":\"land-ad\","
                        "\"in_flight\":3,\"cause\":\"a \\\"b\\\"\\n\"}\n"));
}

TEST(DiagTest, BytesThatAreNotTextBecomeHex) {
  ::testing::internal::CaptureStderr();
  diag::Info("x", {{"v", std::string("\xff")}});
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("\"v\":\"hex:ff\""));
}

}  // namespace
}  // namespace chayan
