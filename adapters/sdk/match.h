// What a comparison says. The holder compares; an answer carries the level, so that whoever reads
// it knows whether the characters were the same or only came to the same.
#ifndef CHAYAN_ADAPTERS_SDK_MATCH_H_
#define CHAYAN_ADAPTERS_SDK_MATCH_H_

#include "absl/strings/string_view.h"

namespace chayan::sdk {

// How closely two values agree, best first.
enum class MatchLevel {
  kExact,         // the same code points
  kEquivalent,    // the same once spelling that carries no meaning is folded
  kVariant,       // the same but for listed variant characters: a person decides
  kMismatch,      // different
  kUncomparable,  // a value is missing, unreadable, or holds characters only its sender knows
};

// What is said of one claim.
enum class Verdict { kMatch, kVariant, kMismatch, kUncomparable };

struct Comparison {
  Verdict verdict;
  MatchLevel level;
  friend bool operator==(const Comparison&, const Comparison&) = default;
};

// The level decides the verdict: EXACT and EQUIVALENT are a MATCH.
Comparison AtLevel(MatchLevel level);

// "EXACT" …, "MATCH" …
absl::string_view MatchLevelName(MatchLevel level);
absl::string_view VerdictName(Verdict verdict);

}  // namespace chayan::sdk

#endif  // CHAYAN_ADAPTERS_SDK_MATCH_H_
