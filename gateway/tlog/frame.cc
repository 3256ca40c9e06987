#include "gateway/tlog/frame.h"

#include <limits>

#include "absl/strings/str_cat.h"
#include "gateway/base/check.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_macros.h"
#include "gateway/crypto/digest.h"

namespace chayan::tlog {
namespace {

constexpr absl::string_view kAnswerDomain("chayan/answer/v1\0", 17);
constexpr absl::string_view kDeliveryDomain("chayan/delivery/v1\0", 19);
constexpr absl::string_view kFrameDomain("chayan/frame/v1\0", 16);

std::vector<Hash> LeafHashes(const std::vector<crypto::Digest>& answers) {
  std::vector<Hash> hashes;
  hashes.reserve(answers.size());
  for (const crypto::Digest& answer : answers) hashes.push_back(LeafHash(answer));
  return hashes;
}

}  // namespace

crypto::Digest AnswerDigest(const Uuid& exchange_id, const crypto::Digest& request_digest,
                            const crypto::Digest& answer_digest) {
  return crypto::Sha256(
      {kAnswerDomain, exchange_id.raw(), request_digest.raw(), answer_digest.raw()});
}

crypto::Digest AnswerDigest(const Uuid& exchange_id, absl::string_view request,
                            absl::string_view answer) {
  return AnswerDigest(exchange_id, crypto::Sha256(request), crypto::Sha256(answer));
}

crypto::Digest DeliveryDigest(const Uuid& delivery_id, const crypto::Digest& notice_digest,
                              const crypto::Digest& receipt_digest) {
  return crypto::Sha256(
      {kDeliveryDomain, delivery_id.raw(), notice_digest.raw(), receipt_digest.raw()});
}

std::string FrameSignedBytes(uint32_t count, const Hash& root) {
  std::string bytes(kFrameDomain);
  AppendUint32(bytes, count);
  absl::StrAppend(&bytes, root.raw());
  return bytes;
}

Frame::Frame(const std::vector<crypto::Digest>& answers)
    : tree_(CompactRange(), LeafHashes(answers)) {
  CHAYAN_CHECK(!answers.empty() && answers.size() <= std::numeric_limits<uint32_t>::max());
}

HolderSignature Frame::ForAnswer(uint32_t index, const crypto::Digest& key_id,
                                 const crypto::Ed25519Signature& signature) const {
  return {key_id, signature, index, count(), tree_.InclusionProof(index)};
}

absl::Status VerifyHolderSignature(const crypto::Ed25519PublicKey& key,
                                   const crypto::Digest& answer, const HolderSignature& signature) {
  if (crypto::KeyId(key) != signature.key_id) {
    return absl::InvalidArgumentError("holder's signature: made by another key");
  }
  const absl::StatusOr<Hash> root =
      RootFromInclusionProof(signature.index, signature.count, LeafHash(answer), signature.path);
  if (!root.ok()) return Annotate(root.status(), "holder's signature");
  if (!crypto::VerifyEd25519(key, FrameSignedBytes(signature.count, *root), signature.signature)) {
    return absl::InvalidArgumentError("holder's signature: does not belong to this answer");
  }
  return absl::OkStatus();
}

crypto::Digest HolderSignatureDigest(const HolderSignature& signature) {
  // Laid out and hashed at once: a hasher of its own costs more than this string.
  std::string bytes;
  bytes.reserve(crypto::Digest::kSize + crypto::Ed25519Signature::kSize + 2 * sizeof(uint32_t) +
                signature.path.size() * Hash::kSize);
  absl::StrAppend(&bytes, signature.key_id.raw(), signature.signature.raw());
  AppendUint32(bytes, signature.index);
  AppendUint32(bytes, signature.count);
  for (const Hash& hash : signature.path) absl::StrAppend(&bytes, hash.raw());
  return crypto::Sha256(bytes);
}

}  // namespace chayan::tlog
