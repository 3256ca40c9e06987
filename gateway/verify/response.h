// The bytes that a caller gets: a VerifyDocumentResponse with its receipt, written straight to the
// wire. The answer's own bytes go in as the holder sent them.
#ifndef CHAYAN_GATEWAY_VERIFY_RESPONSE_H_
#define CHAYAN_GATEWAY_VERIFY_RESPONSE_H_

#include <string>

#include "absl/strings/string_view.h"
#include "gateway/log/committer.h"
#include "gateway/log/vault.h"
#include "gateway/tlog/frame.h"

namespace chayan::verify {

// What a receipt is made of. Refers to all of it.
struct ReceiptParts {
  const log::Committed& committed;
  const log::VaultOutput& sealed;
  const tlog::HolderSignature* holder;  // null: the holder signed nothing
};

// A serialized Receipt.
std::string EncodeReceipt(const ReceiptParts& parts);

// A serialized VerifyDocumentResponse. `next_step`: a serialized NextStep.
std::string EncodeResponse(absl::string_view request_id, absl::string_view answer,
                           const ReceiptParts& receipt, absl::string_view next_step);

}  // namespace chayan::verify

#endif  // CHAYAN_GATEWAY_VERIFY_RESPONSE_H_
