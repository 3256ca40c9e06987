// Addresses, by the door they mean.
#ifndef CHAYAN_ADAPTERS_SDK_MATCH_ADDRESS_H_
#define CHAYAN_ADAPTERS_SDK_MATCH_ADDRESS_H_

#include "absl/strings/string_view.h"
#include "adapters/sdk/match.h"

namespace chayan::sdk {

// Order, width, kind of numerals, leading zeros, 臺 or 台, 之 before or after 號, village and
// neighbourhood are spelling. EXACT for the same code points, EQUIVALENT for the same door, VARIANT
// if names differ only by listed variant characters.
//
// UNCOMPARABLE, even for equal text: no county or no township (164 townships have a 中正路), an
// address that is a household office (people without a home are registered there), an unknown
// character. UNCOMPARABLE too: a county of before the mergers against one of today.
Comparison MatchAddress(absl::string_view expected, absl::string_view held);

}  // namespace chayan::sdk

#endif  // CHAYAN_ADAPTERS_SDK_MATCH_ADDRESS_H_
