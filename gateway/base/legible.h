// Protobuf's text form, for people.
#ifndef CHAYAN_GATEWAY_BASE_LEGIBLE_H_
#define CHAYAN_GATEWAY_BASE_LEGIBLE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace chayan {

// `text` with the bytes above ASCII in place of their octal escapes: protobuf writes 王 as
// "\347\216\213", which nobody reads. Other escapes stay as they are.
std::string Legible(absl::string_view text);

}  // namespace chayan

#endif  // CHAYAN_GATEWAY_BASE_LEGIBLE_H_
