// Fields that this version does not know, at any depth. In a question they may change what it
// means; in an answer they could carry anything past the Permit. So neither is passed over.
// Messages are listed by hand: walking descriptors on every call costs more than the rest of
// parsing. A test walks them and finds a message that was forgotten.
#ifndef CHAYAN_GATEWAY_VERIFY_KNOWN_FIELDS_H_
#define CHAYAN_GATEWAY_VERIFY_KNOWN_FIELDS_H_

#include "chayan/v1/verification_service.pb.h"

namespace chayan::verify {

bool HasUnknownFields(const v1::VerifyDocumentRequest& request);
bool HasUnknownFields(const v1::VerificationAnswer& answer);

}  // namespace chayan::verify

#endif  // CHAYAN_GATEWAY_VERIFY_KNOWN_FIELDS_H_
