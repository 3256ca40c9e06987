// Identifiers, each by the rules of its scheme.
#ifndef CHAYAN_ADAPTERS_SDK_MATCH_IDENTIFIER_H_
#define CHAYAN_ADAPTERS_SDK_MATCH_IDENTIFIER_H_

#include "absl/strings/string_view.h"
#include "adapters/sdk/match.h"
#include "gateway/ident/identifier.h"

namespace chayan::sdk {

// EXACT for the same text; EQUIVALENT for the same normal form. UNCOMPARABLE if either has no
// normal form under the scheme (a nine-character national id of an old record is the usual case),
// and for an old resident number against a new one: one person may hold both while both are in use.
Comparison MatchIdentifier(ident::IdentifierScheme scheme, absl::string_view expected,
                           absl::string_view held);

}  // namespace chayan::sdk

#endif  // CHAYAN_ADAPTERS_SDK_MATCH_IDENTIFIER_H_
