// Goal: dates, identifiers, land numbers, shares, numbers, texts and codes match at exactly their
// level. Method: one table of pairs made by hand, run in both directions.
#include <map>
#include <string>

#include "adapters/sdk/match_date.h"
#include "adapters/sdk/match_identifier.h"
#include "adapters/sdk/match_land.h"
#include "adapters/sdk/match_text.h"
#include "adapters/sdk/testdata/pairs.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace chayan::sdk {
namespace {

Comparison Match(const std::string& how, const std::string& a, const std::string& b) {
  using Matcher = Comparison (*)(absl::string_view, absl::string_view);
  static const std::map<std::string, Matcher> matchers = {
      {"date", MatchDate},          {"lot", MatchLotNumber}, {"building", MatchBuildingNumber},
      {"section", MatchSectionKey}, {"share", MatchShare},   {"number", MatchNumber},
      {"text", MatchText},          {"code", MatchCode}};
  if (const auto found = matchers.find(how); found != matchers.end()) return found->second(a, b);
  const auto scheme = ident::SchemeNamed(how);
  CHAYAN_CHECK(scheme.has_value());
  return MatchIdentifier(*scheme, a, b);
}

TEST(MatchValueTest, EveryPairGetsItsLevelInBothDirections) {
  for (const auto& row : ReadTable("value_pairs.tsv", 5)) {
    EXPECT_EQ(MatchLevelName(Match(row[0], row[1], row[2]).level), row[3])
        << row[0] << " " << row[1] << " | " << row[2] << " | " << row[4];
    EXPECT_EQ(MatchLevelName(Match(row[0], row[2], row[1]).level), row[3])
        << row[0] << " " << row[2] << " | " << row[1] << " | " << row[4];
  }
}

TEST(MatchValueTest, ComparesADateWithItsEraToWhatIsStored) {
  const ident::EraDate expected{.era = ident::Era::kBeforeRoc, .year = 10, .month = 3, .day = 2};
  EXPECT_EQ(MatchDate(expected, absl::string_view("前0100302")).level, MatchLevel::kExact);
  EXPECT_EQ(MatchDate(expected, absl::string_view("0100302")).level, MatchLevel::kMismatch);
  EXPECT_EQ(MatchDate(expected, absl::string_view("n/a")).level, MatchLevel::kUncomparable);
  EXPECT_EQ(MatchDate(ident::EraDate{}, expected).level, MatchLevel::kUncomparable);
}

}  // namespace
}  // namespace chayan::sdk
