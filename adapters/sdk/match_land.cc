#include "adapters/sdk/match_land.h"

#include <cstdint>
#include <numeric>
#include <optional>
#include <string>

#include "adapters/sdk/match_identifier.h"
#include "adapters/sdk/match_key.h"
#include "adapters/sdk/numeral.h"
#include "gateway/ident/fold.h"

namespace chayan::sdk {
namespace {

struct Share {
  bool joint = false;
  uint64_t numerator = 1;
  uint64_t denominator = 1;
  friend bool operator==(const Share&, const Share&) = default;
};

// In lowest terms; nothing if the text is no share.
std::optional<Share> ParseShare(absl::string_view text) {
  constexpr std::u32string_view kJoint = U"公同共有";
  constexpr std::u32string_view kOf = U"分之";
  const std::u32string key = MatchKey(text);
  std::u32string_view rest = key;
  Share share;
  if (rest.starts_with(kJoint)) {
    share.joint = true;
    rest.remove_prefix(kJoint.size());
  }
  if (rest == U"全部" || rest == U"全" || (share.joint && rest.empty())) return share;
  std::optional<uint64_t> numerator;
  std::optional<uint64_t> denominator;
  if (const size_t at = rest.find(kOf); at != rest.npos) {
    denominator = ParseNumeral(rest.substr(0, at));
    numerator = ParseNumeral(rest.substr(at + kOf.size()));
  } else if (const size_t slash = rest.find(U'/'); slash != rest.npos) {
    numerator = ParseNumeral(rest.substr(0, slash));
    denominator = ParseNumeral(rest.substr(slash + 1));
  }
  if (!numerator.has_value() || !denominator.has_value() || *numerator == 0 ||
      *numerator > *denominator) {
    return std::nullopt;
  }
  const uint64_t divisor = std::gcd(*numerator, *denominator);
  share.numerator = *numerator / divisor;
  share.denominator = *denominator / divisor;
  return share;
}

}  // namespace

Comparison MatchLotNumber(absl::string_view expected, absl::string_view held) {
  return MatchIdentifier(ident::IdentifierScheme::kLandLot, expected, held);
}

Comparison MatchBuildingNumber(absl::string_view expected, absl::string_view held) {
  return MatchIdentifier(ident::IdentifierScheme::kBuilding, expected, held);
}

Comparison MatchSectionKey(absl::string_view expected, absl::string_view held) {
  return MatchIdentifier(ident::IdentifierScheme::kLandSectionKey, expected, held);
}

Comparison MatchShare(absl::string_view expected, absl::string_view held) {
  const std::optional<Share> expected_share = ParseShare(expected);
  const std::optional<Share> held_share = ParseShare(held);
  if (!expected_share.has_value() || !held_share.has_value()) {
    return AtLevel(MatchLevel::kUncomparable);
  }
  if (expected == held) return AtLevel(MatchLevel::kExact);
  return AtLevel(*expected_share == *held_share ? MatchLevel::kEquivalent : MatchLevel::kMismatch);
}

}  // namespace chayan::sdk
