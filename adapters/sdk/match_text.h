// Plain text and numbers.
#ifndef CHAYAN_ADAPTERS_SDK_MATCH_TEXT_H_
#define CHAYAN_ADAPTERS_SDK_MATCH_TEXT_H_

#include "absl/strings/string_view.h"
#include "adapters/sdk/match.h"

namespace chayan::sdk {

// As MatchName(), except that a question mark is a question mark.
Comparison MatchText(absl::string_view expected, absl::string_view held);

// Decimal numbers: sign, full-width digits, thousands commas, leading zeros and zeros after the
// point are spelling. UNCOMPARABLE if either is no number.
Comparison MatchNumber(absl::string_view expected, absl::string_view held);

// Codes of a closed list: trimmed, width and case folded.
Comparison MatchCode(absl::string_view expected, absl::string_view held);

}  // namespace chayan::sdk

#endif  // CHAYAN_ADAPTERS_SDK_MATCH_TEXT_H_
