#include "gateway/base/legible.h"

#include "gtest/gtest.h"

namespace chayan {
namespace {

TEST(LegibleTest, BytesAboveAsciiAreShown) {
  EXPECT_EQ(Legible(R"(text: "\347\216\213\345\260\217" -> "\347\216\213")"),
            R"(text: "王小" -> "王")");
}

TEST(LegibleTest, OtherEscapesStay) {
  for (const char* text : {R"(\n \" \007 \177 \\)", R"(\\347)", R"(\34)", R"(\)", "", R"(\389)"}) {
    EXPECT_EQ(Legible(text), text);
  }
}

}  // namespace
}  // namespace chayan
