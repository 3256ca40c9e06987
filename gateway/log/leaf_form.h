// What values of a leaf are beyond their characters: the one form of a time, of an id, of a digest.
// An audit asks it of every entry of a log, so each is told without making the value.
#ifndef CHAYAN_GATEWAY_LOG_LEAF_FORM_H_
#define CHAYAN_GATEWAY_LOG_LEAF_FORM_H_

#include "absl/strings/string_view.h"

namespace chayan::log {

// "2026-01-15T08:30:00.123Z" and nothing else that means the same; a time that there is.
bool IsTimestamp(absl::string_view text);
// What Uuid::FromText accepts.
bool IsUuidText(absl::string_view text);
// Exactly the base64 forms of 32 bytes: 43 characters, of which the last carries two zero bits, and
// one of padding.
bool IsDigestText(absl::string_view text);

}  // namespace chayan::log

#endif  // CHAYAN_GATEWAY_LOG_LEAF_FORM_H_
