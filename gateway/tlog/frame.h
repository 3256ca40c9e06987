// The holder's signature: one Ed25519 signature for all answers of a frame, over the root of a
// Merkle tree (RFC 6962) whose leaves are the answers' digests. Each caller gets the path of its
// own answer and learns nothing of the others.
#ifndef CHAYAN_GATEWAY_TLOG_FRAME_H_
#define CHAYAN_GATEWAY_TLOG_FRAME_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/base/uuid.h"
#include "gateway/crypto/bytes.h"
#include "gateway/crypto/signing_key.h"
#include "gateway/tlog/batch.h"
#include "gateway/tlog/merkle.h"

namespace chayan::tlog {

// d = SHA-256("chayan/answer/v1\0" || exchange id || SHA-256(request) || SHA-256(answer)).
crypto::Digest AnswerDigest(const Uuid& exchange_id, absl::string_view request,
                            absl::string_view answer);
// For whoever has hashed the request before.
crypto::Digest AnswerDigest(const Uuid& exchange_id, const crypto::Digest& request_digest,
                            const crypto::Digest& answer_digest);

// d = SHA-256("chayan/delivery/v1\0" || delivery id || SHA-256(notice) || SHA-256(receipt)): the
// same for what a recipient says of a notice.
crypto::Digest DeliveryDigest(const Uuid& delivery_id, const crypto::Digest& notice_digest,
                              const crypto::Digest& receipt_digest);

// The bytes a holder signs: "chayan/frame/v1\0" || uint32 count || root.
std::string FrameSignedBytes(uint32_t count, const Hash& root);

// What a caller keeps: enough to check one answer with nothing but the holder's key.
struct HolderSignature {
  crypto::Digest key_id;  // SHA-256 of the SPKI.
  crypto::Ed25519Signature signature;
  uint32_t index = 0;
  uint32_t count = 0;
  std::vector<Hash> path;

  bool operator==(const HolderSignature&) const = default;
};

// All answers of one frame, in their order. REQUIRES: at least one, fewer than 2^32.
class Frame {
 public:
  explicit Frame(const std::vector<crypto::Digest>& answers);

  uint32_t count() const { return static_cast<uint32_t>(tree_.count()); }
  // What the holder signs.
  std::string SignedBytes() const { return FrameSignedBytes(count(), tree_.root()); }
  absl::StatusOr<crypto::Ed25519Signature> Sign(const crypto::Signer& key) const {
    return key.Sign(SignedBytes());
  }
  bool Verify(const crypto::Ed25519PublicKey& key, absl::string_view signature) const {
    return crypto::VerifyEd25519(key, SignedBytes(), signature);
  }
  // For the answer at `index`; does not check the signature. REQUIRES: index < count().
  HolderSignature ForAnswer(uint32_t index, const crypto::Digest& key_id,
                            const crypto::Ed25519Signature& signature) const;

 private:
  Batch tree_;
};

// OK if `key` signed a frame with this answer at this place.
absl::Status VerifyHolderSignature(const crypto::Ed25519PublicKey& key,
                                   const crypto::Digest& answer, const HolderSignature& signature);

// SHA-256(key id || signature || uint32 index || uint32 count || path): the `hsig` of a leaf.
crypto::Digest HolderSignatureDigest(const HolderSignature& signature);

}  // namespace chayan::tlog

#endif  // CHAYAN_GATEWAY_TLOG_FRAME_H_
