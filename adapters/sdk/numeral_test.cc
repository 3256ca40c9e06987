// Goal: each way of writing a number has one value and nothing is guessed. Method: literal cases.
#include "adapters/sdk/numeral.h"

#include "gateway/ident/fold.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace chayan::sdk {
namespace {

TEST(NumeralTest, ReadsEachNotation) {
  for (const auto& [text, value] : {std::pair<std::u32string_view, uint64_t>{U"16", 16},
                                    {U"0016", 16},
                                    {U"十", 10},
                                    {U"十六", 16},
                                    {U"二十", 20},
                                    {U"九十九", 99},
                                    {U"廿三", 23},
                                    {U"卅", 30},
                                    {U"一百", 100},
                                    {U"一百零五", 105},
                                    {U"一百一十", 110},
                                    {U"一千二百卅四", 1234},
                                    {U"一六八", 168},
                                    {U"二〇八", 208},
                                    {U"一○五", 105},
                                    {U"999999999", 999999999}}) {
    EXPECT_EQ(ParseNumeral(text), value) << ident::FromCodePoints(text);
  }
}

TEST(NumeralTest, GuessesNothing) {
  for (const std::u32string_view text : {U"", U"1十", U"百", U"十百", U"十十", U"二廿", U"廿十",
                                         U"一二十", U"1000000000", U"-1", U"1 ", U"甲", U"零百"}) {
    EXPECT_EQ(ParseNumeral(text), std::nullopt) << ident::FromCodePoints(text);
  }
}

}  // namespace
}  // namespace chayan::sdk
