#include "gateway/notice/bulk_settler.h"

#include <map>
#include <memory>
#include <utility>

#include "chayan/v1/entry_detail.pb.h"
#include "gateway/base/diag.h"
#include "gateway/base/status_macros.h"
#include "gateway/log/search_key.h"
#include "gateway/notice/payload.h"
#include "gateway/notice/settlement.h"
#include "gateway/notice/step.h"
#include "gateway/rpc/recorded.h"
#include "gateway/tlog/bulk_frame.h"

namespace chayan::notice {
namespace {

using store::DeliveryState;

DeliveryState StateOf(const v1::DeliveryReceipt& receipt) {
  return receipt.state() == v1::DELIVERY_STATE_REJECTED ? DeliveryState::kRejected
                                                        : DeliveryState::kAcknowledged;
}

}  // namespace

bool BulkSettler::IsFor(const link::SignedReceipt& receipt) const {
  v1::DeliveryReceipt said;
  if (!said.ParseFromString(receipt.receipt)) return false;
  // Whether what it acknowledges came in bulk only the store knows; an office's word is in no
  // hurry.
  if (said.state() != v1::DELIVERY_STATE_DELIVERED) return true;
  const absl::StatusOr<Uuid> id = Uuid::FromText(said.delivery_id());
  return id.ok() && IsUnderWay(*id);
}

void BulkSettler::Take(BulkWords words) {
  // A frame's entry says one state and one reason.
  std::map<std::pair<DeliveryState, std::string>, Frame> frames;
  std::vector<link::SignedReceipt> alone;
  for (link::SignedReceipt& said : words.receipts) {
    std::optional<Word> word = Read(words, said);
    if (!word.has_value()) {
      alone.push_back(std::move(said));
      continue;
    }
    Frame& frame = frames[{word->step.to, word->step.reason}];
    frame.push_back(*std::move(word));
    if (frame.size() >= lane_.deliveries_max()) Settle(words, std::exchange(frame, {}));
  }
  for (auto& [outcome, frame] : frames) {
    if (!frame.empty()) Settle(words, std::move(frame));
  }
  if (!alone.empty()) words.alone(std::move(alone));
}

std::optional<BulkSettler::Word> BulkSettler::Read(const BulkWords& words,
                                                   const link::SignedReceipt& said) const {
  Word word{.said = said};
  const bool parsed = word.receipt.ParseFromString(said.receipt);
  const absl::StatusOr<Uuid> id = Uuid::FromText(word.receipt.delivery_id());
  if (!parsed || !id.ok() || !CheckReceipt(word.receipt, *with_.registry()).empty()) {
    return std::nullopt;
  }
  word.delivery = *id;
  word.step.delivery = *id;
  word.step.time_ms = absl::ToUnixMillis(with_.clock.Now());
  const bool plain = word.receipt.state() == v1::DELIVERY_STATE_DELIVERED
                         ? PlanReceipt(words, word)
                         : PlanAcknowledgement(words.caller, word);
  if (!plain) return std::nullopt;
  return word;
}

bool BulkSettler::PlanReceipt(const BulkWords& words, Word& word) const {
  const std::optional<BulkSent> sent = deliverer_.FindBulk(word.delivery);
  if (!sent.has_value() || sent->recipient != words.caller.member) return false;
  if (words.was_sent) word.said.notice_digest = sent->notice_digest;
  if (sent->notice_digest != word.said.notice_digest) return false;
  word.step.from = DeliveryState::kScheduled;
  word.step.to = sent->hosted ? DeliveryState::kHandedOver : DeliveryState::kDelivered;
  if (sent->test) word.step.reason = "TEST";
  return true;
}

bool BulkSettler::PlanAcknowledgement(const policy::Caller& caller, Word& word) const {
  const absl::StatusOr<store::StoredDelivery> delivery = with_.notices.FindDelivery(word.delivery);
  if (!delivery.ok() || !delivery->bulk || delivery->recipient != caller.member ||
      delivery->state == DeliveryState::kScheduled ||
      !store::MayStep(delivery->state, StateOf(word.receipt))) {
    return false;
  }
  const absl::StatusOr<store::StoredNotice> notice = with_.notices.ReadNotice(delivery->notice);
  const absl::StatusOr<store::SealedPayload> payload = with_.notices.ReadPayload(delivery->seq);
  if (!notice.ok() || !payload.ok()) return false;
  const absl::StatusOr<std::string> opened = OpenPayload(with_.vault, delivery->id, *payload);
  if (!opened.ok()) return false;
  const std::string bytes =
      LeavingBytes(*opened, {.earlier_missing = delivery->earlier_missing, .entry = notice->entry});
  if (crypto::Sha256(bytes) != word.said.notice_digest) return false;
  absl::StatusOr<std::string> settlement = SealSettlement(with_.vault, delivery->id, word.receipt);
  if (!settlement.ok()) return false;
  word.step.from = delivery->state;
  word.step.to = StateOf(word.receipt);
  if (word.step.to == DeliveryState::kRejected) {
    word.step.reason = RejectionName(word.receipt.rejection_reason());
  }
  word.step.settlement = *std::move(settlement);
  word.step.shred_ms = absl::ToUnixMillis(
      ShredTime(*with_.registry(), delivery->subscription, word.receipt, with_.clock.Now()));
  return true;
}

void BulkSettler::Settle(const BulkWords& words, Frame frame) {
  absl::StatusOr<log::Submission> submission = MakeSubmission(words, frame);
  const absl::StatusOr<log::Committed> committed =
      submission.ok() ? lane_.Commit(*std::move(submission))
                      : absl::StatusOr<log::Committed>(submission.status());
  if (committed.ok()) {
    for (const Word& word : frame) {
      deliverer_.Settled(word.delivery);
      words.recorded(word.delivery, committed->index);
    }
    return settled_();
  }
  if (!absl::IsAborted(committed.status())) {
    // Not in the log: they are said again when the notices come again.
    diag::Warning(
        "notice.receipts_not_recorded",
        {{"member", words.caller.member}, {"cause", std::string(committed.status().message())}});
    return;
  }
  // One of them was overtaken.
  std::vector<link::SignedReceipt> alone;
  for (Word& word : frame) alone.push_back(std::move(word.said));
  words.alone(std::move(alone));
}

absl::StatusOr<log::Submission> BulkSettler::MakeSubmission(const BulkWords& words,
                                                            const Frame& frame) const {
  auto change = std::make_shared<store::NoticeChange>();
  v1::EntryDetail detail;
  log::VaultInput input;
  for (const Word& word : frame) {
    change->frame.push_back(
        tlog::BulkItem(word.delivery, word.said.notice_digest, crypto::Sha256(word.said.receipt)));
    change->steps.push_back(word.step);
    *detail.add_bulk_receipts() = word.receipt;
    const std::string& number = word.receipt.recipient_case_number();
    if (!number.empty()) input.more_cases.push_back(log::CaseKey(words.caller.member, number));
  }
  log::Submission submission;
  log::Entry& entry = submission.entry;
  entry = rpc::EntryOf(words.caller, words.method, log::EntryType::kBulk,
                       Uuid::Version7(with_.clock.Now(), with_.random));
  entry.holder = words.caller.member;
  entry.registry = with_.registry()->digest();
  entry.outcome = StateName(frame.front().step.to);
  entry.reason = frame.front().step.reason;
  if (!words.was_sent) {
    tlog::HolderSignature signature = frame.front().said.signature;
    signature.index = 0;
    signature.path.clear();
    entry.hsig = tlog::HolderSignatureDigest(signature);
  }
  const std::string committed = tlog::BulkFrame(change->frame).CommittedBytes();
  const std::string detail_bytes = detail.SerializeAsString();
  input.id = entry.id;
  input.retention_class = kStepRetention;
  input.response = committed;
  input.detail = detail_bytes;
  CHAYAN_ASSIGN_OR_RETURN(log::VaultOutput sealed, with_.vault.Seal(input));
  entry.c_res = sealed.c_res;
  entry.c_detail = sealed.c_detail;
  submission.vault = std::move(sealed.row);
  submission.change = std::move(change);
  return submission;
}

}  // namespace chayan::notice
