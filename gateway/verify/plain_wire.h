// Bytes that say each thing once, in fields that this version knows, at every depth. A field it
// does not know may change what a question means and could carry anything past a Permit; a field
// written twice hides its first value from every check, but not from whoever gets the bytes.
#ifndef CHAYAN_GATEWAY_VERIFY_PLAIN_WIRE_H_
#define CHAYAN_GATEWAY_VERIFY_PLAIN_WIRE_H_

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"

namespace chayan::verify {

// False also for bytes that are not well-formed. REQUIRES: messages of `type` have at most 64
// fields.
bool IsPlainWire(absl::string_view bytes, const google::protobuf::Descriptor& type);

}  // namespace chayan::verify

#endif  // CHAYAN_GATEWAY_VERIFY_PLAIN_WIRE_H_
