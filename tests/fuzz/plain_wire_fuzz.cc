// Bytes of questions and answers: no input crashes, and what is accepted is a message that says
// nothing unknown and nothing twice.
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "chayan/v1/verification_service.pb.h"
#include "gateway/base/check.h"
#include "gateway/verify/plain_wire.h"

namespace {

template <typename Message>
void Check(absl::string_view bytes) {
  static const chayan::verify::PlainWire& wire =
      *new chayan::verify::PlainWire(*Message::descriptor());
  if (!wire.Accepts(bytes)) return;
  Message message;
  // A text that is no UTF-8 is well-formed on the wire, and refused where it is parsed.
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return;
  const size_t known = message.ByteSizeLong();
  message.DiscardUnknownFields();
  CHAYAN_CHECK(message.ByteSizeLong() == known);
  // Written again it is accepted again.
  CHAYAN_CHECK(wire.Accepts(message.SerializeAsString()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  Check<chayan::v1::VerifyDocumentRequest>(bytes);
  Check<chayan::v1::VerificationAnswer>(bytes);
  return 0;
}
