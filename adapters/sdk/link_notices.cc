#include "adapters/sdk/link_notices.h"

#include <algorithm>
#include <utility>

#include "gateway/base/diag.h"
#include "gateway/base/status_macros.h"
#include "gateway/crypto/digest.h"

namespace chayan::sdk {
namespace {

// As adapter_link_service.proto states it. A receipt has at most some 2 KB of text in it, so that a
// frame of them stays within a message.
constexpr size_t kFrameReceiptsMax = 256;
// Of an earlier link's receipts, so many are in memory at once.
constexpr size_t kBacklogPage = 4 * kFrameReceiptsMax;

template <typename Item>
std::vector<Item> TakeFront(std::deque<Item>& queue, size_t count_max) {
  const auto end = queue.begin() + static_cast<ptrdiff_t>(std::min(queue.size(), count_max));
  std::vector<Item> taken(std::make_move_iterator(queue.begin()), std::make_move_iterator(end));
  queue.erase(queue.begin(), end);
  return taken;
}

// Whether the bytes that came are those that were taken. The mark that an earlier notice is missing
// may be new: that one was given up after this one was sent.
bool IsSame(const TakenNotice& taken, const OpenNotice& came) {
  if (taken.notice_digest == came.digest) return true;
  v1::DeliveredNotice unmarked = came.notice;
  unmarked.clear_earlier_missing();
  return taken.notice_digest == crypto::Sha256(unmarked.SerializeAsString());
}

// A rejection that is in the log ended the delivery: if it comes again, its publisher wants it to.
bool IsReplay(const TakenNotice& taken) {
  v1::DeliveryReceipt settlement;
  return taken.settlement_entry.has_value() && settlement.ParseFromString(taken.settlement) &&
         settlement.state() == v1::DELIVERY_STATE_REJECTED;
}

}  // namespace

OpenNotices::Opened OpenNotices::Open(const std::shared_ptr<OpenNotice>& notice) {
  absl::MutexLock lock(&mu_);
  const auto found = open_.find(notice->delivery_id);
  if (found != open_.end()) {
    found->second->MoveTo(notice->Line());
    return Opened::kOpenAlready;
  }
  if (open_.size() >= kCountMax) return Opened::kTooMany;
  open_.emplace(notice->delivery_id, notice);
  return Opened::kNew;
}

void OpenNotices::Close(const Uuid& delivery_id) {
  absl::MutexLock lock(&mu_);
  open_.erase(delivery_id);
}

bool OpenNotices::HasOf(const NoticeLine& line) const {
  absl::MutexLock lock(&mu_);
  return std::any_of(open_.begin(), open_.end(),
                     [&](const auto& entry) { return entry.second->Line().get() == &line; });
}

LinkNotices::LinkNotices(LinkParts parts, std::string gateway_address, std::function<void()> wake)
    : parts_(parts), gateway_address_(std::move(gateway_address)), wake_(std::move(wake)) {}

void LinkNotices::Close() {
  {
    absl::MutexLock lock(&wake_mu_);
    wake_ = nullptr;
  }
  absl::MutexLock lock(&mu_);
  closed_ = true;
  for (const Said& said : said_) parts_.open_notices.Close(said.delivery_id);
  said_.clear();
}

void LinkNotices::Wake() {
  absl::MutexLock lock(&wake_mu_);
  if (wake_) wake_();
}

void LinkNotices::Say(Backlog::Taken backlog) {
  if (parts_.inbox == nullptr || (!backlog.all && backlog.settled.empty())) return;
  {
    absl::MutexLock lock(&mu_);
    if (backlog.all) unread_after_ = Uuid();
    for (TakenNotice& settled : backlog.settled) receipts_.push_back(std::move(settled));
  }
  Wake();
}

absl::Status LinkNotices::ReadBacklog(const Uuid& after) {
  CHAYAN_ASSIGN_OR_RETURN(std::vector<TakenNotice> page,
                          parts_.inbox->Unrecorded(after, kBacklogPage));
  absl::MutexLock lock(&mu_);
  // Unless all of it was wanted again meanwhile.
  if (!unread_after_.has_value() && page.size() == kBacklogPage) {
    unread_after_ = page.back().delivery_id;
  }
  for (TakenNotice& taken : page) receipts_.push_back(std::move(taken));
  return absl::OkStatus();
}

void LinkNotices::OnFrame(v1::NoticeFrame& frame) {
  for (const std::string& bytes : frame.notices()) OnNotice(bytes);
  Wake();
}

void LinkNotices::OnNotice(absl::string_view bytes) {
  parts_.counters.notices.fetch_add(1, std::memory_order_relaxed);
  auto open = std::make_shared<OpenNotice>();
  absl::StatusOr<Uuid> id = absl::InvalidArgumentError("malformed");
  if (open->notice.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    id = Uuid::FromText(open->notice.delivery_id());
  }
  if (!id.ok() || parts_.inbox == nullptr) {
    // A notice without an id cannot be spoken of, and one that was never subscribed to is a fault
    // of the gateway: its lease ends there.
    diag::Error("sdk.notice_malformed", {{"gateway", gateway_address_}});
    return;
  }
  open->delivery_id = *id;
  open->digest = crypto::Sha256(bytes);
  open->MoveTo(weak_from_this());
  absl::StatusOr<std::optional<TakenNotice>> known = parts_.inbox->Find(*id);
  if (!known.ok()) {
    diag::Error("sdk.inbox", {{"error", known.status().message()}});
    return NotTaken(*id, v1::NOT_TAKEN_REASON_SYSTEM_DOWN);
  }
  if (known->has_value() && !IsReplay(**known)) {
    if (!IsSame(**known, *open)) {
      diag::Error("sdk.notice_differs",
                  {{"gateway", gateway_address_}, {"delivery", id->ToText()}});
      return NotTaken(*id, v1::NOT_TAKEN_REASON_MALFORMED);
    }
    parts_.counters.notices_repeated.fetch_add(1, std::memory_order_relaxed);
    // The gateway that sends it again has not the receipt, whatever another one recorded; what the
    // office did says that it came, too.
    if ((*known)->Unrecorded() == nullptr) (*known)->receipt_entry.reset();
    absl::MutexLock lock(&mu_);
    receipts_.push_back(**std::move(known));
    return;
  }
  switch (parts_.open_notices.Open(open)) {
    case OpenNotices::Opened::kNew:
      parts_.adapter.OnNotice(Notice(open), NoticeResponder(open));
      return;
    case OpenNotices::Opened::kOpenAlready:
      parts_.counters.notices_repeated.fetch_add(1, std::memory_order_relaxed);
      return;
    case OpenNotices::Opened::kTooMany:
      return NotTaken(*id, v1::NOT_TAKEN_REASON_TOO_MANY);
  }
}

void LinkNotices::OnNoneToday(const v1::NoneTodayFrame& frame) {
  for (const std::string& bytes : frame.none_today()) {
    v1::NoneToday none;
    if (none.ParseFromString(bytes)) parts_.adapter.OnNoneToday(none);
  }
}

void LinkNotices::OnRecorded(
    const google::protobuf::RepeatedPtrField<v1::RecordedAnswer>& receipts) {
  std::vector<std::pair<Uuid, uint64_t>> entries;
  std::vector<RecordedWord> words;
  for (const v1::RecordedAnswer& receipt : receipts) {
    const auto id = Uuid::FromRaw(receipt.exchange_id());
    if (!id.ok()) continue;
    parts_.watch.Recorded(*id);
    entries.emplace_back(*id, receipt.entry_index());
    words.push_back({*id, receipt.entry_index(), receipt.refusal()});
    if (receipt.refusal().empty()) continue;
    parts_.counters.receipts_refused.fetch_add(1, std::memory_order_relaxed);
    diag::Warning("sdk.receipt_refused", {{"gateway", gateway_address_},
                                          {"delivery", id->ToText()},
                                          {"reason", receipt.refusal()},
                                          {"entry", receipt.entry_index()}});
  }
  if (entries.empty() || parts_.inbox == nullptr) return;
  absl::StatusOr<std::vector<TakenNotice>> next = parts_.inbox->Recorded(words);
  absl::Status status = next.status();
  if (status.ok()) status = parts_.log.ReceiptsRecorded(entries, parts_.clock.Now());
  if (!status.ok()) diag::Error("sdk.inbox", {{"error", status.message()}});
  parts_.counters.receipts_recorded.fetch_add(entries.size(), std::memory_order_release);
  if (!next.ok() || next->empty()) return;
  {
    absl::MutexLock lock(&mu_);
    for (TakenNotice& taken : *next) receipts_.push_back(std::move(taken));
  }
  Wake();
}

void LinkNotices::NotTaken(const Uuid& delivery_id, v1::NotTakenReason reason) {
  parts_.counters.notices_not_taken.fetch_add(1, std::memory_order_relaxed);
  v1::NoticeNotTaken not_taken;
  not_taken.set_delivery_id(std::string(delivery_id.raw()));
  not_taken.set_reason(reason);
  absl::MutexLock lock(&mu_);
  not_taken_.push_back(std::move(not_taken));
}

absl::Status LinkNotices::Reply(const OpenNotice& notice, NoticeReply reply) {
  {
    absl::MutexLock lock(&mu_);
    if (closed_) {
      parts_.open_notices.Close(notice.delivery_id);
      return absl::UnavailableError("the link is gone; the notice comes again");
    }
    said_.push_back({notice.delivery_id, notice.digest, std::move(reply)});
  }
  Wake();
  return absl::OkStatus();
}

absl::Status LinkNotices::Keep(const std::vector<Said>& said) {
  std::vector<TakenNotice> taken;
  for (const Said& one : said) {
    if (!one.reply.taken) continue;
    v1::DeliveryReceipt receipt;
    receipt.set_delivery_id(one.delivery_id.ToText());
    receipt.set_state(v1::DELIVERY_STATE_DELIVERED);
    taken.push_back({.delivery_id = one.delivery_id,
                     .notice_digest = one.digest,
                     .receipt = receipt.SerializeAsString(),
                     .settlement = one.reply.settlement});
  }
  absl::Status status;
  if (!taken.empty()) status = parts_.inbox->Keep(taken, parts_.clock.Now());
  for (const Said& one : said) {
    if (!one.reply.taken) NotTaken(one.delivery_id, one.reply.not_taken_reason);
    // From here on a repeat finds it in the inbox, or is handled anew.
    parts_.open_notices.Close(one.delivery_id);
  }
  CHAYAN_RETURN_IF_ERROR(status);
  absl::MutexLock lock(&mu_);
  for (TakenNotice& one : taken) receipts_.push_back(std::move(one));
  return absl::OkStatus();
}

absl::StatusOr<std::optional<v1::FromAdapter>> LinkNotices::TakeMessage(const FrameSigner& signer) {
  std::optional<Uuid> unread_after;
  {
    absl::MutexLock lock(&mu_);
    if (receipts_.empty()) unread_after = std::exchange(unread_after_, std::nullopt);
  }
  // Before what is kept now: that would be read, too, and said twice.
  if (unread_after.has_value()) CHAYAN_RETURN_IF_ERROR(ReadBacklog(*unread_after));
  std::vector<Said> said;
  {
    absl::MutexLock lock(&mu_);
    said = TakeFront(said_, kFrameReceiptsMax);
  }
  // Fail closed: what the inbox does not hold is not said.
  if (!said.empty()) CHAYAN_RETURN_IF_ERROR(Keep(said));
  std::vector<TakenNotice> taken;
  v1::FromAdapter message;
  {
    absl::MutexLock lock(&mu_);
    taken = TakeFront(receipts_, kFrameReceiptsMax);
    if (taken.empty()) {
      for (v1::NoticeNotTaken& one : TakeFront(not_taken_, kFrameReceiptsMax)) {
        *message.mutable_notices_not_taken()->add_notices() = std::move(one);
      }
      if (!message.has_notices_not_taken()) return std::nullopt;
      return message;
    }
  }
  CHAYAN_ASSIGN_OR_RETURN(message, SignReceipts(taken, signer));
  return message;
}

absl::StatusOr<v1::FromAdapter> LinkNotices::SignReceipts(const std::vector<TakenNotice>& taken,
                                                          const FrameSigner& signer) {
  std::vector<SignedReceipt> receipts;
  receipts.reserve(taken.size());
  v1::FromAdapter message;
  v1::NoticeReceiptFrame& frame = *message.mutable_notice_receipts();
  for (const TakenNotice& one : taken) {
    const std::string& bytes = *one.Unrecorded();
    receipts.push_back({one.delivery_id, one.notice_digest, crypto::Sha256(bytes)});
    v1::NoticeReceipt& receipt = *frame.add_receipts();
    receipt.set_receipt(bytes);
    receipt.set_notice_digest(one.notice_digest.ToString());
    parts_.watch.Sent(one.delivery_id, parts_.clock.Elapsed());
  }
  CHAYAN_ASSIGN_OR_RETURN(const SignedReceiptFrame signed_frame, signer.Sign(std::move(receipts)));
  CHAYAN_RETURN_IF_ERROR(parts_.log.Received(signed_frame, parts_.clock.Now()));
  frame.set_key_id(signer.key_id().ToString());
  frame.set_signature(signed_frame.proofs.front().signature.ToString());
  parts_.counters.receipts_sent.fetch_add(taken.size(), std::memory_order_relaxed);
  return message;
}

bool LinkNotices::idle() const {
  {
    absl::MutexLock lock(&mu_);
    if (!said_.empty() || !receipts_.empty() || !not_taken_.empty() || unread_after_.has_value()) {
      return false;
    }
  }
  return !parts_.open_notices.HasOf(*this);
}

}  // namespace chayan::sdk
