// What a caller does about an error reason: the gateway's own message says what was wrong.
#ifndef CHAYAN_GATEWAY_CLI_REMEDY_H_
#define CHAYAN_GATEWAY_CLI_REMEDY_H_

#include "absl/strings/string_view.h"
#include "gateway/cli/language.h"

namespace chayan::cli {

// Empty when the reason's message says it all.
absl::string_view RemedyFor(Language language, absl::string_view reason);

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_REMEDY_H_
