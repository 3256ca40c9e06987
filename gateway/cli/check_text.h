// The check of a receipt in words and as JSON: what was checked, what was seen, and how much that
// proves.
#ifndef CHAYAN_GATEWAY_CLI_CHECK_TEXT_H_
#define CHAYAN_GATEWAY_CLI_CHECK_TEXT_H_

#include <string>

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
// Members of a check, into an object that has begun.
void CheckInto(JsonWriter& json, const ReceiptReport& report);

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_CHECK_TEXT_H_
