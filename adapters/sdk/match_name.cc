#include "adapters/sdk/match_name.h"

#include <string>

#include "adapters/sdk/match_key.h"
#include "gateway/ident/fold.h"

namespace chayan::sdk {
namespace {

bool IsComparable(absl::string_view name, std::u32string_view key) {
  // The key has the full-width question mark folded; no name holds a real one.
  return !key.empty() && key.find(U'?') == key.npos && !ident::HasUnknownCharacter(name);
}

}  // namespace

Comparison MatchName(absl::string_view expected, absl::string_view held) {
  const std::u32string expected_key = MatchKey(expected);
  const std::u32string held_key = MatchKey(held);
  if (!IsComparable(expected, expected_key) || !IsComparable(held, held_key)) {
    return AtLevel(MatchLevel::kUncomparable);
  }
  if (expected == held) return AtLevel(MatchLevel::kExact);
  return AtLevel(CompareKeys(expected_key, held_key));
}

}  // namespace chayan::sdk
