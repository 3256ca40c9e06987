#include "gateway/notice/pull.h"

#include <algorithm>
#include <utility>

#include "gateway/base/check.h"
#include "gateway/base/wire.h"
#include "gateway/notice/delivered.h"
#include "gateway/verify/response.h"

namespace chayan::notice {
namespace {

using policy::Refused;

// What notice_service.proto promises: more would only wait in memory.
constexpr size_t kCreditMax = 1024;
// A stream that has been open for so long is ended well: its caller's right is looked at anew.
constexpr absl::Duration kStreamAgeMax = absl::Minutes(30);
// As long as the leases of what an ended stream had sent.
constexpr absl::Duration kResumeTimeout = absl::Seconds(60);

// What a pull's receipt says.
std::string ReceiptBytes(const Uuid& delivery) {
  v1::DeliveryReceipt receipt;
  receipt.set_delivery_id(delivery.ToText());
  receipt.set_state(v1::DELIVERY_STATE_DELIVERED);
  return receipt.SerializeAsString();
}

// `taken`: what proves the entry; null where it covers a frame.
void TellRecorded(rpc::StreamCall& call, const Uuid& delivery, uint64_t entry,
                  const Taken* taken = nullptr) {
  v1::ReceiveNoticesResponse response;
  v1::ReceiptsRecorded& recorded = *response.mutable_recorded();
  recorded.add_delivery_ids(delivery.ToText());
  recorded.add_entry_indexes(entry);
  if (taken != nullptr) {
    // Our own bytes: they parse.
    CHAYAN_CHECK(recorded.add_receipts()->ParseFromString(
        verify::EncodeReceipt({taken->committed, taken->openings, nullptr})));
  }
  call.Write(response.SerializeAsString());
}

}  // namespace

rpc::StreamEvents PullStreams::Receive(std::shared_ptr<rpc::StreamCall> call) {
  uint64_t number = 0;
  {
    absl::MutexLock lock(&mu_);
    number = next_number_++;
    Stream& stream = streams_[number];
    stream.caller = call->caller();
    stream.token = Uuid::Version7(with_.clock.Now(), with_.random).ToText();
    stream.until = with_.clock.Elapsed() + kStreamAgeMax;
    stream.call = std::move(call);
  }
  return {.on_message = [this, number](absl::string_view bytes) { OnMessage(number, bytes); },
          .on_half_close = [this, number] { Finish(number, std::nullopt); },
          .on_end = [this, number] { OnEnd(number); }};
}

void PullStreams::OnMessage(uint64_t number, absl::string_view bytes) {
  v1::ReceiveNoticesRequest message;
  bool is_open = false;
  {
    absl::MutexLock lock(&mu_);
    is_open = !streams_[number].subscriptions.empty();
  }
  const bool parsed = message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  if (!parsed || is_open == message.has_opening()) {
    return Finish(number, Refused(v1::ERROR_REASON_MESSAGE_MALFORMED,
                                  "a stream begins with its opening, and has one"));
  }
  if (message.has_opening()) return OnOpening(number, message.opening());
  if (message.has_receipts()) return OnReceipts(number, message.receipts());
  OnCredit(number, message.credit());
}

void PullStreams::OnOpening(uint64_t number, const v1::ReceiveOpening& opening) {
  if (opening.credit() < 1 || opening.credit() > kCreditMax) {
    return Finish(number, policy::RefusedField(v1::ERROR_REASON_FIELD_INVALID, "opening.credit",
                                               "write 1 to 1024"));
  }
  std::vector<Uuid> returned;
  std::string token;
  std::shared_ptr<rpc::StreamCall> call;
  std::optional<policy::Refusal> refusal;
  const std::shared_ptr<const registry::Snapshot> snapshot = with_.registry();
  {
    absl::MutexLock lock(&mu_);
    Stream& stream = streams_[number];
    for (const v1::Subscription* one : snapshot->SubscriptionsOf(stream.caller.member)) {
      if (one->way() == v1::DELIVERY_WAY_PULL) stream.subscriptions.insert(one->id());
    }
    if (stream.subscriptions.empty()) {
      refusal = Refused(v1::ERROR_REASON_NO_PULL_SUBSCRIPTION,
                        "no subscription of this member is delivered by pull");
    }
    if (!refusal.has_value() && !opening.subscriptions().empty()) {
      absl::flat_hash_set<std::string> asked(opening.subscriptions().begin(),
                                             opening.subscriptions().end());
      const bool own = std::all_of(asked.begin(), asked.end(), [&](const std::string& id) {
        return stream.subscriptions.contains(id);
      });
      if (own) stream.subscriptions = std::move(asked);
      if (!own)
        refusal = policy::RefusedField(v1::ERROR_REASON_FIELD_INVALID, "opening.subscriptions",
                                       "name those that this member pulls");
    }
    if (!refusal.has_value()) {
      stream.credit = opening.credit();
      returned = TakeOver(stream, opening.resume_token());
      token = stream.token;
      call = stream.call;
    }
  }
  if (refusal.has_value()) return Finish(number, std::move(refusal));
  v1::ReceiveNoticesResponse response;
  response.set_resume_token(token);
  call->Write(response.SerializeAsString());
  if (!returned.empty()) returned_(std::move(returned));
  reachable_();
}

std::vector<Uuid> PullStreams::TakeOver(Stream& stream, const std::string& token) {
  std::vector<Uuid> returned;
  for (auto it = streams_.begin(); it != streams_.end();) {
    Stream& ended = it->second;
    const bool own = ended.call == nullptr && ended.caller.member == stream.caller.member &&
                     ended.caller.system == stream.caller.system;
    if (!own) {
      ++it;
      continue;
    }
    if (ended.token == token) {
      stream.sent.insert(ended.sent.begin(), ended.sent.end());
    } else {
      returned.insert(returned.end(), ended.sent.begin(), ended.sent.end());
    }
    it = streams_.erase(it);
  }
  return returned;
}

void PullStreams::OnCredit(uint64_t number, uint32_t credit) {
  {
    absl::MutexLock lock(&mu_);
    Stream& stream = streams_[number];
    stream.credit = std::min(stream.credit + credit, kCreditMax);
  }
  reachable_();
}

void PullStreams::OnReceipts(uint64_t number, const v1::NoticeReceipts& receipts) {
  std::vector<Uuid> ids;
  std::shared_ptr<rpc::StreamCall> call;
  bool unexpected = false;
  {
    absl::MutexLock lock(&mu_);
    Stream& stream = streams_[number];
    call = stream.call;
    for (const std::string& text : receipts.delivery_ids()) {
      const absl::StatusOr<Uuid> id = Uuid::FromText(text);
      unexpected |= !id.ok() || stream.sent.erase(*id) == 0;
      if (id.ok() && !unexpected) ids.push_back(*id);
    }
  }
  const auto bulk = std::stable_partition(
      ids.begin(), ids.end(), [this](const Uuid& id) { return !bulk_settler_.IsUnderWay(id); });
  if (bulk != ids.end()) SettleInBulk(call, {bulk, ids.end()});
  ids.erase(bulk, ids.end());
  for (const Uuid& id : ids) Settle(call, id);
  if (!unexpected) return;
  Finish(number, Refused(v1::ERROR_REASON_RECEIPT_UNEXPECTED,
                         "a receipt came for a notice that was not sent on this stream"));
}

void PullStreams::SettleInBulk(const std::shared_ptr<rpc::StreamCall>& call,
                               std::vector<Uuid> deliveries) {
  auto work = [this, call, deliveries] {
    BulkWords words;
    words.caller = call->caller();
    words.method = std::string(call->method());
    for (const Uuid& id : deliveries) {
      words.receipts.push_back({.receipt = ReceiptBytes(id), .notice_digest = {}, .signature = {}});
    }
    words.was_sent = true;
    words.recorded = [call](const Uuid& id, uint64_t entry) { TellRecorded(*call, id, entry); };
    words.alone = [this, call](const std::vector<link::SignedReceipt>& receipts) {
      for (const link::SignedReceipt& one : receipts) {
        v1::DeliveryReceipt receipt;
        CHAYAN_CHECK(receipt.ParseFromString(one.receipt));
        Settle(call, *Uuid::FromText(receipt.delivery_id()));
      }
    };
    bulk_settler_.Take(std::move(words));
  };
  if (!bulk_lane_.Run(std::move(work))) returned_(std::move(deliveries));
}

void PullStreams::Settle(const std::shared_ptr<rpc::StreamCall>& call, const Uuid& delivery) {
  auto work = [this, call, delivery] {
    Said said;
    said.caller = call->caller();
    said.method = std::string(call->method());
    said.receipt = ReceiptBytes(delivery);
    said.was_sent = true;
    said.done = [call, delivery](std::variant<Settled, policy::Refusal> outcome) {
      // What could not be recorded is sent again when its lease ends.
      if (std::holds_alternative<policy::Refusal>(outcome)) return;
      const Taken& taken = std::get<Settled>(outcome).taken;
      TellRecorded(*call, delivery, taken.committed.index, &taken);
    };
    settler_.Take(std::move(said));
  };
  // A full queue drops it: the notice is sent again when its lease ends.
  if (!with_.thread.Run(std::move(work))) returned_({delivery});
}

void PullStreams::Finish(uint64_t number, std::optional<policy::Refusal> refusal) {
  std::shared_ptr<rpc::StreamCall> call;
  {
    absl::MutexLock lock(&mu_);
    auto it = streams_.find(number);
    if (it == streams_.end() || it->second.call == nullptr) return;
    it->second.credit = 0;
    call = it->second.call;
  }
  call->Finish(std::move(refusal));
}

void PullStreams::OnEnd(uint64_t number) {
  std::shared_ptr<rpc::StreamCall> call;  // let go of outside the lock
  absl::MutexLock lock(&mu_);
  auto it = streams_.find(number);
  if (it == streams_.end()) return;
  call = std::move(it->second.call);
  it->second.call = nullptr;
  it->second.credit = 0;
  it->second.until = with_.clock.Elapsed() + kResumeTimeout;
  if (it->second.sent.empty()) streams_.erase(it);
}

void PullStreams::Tick() {
  const absl::Duration now = with_.clock.Elapsed();
  std::vector<uint64_t> old;
  {
    absl::MutexLock lock(&mu_);
    for (auto it = streams_.begin(); it != streams_.end();) {
      const bool over = it->second.until <= now;
      if (over && it->second.call == nullptr) {
        it = streams_.erase(it);  // their leases end by themselves
        continue;
      }
      if (over) old.push_back(it->first);
      ++it;
    }
  }
  for (const uint64_t number : old) Finish(number, std::nullopt);
}

bool PullStreams::TellNone(const std::string& recipient, const v1::NoneToday& none) {
  v1::ReceiveNoticesResponse response;
  *response.mutable_none_today() = none;
  std::vector<std::shared_ptr<rpc::StreamCall>> calls;
  {
    absl::MutexLock lock(&mu_);
    for (const auto& [number, stream] : streams_) {
      if (stream.call != nullptr && stream.caller.member == recipient &&
          stream.subscriptions.contains(none.subscription())) {
        calls.push_back(stream.call);
      }
    }
  }
  for (const auto& call : calls) call->Write(response.SerializeAsString());
  return !calls.empty();
}

link::NoticePlace PullStreams::PlaceFor(const std::string& recipient,
                                        const std::string& subscription) {
  absl::MutexLock lock(&mu_);
  link::NoticePlace best;
  for (const auto& [number, stream] : streams_) {
    if (stream.call == nullptr || stream.caller.member != recipient ||
        !stream.subscriptions.contains(subscription) || stream.credit <= best.room) {
      continue;
    }
    best = {number, stream.credit};
  }
  return best;
}

bool PullStreams::Send(uint64_t place, std::vector<link::OutgoingNotice> notices) {
  std::shared_ptr<rpc::StreamCall> call;
  {
    absl::MutexLock lock(&mu_);
    auto it = streams_.find(place);
    if (it == streams_.end() || it->second.call == nullptr || it->second.credit < notices.size()) {
      return false;
    }
    it->second.credit -= notices.size();
    for (const link::OutgoingNotice& notice : notices) it->second.sent.insert(notice.delivery);
    call = it->second.call;
  }
  for (const link::OutgoingNotice& notice : notices) {
    std::string message;
    wire::AppendBytes(message, v1::ReceiveNoticesResponse::kNoticeFieldNumber, *notice.notice);
    call->Write(std::move(message));
  }
  return true;
}

}  // namespace chayan::notice
