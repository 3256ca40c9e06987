// Goal: each pair of names gets exactly its level, and no pair that is two people's names is ever
// anything but MISMATCH. Method: a table of pairs made by hand, run in both directions.
#include "adapters/sdk/match_name.h"

#include "adapters/sdk/testdata/pairs.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace chayan::sdk {
namespace {

TEST(MatchNameTest, EveryPairGetsItsLevelInBothDirections) {
  const auto rows = ReadTable("name_pairs.tsv", 4);
  EXPECT_GE(rows.size(), 150u);
  for (const auto& row : rows) {
    EXPECT_EQ(MatchLevelName(MatchName(row[0], row[1]).level), row[2])
        << row[0] << " | " << row[1] << " | " << row[3];
    EXPECT_EQ(MatchLevelName(MatchName(row[1], row[0]).level), row[2])
        << row[1] << " | " << row[0] << " | " << row[3];
  }
}

TEST(MatchNameTest, OnlyExactAndEquivalentAreAMatch) {
  EXPECT_EQ(MatchName("王", "王").verdict, Verdict::kMatch);
  EXPECT_EQ(MatchName("王 明", "王明").verdict, Verdict::kMatch);
  EXPECT_EQ(MatchName("温", "溫").verdict, Verdict::kVariant);
  EXPECT_EQ(MatchName("王", "黃").verdict, Verdict::kMismatch);
  EXPECT_EQ(MatchName("王", "■").verdict, Verdict::kUncomparable);
  EXPECT_EQ(VerdictName(Verdict::kUncomparable), "UNCOMPARABLE");
}

TEST(MatchNameTest, CannotCompareMalformedText) {
  EXPECT_EQ(MatchName("王\xFF", "王\xFF").level, MatchLevel::kUncomparable);
  EXPECT_EQ(MatchName("王", "\xE7\x8E").level, MatchLevel::kUncomparable);
}

}  // namespace
}  // namespace chayan::sdk
