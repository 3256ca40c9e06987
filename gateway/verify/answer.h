// Answers: what a holder's may contain, and the one the gateway makes itself.
#ifndef CHAYAN_GATEWAY_VERIFY_ANSWER_H_
#define CHAYAN_GATEWAY_VERIFY_ANSWER_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "chayan/v1/verification_service.pb.h"
#include "gateway/policy/decide.h"

namespace chayan::verify {

// Refuses a holder's answer that exceeds the Permit, contradicts the question or itself. What is
// refused is withheld whole, never trimmed. The message names the fault for the operator; it
// repeats no values.
absl::Status CheckAnswer(const v1::VerificationAnswer& answer, bool restricted,
                         const v1::VerifyDocumentRequest& request, const policy::Permit& permit);

// The same for the bytes that the holder signed and the caller will get; parses them into `answer`.
absl::Status CheckAnswerBytes(absl::string_view bytes, bool restricted,
                              const v1::VerifyDocumentRequest& request,
                              const policy::Permit& permit, v1::VerificationAnswer& answer);

// The serialized answer SOURCE_DOWN.
std::string SourceDownAnswer(absl::string_view request_id, bool forwarded);

// The serialized answer NOT_COMPARED of a kind that a person answers: nothing was forwarded.
std::string AskDeskAnswer(absl::string_view request_id);

// The serialized answer LOCKED of the gateway.
std::string LockedAnswer(absl::string_view request_id);

// "MATCH" for OUTCOME_MATCH: as it stands in entries.
absl::string_view OutcomeName(v1::Outcome outcome);

}  // namespace chayan::verify

#endif  // CHAYAN_GATEWAY_VERIFY_ANSWER_H_
