#include "adapters/sdk/frame_signer.h"

#include "gateway/base/check.h"
#include "gateway/base/status_macros.h"

namespace chayan::sdk {

absl::StatusOr<FrameSigner> FrameSigner::FromFile(const std::string& path) {
  auto key = crypto::Ed25519Key::FromPemFile(path);
  if (!key.ok()) return Annotate(key.status(), "answer key");
  return FrameSigner(*std::move(key));
}

absl::StatusOr<SignedFrame> FrameSigner::Sign(std::vector<SignedAnswer> answers) const {
  CHAYAN_CHECK(!answers.empty());
  std::vector<crypto::Digest> digests;
  digests.reserve(answers.size());
  for (const SignedAnswer& answer : answers) {
    digests.push_back(
        tlog::AnswerDigest(answer.exchange_id, answer.request_digest, answer.answer_digest));
  }
  const tlog::Frame tree(digests);
  CHAYAN_ASSIGN_OR_RETURN(const crypto::Ed25519Signature signature, tree.Sign(key_));
  SignedFrame frame;
  frame.proofs.reserve(answers.size());
  for (uint32_t index = 0; index < tree.count(); ++index) {
    frame.proofs.push_back(tree.ForAnswer(index, key_id_, signature));
  }
  frame.answers = std::move(answers);
  return frame;
}

}  // namespace chayan::sdk
