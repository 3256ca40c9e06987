// Goal: two spellings of one door match, two doors never do. Method: a table of pairs made by hand,
// run in both directions, and the parts of one address in full.
#include "adapters/sdk/match_address.h"

#include "adapters/sdk/address.h"
#include "adapters/sdk/testdata/pairs.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace chayan::sdk {
namespace {

using ::testing::ElementsAre;

TEST(MatchAddressTest, EveryPairGetsItsLevelInBothDirections) {
  for (const auto& row : ReadTable("address_pairs.tsv", 4)) {
    EXPECT_EQ(MatchLevelName(MatchAddress(row[0], row[1]).level), row[2])
        << row[0] << " | " << row[1] << " | " << row[3];
    EXPECT_EQ(MatchLevelName(MatchAddress(row[1], row[0]).level), row[2])
        << row[1] << " | " << row[0] << " | " << row[3];
  }
}

TEST(MatchAddressTest, TakesAnAddressApart) {
  const Address address =
      ParseAddress("701台南市東區大同里005鄰中華東路二段三十三巷12弄臨１６號之２十一樓之2 B室");
  EXPECT_EQ(address.county, U"臺南市");
  EXPECT_EQ(address.township, U"東區");
  EXPECT_EQ(address.village, U"大同里");
  EXPECT_EQ(address.place, U"中華東路b室");
  EXPECT_THAT(address.parts,
              ElementsAre(AddressPart{0, "2"}, AddressPart{1, "33"}, AddressPart{2, "12"},
                          AddressPart{4, "臨16-2"}, AddressPart{5, "11-2"}));
}

TEST(MatchAddressTest, FindsTheTownshipWhateverItsNameHolds) {
  for (const auto& [text, township] : {std::pair("臺南市新市區中正路1號", U"新市區"),
                                       {"臺南市左鎮區中正路1號", U"左鎮區"},
                                       {"高雄市那瑪夏區1號", U"那瑪夏區"},
                                       {"嘉義縣阿里山鄉1號", U"阿里山鄉"},
                                       {"臺中市東區市場路1號", U"東區"},
                                       {"彰化縣彰化市中正路1號", U"彰化市"}}) {
    EXPECT_EQ(ParseAddress(text).township, township) << text;
  }
}

}  // namespace
}  // namespace chayan::sdk
