// Text forms of bytes. Decoders accept exactly one spelling of each value, so that what was signed
// or hashed cannot be respelled (RFC 4648 sections 3.5 and 4).
#ifndef CHAYAN_GATEWAY_BASE_ENCODING_H_
#define CHAYAN_GATEWAY_BASE_ENCODING_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace chayan {

// Standard alphabet, with padding.
std::string Base64Encode(absl::string_view bytes);
// Refuses white space, missing padding and non-zero trailing bits.
absl::StatusOr<std::string> Base64Decode(absl::string_view text);

// URL-safe alphabet, no padding (RFC 7515 section 2).
absl::StatusOr<std::string> Base64UrlDecode(absl::string_view text);
std::string Base64UrlEncode(absl::string_view bytes);

// Lower case.
std::string HexEncode(absl::string_view bytes);
// Lower or upper case, even length.
absl::StatusOr<std::string> HexDecode(absl::string_view text);

// Decimal without sign or leading zeros (except "0").
absl::StatusOr<uint64_t> ParseDecimal(absl::string_view text);

// Big-endian.
void AppendUint16(std::string& out, uint16_t value);
void AppendUint32(std::string& out, uint32_t value);
void AppendUint64(std::string& out, uint64_t value);

// Appends `text` to `out` as a JSON string with its quotes. REQUIRES: valid UTF-8.
void AppendJsonString(std::string& out, absl::string_view text);

// Well-formed UTF-8: no surrogates, no overlong forms, at most U+10FFFF.
bool IsValidUtf8(absl::string_view text);

}  // namespace chayan

#endif  // CHAYAN_GATEWAY_BASE_ENCODING_H_
