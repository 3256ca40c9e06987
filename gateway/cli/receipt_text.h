// An evidence file in words and as JSON: what was asked, and what was answered. Its check:
// check_text.h.
#ifndef CHAYAN_GATEWAY_CLI_RECEIPT_TEXT_H_
#define CHAYAN_GATEWAY_CLI_RECEIPT_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "chayan/v1/receipt.pb.h"
#include "chayan/v1/verification_service.pb.h"
#include "gateway/cli/json_writer.h"
#include "gateway/cli/language.h"

namespace chayan::cli {

std::string QuestionText(Language language, const v1::VerifyDocumentRequest& request);
std::string AnswerText(Language language, const v1::VerificationAnswer& answer);
// Of a serialized google.rpc.Status: message, reason, field violations, remedy.
std::string ErrorText(Language language, absl::string_view status_bytes);
std::string NextStepText(Language language, const v1::NextStep& step);

// Question, answer and what the entry says, without checking anything.
std::string EvidenceText(Language language, const v1::EvidenceFile& evidence);
std::string EvidenceJson(const v1::EvidenceFile& evidence);

// Members of an answer or error, into an object that has begun.
void AnswerInto(JsonWriter& json, const v1::VerificationAnswer& answer);
void ErrorInto(JsonWriter& json, absl::string_view status_bytes);
}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_RECEIPT_TEXT_H_
