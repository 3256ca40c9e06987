// Goal: what is folded before a check is exactly what domain practice folds, and code points are
// counted and classified right over every length of UTF-8. Method: literal cases at the borders of
// each range, and malformed bytes.
#include "gateway/ident/fold.h"

#include "gateway/base/status_matchers.h"

namespace chayan::ident {
namespace {

using ::testing::HasSubstr;

TEST(FoldTest, RoundTripsCodePointsOfEveryLength) {
  for (const char32_t code_point : {U'\1', U'A', U'\x7F', U'\x80', U'\x7FF', U'\x800', U'溫',
                                    U'\xFFFD', U'\x10000', U'\x2F818', U'\x10FFFF'}) {
    std::string text;
    AppendCodePoint(text, code_point);
    absl::string_view rest = text;
    EXPECT_EQ(TakeCodePoint(rest), code_point);
    EXPECT_TRUE(rest.empty());
  }
}

TEST(FoldTest, CountsCodePointsNotBytes) {
  EXPECT_EQ(CountCodePoints(""), 0u);
  EXPECT_EQ(CountCodePoints("王小明"), 3u);
  EXPECT_EQ(CountCodePoints("𠮷"), 1u);
  EXPECT_EQ(FromCodePoints(ToCodePoints("王𠮷A")), "王𠮷A");
}

TEST(FoldTest, ReadsMalformedBytesAsReplacementCharacters) {
  EXPECT_EQ(ToCodePoints("\xC0\xAF"), U"\xFFFD\xFFFD");           // overlong
  EXPECT_EQ(ToCodePoints("\xED\xA0\x80").front(), U'\xFFFD');     // surrogate
  EXPECT_EQ(ToCodePoints("A\xE6\xBA").substr(0, 2), U"A\xFFFD");  // cut short
  EXPECT_EQ(CountCodePoints("\xFF"), 1u);
}

TEST(FoldTest, FoldsFullWidthAsciiAndIdeographicSpaceAlone) {
  EXPECT_EQ(FoldWidth("Ａ１２３～！"), "A123~!");
  EXPECT_EQ(FoldWidth("王　小明"), "王 小明");
  EXPECT_EQ(FoldWidth("ｱ｡￥㈱⽞"), "ｱ｡￥㈱⽞");
}

TEST(FoldTest, TrimsBlanksOfBothKindsInAnyOrder) {
  EXPECT_EQ(Trim(" 　\t王 小明　 \n"), "王 小明");
  EXPECT_EQ(Trim("　 　"), "");
  EXPECT_EQ(Trim(""), "");
}

TEST(FoldTest, KnowsPrivateUseAndMissingCharacters) {
  for (const char32_t code_point : {U'\xE000', U'\xF8FF', U'\xF0000', U'\x10FFFD'}) {
    EXPECT_TRUE(IsPrivateUse(code_point)) << static_cast<uint32_t>(code_point);
  }
  for (const char32_t code_point : {U'\xDFFF', U'\xF900', U'\xEFFFF', U'溫', U'\xFFFFF'}) {
    EXPECT_FALSE(IsPrivateUse(code_point)) << static_cast<uint32_t>(code_point);
  }
  for (const char32_t code_point : {U'\xFDD0', U'\xFDEF', U'\xFFFE', U'\xFFFF', U'\x2FFFE'}) {
    EXPECT_TRUE(IsNoncharacter(code_point)) << static_cast<uint32_t>(code_point);
  }
  EXPECT_FALSE(IsNoncharacter(U'\xFFFD'));
  EXPECT_TRUE(HasUnknownCharacter("王■明"));
  EXPECT_TRUE(HasUnknownCharacter("王□明"));
  EXPECT_TRUE(HasUnknownCharacter("王\xEE\x80\x80明"));
  EXPECT_TRUE(HasUnknownCharacter("王\xEF\xBF\xBD明"));
  EXPECT_TRUE(HasUnknownCharacter("王\xFF明"));
  EXPECT_FALSE(HasUnknownCharacter("𠮷Kacaw’・㈱"));
}

TEST(FoldTest, BoundsNamesByCodePoints) {
  std::string name;
  for (size_t i = 0; i < kNameCodePointsMax; ++i) name += "𠮷";
  EXPECT_OK(CheckName(name));
  EXPECT_THAT(CheckName(name + "王"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("at most 50")));
}

TEST(FoldTest, RefusesNamesThatAreNoText) {
  EXPECT_THAT(CheckName("　 "), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("empty")));
  EXPECT_THAT(CheckName("王\xFF"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("UTF-8")));
  EXPECT_THAT(CheckName("王\n明"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("control")));
  EXPECT_THAT(CheckName("王\xEF\xBF\xBF"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("never text")));
}

TEST(FoldTest, LetsTheHolderJudgeMissingCharacters) {
  EXPECT_OK(CheckName("王■明"));
  EXPECT_OK(CheckName("王\xEE\x80\x80"));
}

}  // namespace
}  // namespace chayan::ident
