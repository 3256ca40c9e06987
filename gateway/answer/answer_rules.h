// What an answer must be in itself and towards its question. The adapter's SDK refuses to sign what
// breaks a rule, and the gateway, which trusts no adapter, withholds it.
#ifndef CHAYAN_GATEWAY_ANSWER_ANSWER_RULES_H_
#define CHAYAN_GATEWAY_ANSWER_ANSWER_RULES_H_

#include <cstddef>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "chayan/v1/verification_service.pb.h"

namespace chayan::answer {

// As verification_service.proto states them, in code points.
inline constexpr size_t kFieldCharactersMax = 500;
inline constexpr size_t kDocumentReferenceCharactersMax = 128;
inline constexpr size_t kCaseNumberCharactersMax = 64;

// INVALID_ARGUMENT names the field and what is wrong with it, and repeats no values. `may_release`
// says which fields the Permit releases. Who made the answer, and to which request id, is not
// looked at.
absl::Status CheckAnswer(const v1::VerificationAnswer& answer, bool restricted,
                         const v1::VerifyDocumentRequest& request,
                         absl::FunctionRef<bool(absl::string_view code)> may_release);

}  // namespace chayan::answer

#endif  // CHAYAN_GATEWAY_ANSWER_ANSWER_RULES_H_
