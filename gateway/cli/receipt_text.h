// A receipt in words: what was asked, what was answered, what was checked, and how much that
// proves.
#ifndef CHAYAN_GATEWAY_CLI_RECEIPT_TEXT_H_
#define CHAYAN_GATEWAY_CLI_RECEIPT_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "chayan/v1/receipt.pb.h"
#include "chayan/v1/verification_service.pb.h"
#include "gateway/cli/json_writer.h"
#include "gateway/cli/language.h"
#include "gateway/cli/receipt_check.h"

namespace chayan::cli {

// One line a check, then what level of proof it adds up to, or the first lie.
std::string CheckText(Language language, const ReceiptReport& report);
// The same as one JSON object.
std::string CheckJson(const ReceiptReport& report);
// The last line alone.
std::string VerdictLine(Language language, const ReceiptReport& report);

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
// Members of a check.
void CheckInto(JsonWriter& json, const ReceiptReport& report);

// What to do about an error reason; empty when its message says it all.
absl::string_view RemedyFor(Language language, absl::string_view reason);

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_RECEIPT_TEXT_H_
