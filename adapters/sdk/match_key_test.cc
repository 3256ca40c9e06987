// Goal: the key folds what the five steps name and nothing else, and the list of variants is sound.
// Method: whole blocks of code points, and properties of the list.
#include "adapters/sdk/match_key.h"

#include <unicode/normalizer2.h>

#include "adapters/sdk/match_name.h"
#include "adapters/sdk/variants.h"
#include "gateway/ident/fold.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace chayan::sdk {
namespace {

TEST(MatchKeyTest, LeavesEveryUnifiedIdeographAlone) {
  for (const auto& [first, last] : {std::pair<char32_t, char32_t>{0x3400, 0x4DBF},
                                    {0x4E00, 0x9FFF},
                                    {0x20000, 0x2EBE0},
                                    {0x30000, 0x323AF}}) {
    for (char32_t c = first; c <= last; ++c) {
      ASSERT_EQ(MatchKey(ident::FromCodePoints({&c, 1})), std::u32string(1, c)) << uint32_t{c};
    }
  }
}

TEST(MatchKeyTest, MapsTheCompatibilityIdeographsThatHaveACanonicalOne) {
  int mapped = 0;
  for (const auto& [first, last] :
       {std::pair<char32_t, char32_t>{0xF900, 0xFAD9}, {0x2F800, 0x2FA1D}}) {
    for (char32_t c = first; c <= last; ++c) {
      const char32_t canonical = CanonicalIdeograph(c);
      if (canonical == c) continue;
      ++mapped;
      ASSERT_EQ(CanonicalIdeograph(canonical), canonical);
      ASSERT_EQ(MatchKey(ident::FromCodePoints({&c, 1})), std::u32string(1, canonical));
    }
  }
  EXPECT_EQ(mapped, 1002);  // of 1,014
  EXPECT_EQ(CanonicalIdeograph(0xFA0C), U'\u5140');
  EXPECT_EQ(CanonicalIdeograph(0x2F818), U'\u51A4');
}

TEST(MatchKeyTest, FoldsCaseOfLatinAlone) {
  EXPECT_EQ(MatchKey("ΑБA"), U"ΑБa");
  EXPECT_EQ(MatchKey("Kacaw’ Ć"), U"kacaw’ć");
  EXPECT_EQ(MatchKey("İ"), U"i\u0307");
}

TEST(MatchKeyTest, IsItsOwnKey) {
  for (const char* text :
       {"Ｋacaw＇ 王　明", "夏曼・藍波安", "Nguye\xCC\x82\xCC\x83n", "ẞ", "ǅ", "①"}) {
    const std::u32string key = MatchKey(text);
    EXPECT_EQ(MatchKey(ident::FromCodePoints(key)), key) << text;
  }
}

TEST(VariantsTest, EachMemberIsItsOwnKeySoThatItsPairCanBeFound) {
  EXPECT_GE(VariantPairs().size(), 60u);
  for (const VariantPair& pair : VariantPairs()) {
    EXPECT_TRUE(IsVariantPair(pair.first, pair.second));
    EXPECT_TRUE(IsVariantPair(pair.second, pair.first));
    for (const char32_t c : {pair.first, pair.second}) {
      EXPECT_EQ(MatchKey(ident::FromCodePoints({&c, 1})), std::u32string(1, c)) << uint32_t{c};
    }
    EXPECT_EQ(
        MatchName(ident::FromCodePoints({&pair.first, 1}), ident::FromCodePoints({&pair.second, 1}))
            .level,
        MatchLevel::kVariant);
  }
}

TEST(VariantsTest, FormsOfOneCharacterAreVariantsOfEachOther) {
  // A chain a~b~c without a~c would make the answer depend on which form the holder happens to
  // keep.
  for (const VariantPair& ab : VariantPairs()) {
    for (const VariantPair& other : VariantPairs()) {
      for (const auto& [near, far] :
           {std::pair(other.first, other.second), std::pair(other.second, other.first)}) {
        if (near == ab.second && far != ab.first) {
          EXPECT_TRUE(IsVariantPair(ab.first, far)) << uint32_t{ab.first} << " " << uint32_t{far};
        }
        if (near == ab.first && far != ab.second) {
          EXPECT_TRUE(IsVariantPair(ab.second, far)) << uint32_t{ab.second} << " " << uint32_t{far};
        }
      }
    }
  }
}

TEST(VariantsTest, NeverListsDifferentPeoplesNames) {
  for (const std::u32string_view pair :
       {U"祐佑", U"菓果", U"凃涂", U"凃塗", U"涂塗", U"昇升", U"范範", U"余餘", U"游遊", U"鍾鐘",
        U"后後", U"姊姐", U"仝同", U"邨村", U"姜薑", U"杰傑", U"叡睿", U"毓育"}) {
    EXPECT_FALSE(IsVariantPair(pair[0], pair[1])) << ident::FromCodePoints(pair);
  }
}

}  // namespace
}  // namespace chayan::sdk
