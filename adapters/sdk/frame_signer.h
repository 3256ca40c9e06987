// Signs frames of answers, and of receipts, with the adapter's answer key: one signature for all
// that is ready.
#ifndef CHAYAN_ADAPTERS_SDK_FRAME_SIGNER_H_
#define CHAYAN_ADAPTERS_SDK_FRAME_SIGNER_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/base/uuid.h"
#include "gateway/crypto/bytes.h"
#include "gateway/crypto/signing_key.h"
#include "gateway/tlog/frame.h"

namespace chayan::sdk {

// An answer with the digests that stand for it.
struct SignedAnswer {
  Uuid exchange_id;
  crypto::Digest request_digest;
  crypto::Digest answer_digest;
};

// A frame's answers in order, and what proves each.
struct SignedFrame {
  std::vector<SignedAnswer> answers;
  std::vector<tlog::HolderSignature> proofs;  // one for each answer; same key and signature
};

// A receipt of a notice with the digests that stand for it.
struct SignedReceipt {
  Uuid delivery_id;
  crypto::Digest notice_digest;
  crypto::Digest receipt_digest;
};

struct SignedReceiptFrame {
  std::vector<SignedReceipt> receipts;
  std::vector<tlog::HolderSignature> proofs;  // as of SignedFrame
};

// Immutable.
class FrameSigner {
 public:
  explicit FrameSigner(crypto::Ed25519Key key)
      : key_(std::move(key)), key_id_(crypto::KeyId(key_.public_key())) {}
  static absl::StatusOr<FrameSigner> FromFile(const std::string& path);

  const crypto::Digest& key_id() const { return key_id_; }
  // REQUIRES: at least one answer.
  absl::StatusOr<SignedFrame> Sign(std::vector<SignedAnswer> answers) const;
  // REQUIRES: at least one receipt.
  absl::StatusOr<SignedReceiptFrame> Sign(std::vector<SignedReceipt> receipts) const;

 private:
  absl::StatusOr<std::vector<tlog::HolderSignature>> SignDigests(
      const std::vector<crypto::Digest>& digests) const;

  crypto::Ed25519Key key_;
  crypto::Digest key_id_;
};

}  // namespace chayan::sdk

#endif  // CHAYAN_ADAPTERS_SDK_FRAME_SIGNER_H_
