// What a message calls the scheme of a number, as gateway/ident calls it.
#ifndef CHAYAN_GATEWAY_ANSWER_IDENTIFIER_SCHEME_H_
#define CHAYAN_GATEWAY_ANSWER_IDENTIFIER_SCHEME_H_

#include <optional>

#include "chayan/v1/verification_service.pb.h"
#include "gateway/ident/identifier.h"

namespace chayan::answer {

// Empty for a scheme that is not given or not known.
std::optional<ident::IdentifierScheme> SchemeOf(v1::IdentifierScheme scheme);

}  // namespace chayan::answer

#endif  // CHAYAN_GATEWAY_ANSWER_IDENTIFIER_SCHEME_H_
