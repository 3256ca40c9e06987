// As message objects, made for this and thrown away, it took 0.65 us; like this 0.23 us.
#include "gateway/verify/response.h"

#include "chayan/v1/receipt.pb.h"
#include "gateway/base/wire.h"

namespace chayan::verify {
namespace {

using v1::Receipt;
using View = v1::VerifyDocumentResponseView;

std::string EncodeHolder(const tlog::HolderSignature& holder) {
  // Two of fixed size, the path, two numbers.
  constexpr size_t kNumbersBytesMax = 12;
  std::string bytes;
  bytes.reserve((holder.path.size() + 3) * (sizeof(tlog::Hash) + 2) + kNumbersBytesMax);
  wire::AppendBytes(bytes, v1::HolderSignature::kKeyIdFieldNumber, holder.key_id.raw());
  wire::AppendBytes(bytes, v1::HolderSignature::kSignatureFieldNumber, holder.signature.raw());
  wire::AppendNumber(bytes, v1::HolderSignature::kIndexFieldNumber, holder.index);
  wire::AppendNumber(bytes, v1::HolderSignature::kCountFieldNumber, holder.count);
  for (const tlog::Hash& hash : holder.path) {
    wire::AppendBytes(bytes, v1::HolderSignature::kPathFieldNumber, hash.raw());
  }
  return bytes;
}

size_t ReceiptSize(const ReceiptParts& parts, size_t holder_size) {
  return wire::TextSize(Receipt::kLeafFieldNumber, parts.committed.leaf.size()) +
         wire::TextSize(Receipt::kRequestOpeningFieldNumber, parts.sealed.request_opening.size()) +
         wire::TextSize(Receipt::kResponseOpeningFieldNumber,
                        parts.sealed.response_opening.size()) +
         wire::TextSize(Receipt::kHolderSignatureFieldNumber, holder_size) +
         wire::TextSize(Receipt::kTlogProofFieldNumber, parts.committed.tlog_proof.size());
}

void AppendReceipt(std::string& out, const ReceiptParts& parts, absl::string_view holder) {
  wire::AppendText(out, Receipt::kLeafFieldNumber, parts.committed.leaf);
  wire::AppendText(out, Receipt::kRequestOpeningFieldNumber, parts.sealed.request_opening);
  wire::AppendText(out, Receipt::kResponseOpeningFieldNumber, parts.sealed.response_opening);
  wire::AppendText(out, Receipt::kHolderSignatureFieldNumber, holder);
  wire::AppendText(out, Receipt::kTlogProofFieldNumber, parts.committed.tlog_proof);
}

}  // namespace

std::string EncodeReceipt(const ReceiptParts& parts) {
  const std::string holder = parts.holder == nullptr ? std::string() : EncodeHolder(*parts.holder);
  std::string bytes;
  bytes.reserve(ReceiptSize(parts, holder.size()));
  AppendReceipt(bytes, parts, holder);
  return bytes;
}

std::string EncodeResponse(absl::string_view request_id, absl::string_view answer,
                           const ReceiptParts& receipt, absl::string_view next_step) {
  const std::string holder =
      receipt.holder == nullptr ? std::string() : EncodeHolder(*receipt.holder);
  const size_t receipt_size = ReceiptSize(receipt, holder.size());
  std::string bytes;
  bytes.reserve(request_id.size() + answer.size() + receipt_size + next_step.size() +
                4 * wire::kFieldHeadBytesMax);
  wire::AppendText(bytes, View::kRequestIdFieldNumber, request_id);
  // Of a oneof, so it is there even when it is empty.
  wire::AppendBytes(bytes, View::kAnswerFieldNumber, answer);
  wire::AppendHead(bytes, View::kReceiptFieldNumber, receipt_size);
  AppendReceipt(bytes, receipt, holder);
  wire::AppendText(bytes, View::kNextStepFieldNumber, next_step);
  return bytes;
}

}  // namespace chayan::verify
