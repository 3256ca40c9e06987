// Dates. The question carries a date with its era; the holder's text is read in every form that an
// agency stores.
#ifndef CHAYAN_ADAPTERS_SDK_MATCH_DATE_H_
#define CHAYAN_ADAPTERS_SDK_MATCH_DATE_H_

#include "absl/strings/string_view.h"
#include "adapters/sdk/match.h"
#include "gateway/ident/era_date.h"

namespace chayan::sdk {

// EXACT for the same era, year, month and day, unknown parts included. MISMATCH if parts that both
// know differ. UNCOMPARABLE if they agree as far as both are known, or if either is no date: a year
// alone proves no birthday.
Comparison MatchDate(const ident::EraDate& expected, const ident::EraDate& held);

// `held` in any form of ident::ParseStoredDate(); UNCOMPARABLE if it is none.
Comparison MatchDate(const ident::EraDate& expected, absl::string_view held);

// Both as text: EXACT only for the same text, EQUIVALENT for another spelling of the same date.
Comparison MatchDate(absl::string_view expected, absl::string_view held);

}  // namespace chayan::sdk

#endif  // CHAYAN_ADAPTERS_SDK_MATCH_DATE_H_
