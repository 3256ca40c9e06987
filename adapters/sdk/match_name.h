// Names. A name is a row of registered glyphs: 凃, 涂 and 塗 are three families, so nothing but the
// spelling of blanks, widths, dots and Latin case is folded, and a listed variant is never equal.
#ifndef CHAYAN_ADAPTERS_SDK_MATCH_NAME_H_
#define CHAYAN_ADAPTERS_SDK_MATCH_NAME_H_

#include "absl/strings/string_view.h"
#include "adapters/sdk/match.h"

namespace chayan::sdk {

// UNCOMPARABLE comes first, even for equal bytes: ■ □ ? U+FFFD and private-use characters mean
// something else, or nothing, in another agency. So is an empty name. Then EXACT for the same code
// points, EQUIVALENT for the same match key, VARIANT if the keys differ only by listed pairs.
Comparison MatchName(absl::string_view expected, absl::string_view held);

}  // namespace chayan::sdk

#endif  // CHAYAN_ADAPTERS_SDK_MATCH_NAME_H_
