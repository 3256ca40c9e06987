// What a link does with a frame of answers: match each to its question, rebuild the tree that the
// holder signed, check the signature where it is to be checked, pass the answers on.
#include "gateway/base/diag.h"
#include "gateway/crypto/digest.h"
#include "gateway/link/bounds.h"
#include "gateway/link/link.h"

namespace chayan::link {
namespace {

// Whether a number drawn from all of 64 bits falls into the share.
bool InShare(uint64_t drawn, double share) {
  constexpr double kRange = 18446744073709551616.0;  // 2^64
  return static_cast<double>(drawn) < share * kRange;
}

}  // namespace

void Link::OnAnswers(v1::AnswerFrame& frame) {
  if (frame.answers().empty() || frame.answers_size() > static_cast<int>(kFrameItemsMax)) {
    CloseMalformed("A frame holds 1 to 256 answers.");
    return;
  }
  const std::optional<FrameKey> key = TakeFrameKey(frame.key_id(), frame.signature());
  if (!key) return;
  std::optional<Matched> matched = Match(frame);
  if (!matched) return;
  const tlog::Frame tree(matched->answers);
  bool check_now = false;
  for (const std::unique_ptr<Exchange>& exchange : matched->exchanges) {
    check_now |= exchange != nullptr && exchange->check_signature;
  }
  if (!CheckSignature(tree, *key->key, key->signature, check_now)) {
    for (std::unique_ptr<Exchange>& exchange : matched->exchanges) {
      if (exchange != nullptr) context_.observer.OnLost(std::move(exchange), *this);
    }
    return;
  }
  PassOn(frame, *std::move(matched), tree, key->id, key->signature);
}

std::optional<Link::FrameKey> Link::TakeFrameKey(const std::string& key_id,
                                                 const std::string& signature) {
  const auto id = crypto::Digest::FromRaw(key_id);
  const auto signed_by = crypto::Ed25519Signature::FromRaw(signature);
  if (!id.ok() || !signed_by.ok()) {
    CloseMalformed("A frame carries a key id of 32 bytes and a signature of 64.");
    return std::nullopt;
  }
  FrameKey key = {
      .snapshot = context_.registry(), .key = nullptr, .id = *id, .signature = *signed_by};
  key.key = FindKeyInForce(*key.snapshot, caller_, *id, context_.clock.Now());
  if (key.key != nullptr) return key;
  Close(Refuse(v1::ERROR_REASON_ANSWER_KEY_UNKNOWN,
               "A frame's key is not registered for this system, or not in force.",
               {{"key_id", id->ToHex()}}));
  return std::nullopt;
}

std::optional<Link::Matched> Link::Match(const v1::AnswerFrame& frame) {
  const size_t count = static_cast<size_t>(frame.answers_size());
  Matched matched;
  matched.exchanges.resize(count);
  matched.answers.resize(count);  // first the digests of the requests
  std::vector<Uuid> ids(count);
  for (size_t i = 0; i < count; ++i) {
    auto id = Uuid::FromRaw(frame.answers(static_cast<int>(i)).exchange_id());
    if (!id.ok()) {
      CloseMalformed("An answer's exchange id is not 16 bytes.");
      return std::nullopt;
    }
    ids[i] = *id;
  }
  std::optional<Uuid> unexpected;
  uint64_t late = 0;
  {
    absl::MutexLock lock(&mu_);
    for (size_t i = 0; i < count && !unexpected; ++i) {
      if ((matched.exchanges[i] = Take(ids[i])) != nullptr) {
        matched.answers[i] = matched.exchanges[i]->request_digest;
      } else if (auto it = given_up_.find(ids[i]); it != given_up_.end()) {
        matched.answers[i] = it->second;
        given_up_.erase(it);  // once
        ++late;
      } else {
        unexpected = ids[i];
      }
    }
  }
  context_.counters.answers_late.fetch_add(late, std::memory_order_relaxed);
  for (size_t i = 0; i < count; ++i) {
    if (matched.exchanges[i] != nullptr) context_.observer.OnTaken(ids[i]);
  }
  if (unexpected) {
    CloseUnexpected(*unexpected, std::move(matched.exchanges));
    return std::nullopt;
  }
  for (size_t i = 0; i < count; ++i) {
    const crypto::Digest answer = crypto::Sha256(frame.answers(static_cast<int>(i)).answer());
    matched.answers[i] = tlog::AnswerDigest(ids[i], matched.answers[i], answer);
  }
  return matched;
}

bool Link::CheckSignature(const tlog::Frame& tree, const registry::AnswerKey& key,
                          const crypto::Ed25519Signature& signature, bool now) {
  auto public_key = crypto::Ed25519PublicKey::FromRaw(key.public_key);
  CHAYAN_CHECK(public_key.ok());
  // A link's first frame is always checked: a wrongly set up adapter shows at once.
  const bool drawn =
      first_frame_ || InShare(context_.random.Uint64(), context_.options.signature_share);
  first_frame_ = false;
  if (now) {
    // On the worker: one check serves the whole frame.
    context_.counters.signatures_checked.fetch_add(1, std::memory_order_relaxed);
    if (tree.Verify(*public_key, signature)) return true;
    CloseInvalidSignature();
    return false;
  }
  if (drawn && !context_.checker.Submit({.key = *public_key,
                                         .signed_bytes = tree.SignedBytes(),
                                         .signature = signature,
                                         .on_invalid = [self = shared_from_this()] {
                                           self->CloseInvalidSignature();
                                         }})) {
    context_.counters.checks_skipped.fetch_add(1, std::memory_order_relaxed);
  }
  return true;
}

void Link::PassOn(v1::AnswerFrame& frame, Matched matched, const tlog::Frame& tree,
                  const crypto::Digest& key_id, const crypto::Ed25519Signature& signature) {
  for (size_t i = 0; i < matched.exchanges.size(); ++i) {
    std::unique_ptr<Exchange>& exchange = matched.exchanges[i];
    if (exchange == nullptr) continue;
    v1::Answer& answer = *frame.mutable_answers(static_cast<int>(i));
    answers_.fetch_add(1, std::memory_order_relaxed);
    Reply reply;
    reply.kind = Reply::Kind::kAnswered;
    reply.answer = std::move(*answer.mutable_answer());
    reply.restricted = answer.restricted();
    reply.signature = tree.ForAnswer(static_cast<uint32_t>(i), key_id, signature);
    reply.link = number_;
    exchange->done(std::move(reply));
  }
}

void Link::CloseUnexpected(const Uuid& exchange_id,
                           std::vector<std::unique_ptr<Exchange>> of_the_frame) {
  context_.counters.answers_unexpected.fetch_add(1, std::memory_order_relaxed);
  Close(Refuse(v1::ERROR_REASON_ANSWER_UNEXPECTED,
               "An answer came to a question that is not open on this link.",
               {{"exchange_id", exchange_id.ToText()}}));
  for (std::unique_ptr<Exchange>& exchange : of_the_frame) {
    if (exchange != nullptr) context_.observer.OnLost(std::move(exchange), *this);
  }
}

void Link::CloseInvalidSignature() {
  context_.counters.signatures_invalid.fetch_add(1, std::memory_order_relaxed);
  diag::Error("link.signature_invalid",
              {{"link", id()}, {"member", caller_.member}, {"system", caller_.system}});
  Close(Refuse(v1::ERROR_REASON_FRAME_SIGNATURE_INVALID, "A frame's signature does not verify."));
}

}  // namespace chayan::link
