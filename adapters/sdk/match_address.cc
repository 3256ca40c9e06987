#include "adapters/sdk/match_address.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "adapters/sdk/address.h"
#include "adapters/sdk/match_key.h"
#include "gateway/ident/fold.h"

namespace chayan::sdk {
namespace {

constexpr absl::string_view kHouseholdOffice = "戶政事務所";

bool IsComparable(absl::string_view text, const Address& address) {
  return !address.county.empty() && !address.township.empty() &&
         !absl::StrContains(text, kHouseholdOffice) && !absl::StrContains(text, "?") &&
         !absl::StrContains(text, "？") && !ident::HasUnknownCharacter(text);
}

}  // namespace

Comparison MatchAddress(absl::string_view expected, absl::string_view held) {
  const Address a = ParseAddress(expected);
  const Address b = ParseAddress(held);
  if (!IsComparable(expected, a) || !IsComparable(held, b) ||
      IsFormerCounty(a.county) != IsFormerCounty(b.county)) {
    return AtLevel(MatchLevel::kUncomparable);
  }
  if (expected == held) return AtLevel(MatchLevel::kExact);
  if (a.county != b.county || a.parts != b.parts) return AtLevel(MatchLevel::kMismatch);
  // Of the two, the weaker: the levels are listed best first.
  return AtLevel(std::max(CompareKeys(a.township, b.township), CompareKeys(a.Place(), b.Place())));
}

}  // namespace chayan::sdk
