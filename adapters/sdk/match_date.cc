#include "adapters/sdk/match_date.h"

#include "absl/status/statusor.h"

namespace chayan::sdk {

Comparison MatchDate(const ident::EraDate& expected, const ident::EraDate& held) {
  if (!ident::Validate(expected).ok() || !ident::Validate(held).ok()) {
    return AtLevel(MatchLevel::kUncomparable);
  }
  if (expected == held) return AtLevel(MatchLevel::kExact);
  return AtLevel(ident::Compare(expected, held) == std::partial_ordering::unordered
                     ? MatchLevel::kUncomparable
                     : MatchLevel::kMismatch);
}

Comparison MatchDate(const ident::EraDate& expected, absl::string_view held) {
  const absl::StatusOr<ident::EraDate> held_date = ident::ParseStoredDate(held);
  if (!held_date.ok()) return AtLevel(MatchLevel::kUncomparable);
  return MatchDate(expected, *held_date);
}

Comparison MatchDate(absl::string_view expected, absl::string_view held) {
  const absl::StatusOr<ident::EraDate> expected_date = ident::ParseStoredDate(expected);
  if (!expected_date.ok()) return AtLevel(MatchLevel::kUncomparable);
  const Comparison comparison = MatchDate(*expected_date, held);
  if (comparison.level == MatchLevel::kExact && expected != held) {
    return AtLevel(MatchLevel::kEquivalent);
  }
  return comparison;
}

}  // namespace chayan::sdk
