#include "adapters/sdk/frame_signer.h"

#include "gateway/base/check.h"
#include "gateway/base/status_macros.h"

namespace chayan::sdk {

absl::StatusOr<FrameSigner> FrameSigner::FromFile(const std::string& path) {
  auto key = crypto::Ed25519Key::FromPemFile(path);
  if (!key.ok()) return Annotate(key.status(), "answer key");
  return FrameSigner(*std::move(key));
}

absl::StatusOr<std::vector<tlog::HolderSignature>> FrameSigner::SignDigests(
    const std::vector<crypto::Digest>& digests) const {
  CHAYAN_CHECK(!digests.empty());
  const tlog::Frame tree(digests);
  CHAYAN_ASSIGN_OR_RETURN(const crypto::Ed25519Signature signature, tree.Sign(key_));
  std::vector<tlog::HolderSignature> proofs;
  proofs.reserve(digests.size());
  for (uint32_t index = 0; index < tree.count(); ++index) {
    proofs.push_back(tree.ForAnswer(index, key_id_, signature));
  }
  return proofs;
}

absl::StatusOr<SignedFrame> FrameSigner::Sign(std::vector<SignedAnswer> answers) const {
  std::vector<crypto::Digest> digests;
  digests.reserve(answers.size());
  for (const SignedAnswer& answer : answers) {
    digests.push_back(
        tlog::AnswerDigest(answer.exchange_id, answer.request_digest, answer.answer_digest));
  }
  CHAYAN_ASSIGN_OR_RETURN(std::vector<tlog::HolderSignature> proofs, SignDigests(digests));
  return SignedFrame{std::move(answers), std::move(proofs)};
}

absl::StatusOr<SignedReceiptFrame> FrameSigner::Sign(std::vector<SignedReceipt> receipts) const {
  std::vector<crypto::Digest> digests;
  digests.reserve(receipts.size());
  for (const SignedReceipt& receipt : receipts) {
    digests.push_back(
        tlog::DeliveryDigest(receipt.delivery_id, receipt.notice_digest, receipt.receipt_digest));
  }
  CHAYAN_ASSIGN_OR_RETURN(std::vector<tlog::HolderSignature> proofs, SignDigests(digests));
  return SignedReceiptFrame{std::move(receipts), std::move(proofs)};
}

}  // namespace chayan::sdk
