#include "adapters/sdk/match.h"

#include "gateway/base/check.h"

namespace chayan::sdk {

Comparison AtLevel(MatchLevel level) {
  switch (level) {
    case MatchLevel::kExact:
    case MatchLevel::kEquivalent:
      return {Verdict::kMatch, level};
    case MatchLevel::kVariant:
      return {Verdict::kVariant, level};
    case MatchLevel::kMismatch:
      return {Verdict::kMismatch, level};
    case MatchLevel::kUncomparable:
      return {Verdict::kUncomparable, level};
  }
  CHAYAN_CHECK(false);
}

absl::string_view MatchLevelName(MatchLevel level) {
  switch (level) {
    case MatchLevel::kExact:
      return "EXACT";
    case MatchLevel::kEquivalent:
      return "EQUIVALENT";
    case MatchLevel::kVariant:
      return "VARIANT";
    case MatchLevel::kMismatch:
      return "MISMATCH";
    case MatchLevel::kUncomparable:
      return "UNCOMPARABLE";
  }
  CHAYAN_CHECK(false);
}

absl::string_view VerdictName(Verdict verdict) {
  switch (verdict) {
    case Verdict::kMatch:
      return "MATCH";
    case Verdict::kVariant:
      return "VARIANT";
    case Verdict::kMismatch:
      return "MISMATCH";
    case Verdict::kUncomparable:
      return "UNCOMPARABLE";
  }
  CHAYAN_CHECK(false);
}

}  // namespace chayan::sdk
