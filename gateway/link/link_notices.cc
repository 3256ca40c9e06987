// What a link does with notices: it carries them down, and what the adapter says of them up, once
// the frame's signature verified. Which delivery a receipt settles is not known here: it may have
// been sent on an earlier link.
#include "absl/strings/strip.h"
#include "chayan/v1/notice_service.pb.h"
#include "gateway/crypto/digest.h"
#include "gateway/link/bounds.h"
#include "gateway/link/link.h"

namespace chayan::link {
namespace {

// Both mean that the next notice would not be taken either.
bool IsDown(v1::NotTakenReason reason) {
  return reason == v1::NOT_TAKEN_REASON_SYSTEM_DOWN || reason == v1::NOT_TAKEN_REASON_TOO_MANY;
}

}  // namespace

std::vector<std::string> Link::Subscriptions() const {
  absl::MutexLock lock(&mu_);
  if (!serving()) return {};
  return offer_.subscriptions;
}

size_t Link::NoticeRoom() const {
  absl::MutexLock lock(&mu_);
  if (!serving() || queued_bytes_ > kQueuedBytesMax ||
      notices_.size() >= offer_.notices_in_flight_max) {
    return 0;
  }
  return offer_.notices_in_flight_max - notices_.size();
}

bool Link::SendNotices(std::vector<OutgoingNotice> notices) {
  bool flush = false;
  {
    absl::MutexLock lock(&mu_);
    if (!serving() || notices_.size() + notices.size() > offer_.notices_in_flight_max) return false;
    for (OutgoingNotice& notice : notices) {
      notices_.insert(notice.delivery);
      to_notify_.push_back(std::move(notice));
    }
    flush = ClaimFlush();
  }
  if (flush) PostFlush();
  return true;
}

bool Link::TellNone(const std::string& none_today) {
  bool flush = false;
  {
    absl::MutexLock lock(&mu_);
    if (!serving()) return false;
    none_today_.push_back(none_today);
    flush = ClaimFlush();
  }
  if (flush) PostFlush();
  return true;
}

void Link::ReceiptRecorded(const RecordedReceipt& receipt) {
  bool flush = false;
  {
    absl::MutexLock lock(&mu_);
    if (phase_ != Phase::kServing) return;
    receipts_to_record_.push_back(receipt);
    flush = ClaimFlush();
  }
  if (flush) PostFlush();
}

void Link::OnNoticeReceipts(v1::NoticeReceiptFrame& frame) {
  if (context_.notices == nullptr) {
    return CloseMalformed("Receipts came for notices that were never sent.");
  }
  if (frame.receipts().empty() || frame.receipts_size() > static_cast<int>(kFrameItemsMax)) {
    return CloseMalformed("A frame holds 1 to 256 receipts.");
  }
  const std::optional<FrameKey> key = TakeFrameKey(frame.key_id(), frame.signature());
  if (!key) return;
  std::vector<SignedReceipt> receipts;
  std::vector<crypto::Digest> leaves;
  std::vector<Uuid> ids;
  for (v1::NoticeReceipt& item : *frame.mutable_receipts()) {
    v1::DeliveryReceipt receipt;
    const auto digest = crypto::Digest::FromRaw(item.notice_digest());
    const bool parsed = receipt.ParseFromString(item.receipt());
    const auto id = Uuid::FromText(receipt.delivery_id());
    if (!parsed || !digest.ok() || !id.ok()) {
      return CloseMalformed("A receipt names its delivery, and the digest of the notice.");
    }
    leaves.push_back(tlog::DeliveryDigest(*id, *digest, crypto::Sha256(item.receipt())));
    ids.push_back(*id);
    receipts.push_back({std::move(*item.mutable_receipt()), *digest, {}});
  }
  const tlog::Frame tree(leaves);
  // Each frame: what a recipient said is evidence, and nobody waits for it.
  if (!CheckSignature(tree, *key->key, key->signature, /*now=*/true)) return;
  for (size_t i = 0; i < receipts.size(); ++i) {
    receipts[i].signature = tree.ForAnswer(static_cast<uint32_t>(i), key->id, key->signature);
  }
  {
    absl::MutexLock lock(&mu_);
    for (const Uuid& id : ids) notices_.erase(id);
  }
  context_.notices->OnReceipts(caller_, number_, std::move(receipts));
}

void Link::OnNoticesNotTaken(const v1::NoticesNotTaken& message) {
  if (message.notices_size() > static_cast<int>(kFrameItemsMax)) {
    return CloseMalformed("A message returns at most 256 notices.");
  }
  std::vector<ReturnedNotice> returned;
  {
    absl::MutexLock lock(&mu_);
    for (const v1::NoticeNotTaken& notice : message.notices()) {
      const auto id = Uuid::FromRaw(notice.delivery_id());
      // One that is not under way here was sent again by another way meanwhile.
      if (!id.ok() || notices_.erase(*id) == 0) continue;
      const std::string& name = v1::NotTakenReason_Name(notice.reason());
      returned.push_back({.delivery = *id,
                          .reason = std::string(absl::StripPrefix(name, "NOT_TAKEN_REASON_")),
                          .recipient_down = IsDown(notice.reason())});
    }
  }
  if (!returned.empty()) context_.notices->OnReturned(caller_, std::move(returned));
}

}  // namespace chayan::link
