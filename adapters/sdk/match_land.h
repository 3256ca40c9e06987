// Land registry: lots, buildings, sections and shares.
#ifndef CHAYAN_ADAPTERS_SDK_MATCH_LAND_H_
#define CHAYAN_ADAPTERS_SDK_MATCH_LAND_H_

#include "absl/strings/string_view.h"
#include "adapters/sdk/match.h"

namespace chayan::sdk {

// "179-1065", "179之1065地號" and "01791065" are one lot.
Comparison MatchLotNumber(absl::string_view expected, absl::string_view held);
// "173", "173建號" and "00173000" are one building.
Comparison MatchBuildingNumber(absl::string_view expected, absl::string_view held);
// "AD-0863" and "ad0863" are one section.
Comparison MatchSectionKey(absl::string_view expected, absl::string_view held);

// Shares of a title: "1/2", "2分之1", "二分之一", "5000/10000" are one share, "全部" is 1/1. Joint
// ownership (公同共有) is another right than a share of the same size: MISMATCH.
Comparison MatchShare(absl::string_view expected, absl::string_view held);

}  // namespace chayan::sdk

#endif  // CHAYAN_ADAPTERS_SDK_MATCH_LAND_H_
