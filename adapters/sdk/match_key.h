// The key under which two spellings of one text meet. It lives for one comparison: what is stored,
// signed or logged keeps its exact code points (NFC would replace 1,002 compatibility ideographs
// and lose the way back to the state character set).
#ifndef CHAYAN_ADAPTERS_SDK_MATCH_KEY_H_
#define CHAYAN_ADAPTERS_SDK_MATCH_KEY_H_

#include <string>

#include "absl/strings/string_view.h"
#include "adapters/sdk/match.h"

namespace chayan::sdk {

// In five steps: (1) full-width forms and U+3000 to ASCII, nothing else by width; (2) blanks and
// variation selectors out; (3) compatibility ideographs to their canonical ones; (4) each set of
// middle dots, apostrophes and hyphens to one member; (5) NFC, and case folding of Latin letters.
std::u32string MatchKey(absl::string_view text);

// Step 3 for one code point.
char32_t CanonicalIdeograph(char32_t code_point);

// kEquivalent if equal, kVariant if they differ only by listed pairs, else kMismatch.
MatchLevel CompareKeys(std::u32string_view a, std::u32string_view b);

}  // namespace chayan::sdk

#endif  // CHAYAN_ADAPTERS_SDK_MATCH_KEY_H_
