#include "gateway/base/encoding.h"

#include "gateway/base/ascii.h"
#include "gateway/base/status_matchers.h"

namespace chayan {
namespace {

using ::testing::_;

TEST(EncodingTest, Base64HasOneSpelling) {
  EXPECT_EQ(Base64Encode("\xff\xfe"), "//4=");
  EXPECT_EQ(*Base64Decode("//4="), "\xff\xfe");
  for (const char* bad : {"//4", "//5=", "__4=", "//4=\n", " //4=", "//4==", "="}) {
    EXPECT_THAT(Base64Decode(bad), StatusIs(absl::StatusCode::kInvalidArgument, _)) << bad;
  }
}

TEST(EncodingTest, Base64UrlTakesNoPadding) {
  EXPECT_EQ(*Base64UrlDecode("__4"), "\xff\xfe");
  EXPECT_FALSE(Base64UrlDecode("__4=").ok());
  EXPECT_FALSE(Base64UrlDecode("//4").ok());
}

TEST(EncodingTest, HexRefusesOddLengthAndOtherCharacters) {
  EXPECT_EQ(HexEncode("\x0a\xff"), "0aff");
  EXPECT_EQ(*HexDecode("0aFF"), "\x0a\xff");
  EXPECT_FALSE(HexDecode("0af").ok());
  EXPECT_FALSE(HexDecode("0g").ok());
}

TEST(EncodingTest, DecimalRefusesLeadingZerosSignsAndOverflow) {
  EXPECT_EQ(*ParseDecimal("0"), 0u);
  EXPECT_EQ(*ParseDecimal("18446744073709551615"), 18446744073709551615u);
  for (const char* bad :
       {"", "00", "01", "+1", "-1", "1 ", "18446744073709551616", "99999999999999999999"}) {
    EXPECT_FALSE(ParseDecimal(bad).ok()) << bad;
  }
}

TEST(EncodingTest, IntegersAreBigEndian) {
  std::string out;
  AppendUint16(out, 0x0102);
  AppendUint32(out, 0x03040506);
  AppendUint64(out, 0x0708090a0b0c0d0e);
  EXPECT_EQ(HexEncode(out), "0102030405060708090a0b0c0d0e");
}

TEST(EncodingTest, JsonStringEscapesQuotesAndControls) {
  std::string out;
  AppendJsonString(out, "a\"\\\n\x01 臺");
  EXPECT_EQ(out, "\"a\\\"\\\\\\n\\u0001 臺\"");
}

TEST(EncodingTest, Utf8RefusesSurrogatesOverlongAndTruncated) {
  EXPECT_TRUE(IsValidUtf8("臺南 \xF0\xA0\x80\x80"));
  for (const char* bad : {"\xED\xA0\x80", "\xC0\x80", "\xE0\x80\x80", "\xF0\x80\x80\x80",
                          "\xE8\x87", "\x80", "\xF5\x80\x80\x80", "\xF4\x90\x80\x80"}) {
    EXPECT_FALSE(IsValidUtf8(bad)) << HexEncode(bad);
  }
}

TEST(AsciiTest, FindsTheOtherByteWhereverItIs) {
  for (size_t size = 0; size < 20; ++size) {
    std::string text(size, 'a');
    EXPECT_TRUE(IsAscii(text)) << size;
    for (size_t i = 0; i < size; ++i) {
      text[i] = '\x80';
      EXPECT_FALSE(IsAscii(text)) << size << " at " << i;
      text[i] = 'a';
    }
  }
}

}  // namespace
}  // namespace chayan
