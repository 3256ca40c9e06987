#include "adapters/sdk/match_identifier.h"

#include <optional>

#include "absl/status/statusor.h"

namespace chayan::sdk {
namespace {

using ident::IdentifierScheme;

bool IsResident(std::optional<IdentifierScheme> scheme) {
  return scheme == IdentifierScheme::kResidentNumber ||
         scheme == IdentifierScheme::kOldResidentNumber;
}

bool NamesAPerson(IdentifierScheme scheme) {
  return scheme == IdentifierScheme::kPersonNumber || scheme == IdentifierScheme::kNationalId ||
         IsResident(scheme);
}

}  // namespace

Comparison MatchIdentifier(IdentifierScheme scheme, absl::string_view expected,
                           absl::string_view held) {
  // A holder's column of person numbers holds all three kinds, whatever the question's scheme.
  if (NamesAPerson(scheme)) scheme = IdentifierScheme::kPersonNumber;
  const absl::StatusOr<ident::Normalized> expected_normal = ident::Normalize(scheme, expected);
  const absl::StatusOr<ident::Normalized> held_normal = ident::Normalize(scheme, held);
  if (!expected_normal.ok() || !held_normal.ok()) return AtLevel(MatchLevel::kUncomparable);
  if (expected == held) return AtLevel(MatchLevel::kExact);
  if (expected_normal->value == held_normal->value) return AtLevel(MatchLevel::kEquivalent);
  if (scheme == IdentifierScheme::kPersonNumber) {
    const auto expected_scheme = ident::PersonSchemeOf(expected_normal->value);
    const auto held_scheme = ident::PersonSchemeOf(held_normal->value);
    if (expected_scheme != held_scheme && IsResident(expected_scheme) && IsResident(held_scheme)) {
      return AtLevel(MatchLevel::kUncomparable);
    }
  }
  return AtLevel(MatchLevel::kMismatch);
}

}  // namespace chayan::sdk
