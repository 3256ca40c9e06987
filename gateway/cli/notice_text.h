// A call about a notice, or a delivery of one, in words and as JSON: what was said, and what was
// answered. The entry says of what kind the bytes are.
#ifndef CHAYAN_GATEWAY_CLI_NOTICE_TEXT_H_
#define CHAYAN_GATEWAY_CLI_NOTICE_TEXT_H_

#include <string>

#include "chayan/v1/notice_service.pb.h"
#include "chayan/v1/receipt.pb.h"
#include "chayan/v1/registry.pb.h"
#include "gateway/cli/json_writer.h"
#include "gateway/cli/language.h"
#include "gateway/log/entry.h"

namespace chayan::cli {

// Whether the entry is of a call about one notice or delivery, whatever it came to.
bool ShowsNotice(const log::ParsedLeaf& leaf);

// REQUIRES: ShowsNotice(leaf).
std::string NoticeRequestText(Language language, const log::ParsedLeaf& leaf,
                              const std::string& bytes);
std::string NoticeAnswerText(Language language, const log::ParsedLeaf& leaf,
                             const std::string& bytes);
// Members "request" and "answer" in the form that protobuf gives them, into an object that has
// begun; without what cannot be read.
void NoticeInto(JsonWriter& json, const log::ParsedLeaf& leaf, const v1::EvidenceFile& evidence);

// "DELIVERED" in the reader's language.
std::string StateText(Language language, v1::DeliveryState state);
// What a notice can tell of its subject: "birth_date", and in the reader's language.
std::string PartCode(v1::NoticePart part);
std::string PartText(Language language, v1::NoticePart part);
// "NO_SUCH_PERSON".
std::string RejectionCode(v1::RejectionReason reason);

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_NOTICE_TEXT_H_
