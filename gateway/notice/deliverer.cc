#include "gateway/notice/deliverer.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "gateway/base/diag.h"
#include "gateway/notice/backoff.h"
#include "gateway/notice/payload.h"

namespace chayan::notice {
namespace {

// Within this an agency's system takes a notice, or says that it does not.
constexpr absl::Duration kReceiptTimeout = absl::Seconds(60);
// Claimed at once: a transaction of some ten milliseconds.
constexpr size_t kClaimMax = 256;
// Failures one after another, until a recipient counts as down.
constexpr uint32_t kFailuresMax = 5;
// Attempts that came to nothing by the delivery's own doing: by the backoff some hours. After that
// a person has to look.
constexpr uint32_t kAttemptsMax = 32;
// Deliveries whose failures are counted; beyond it, counted anew. They are far fewer: a recipient
// that is down is tried with one.
constexpr size_t kBlamedMax = 100'000;
// Looked at in a round when the clock was set back: some ten milliseconds.
constexpr size_t kMakeReadyMax = 5000;

// The recipient said that it is this one which it does not take.
bool IsRefusal(const std::string& reason) {
  return reason == "SYSTEM_REFUSED" || reason == "MALFORMED";
}

}  // namespace

void Deliverer::Tick() {
  if (!began_) EndOldLeases();
  MakeReady();
  GiveUpLapsed();
  const absl::StatusOr<std::vector<store::DueLane>> due =
      with_.notices.Due(absl::ToUnixMillis(with_.clock.Now()));
  if (!due.ok()) {
    diag::Error("notice.store_fault", {{"cause", std::string(due.status().message())}});
    return;
  }
  // Those of counters before those in bulk, of any recipient.
  for (const store::DueLane& lane : *due) {
    if (!lane.bulk) Serve(lane);
  }
  ServeBulk(*due);
}

void Deliverer::ServeBulk(const std::vector<store::DueLane>& due) {
  const auto recipient_of = [](const store::DueLane& lane) {
    return std::tie(lane.recipient, lane.subscription);
  };
  std::vector<const store::DueLane*> turns;
  for (const store::DueLane& lane : due) {
    if (lane.bulk) turns.push_back(&lane);
  }
  const auto next = std::find_if(turns.begin(), turns.end(), [&](const store::DueLane* lane) {
    return recipient_of(*lane) > recipient_of(last_bulk_);
  });
  std::rotate(turns.begin(), next, turns.end());
  for (const store::DueLane* const lane : turns) {
    if (!Serve(*lane) || !lane_.is_busy()) continue;
    last_bulk_ = *lane;
    return;
  }
}

// One process at a time has this gateway's store open, so nothing of its leases is under way.
void Deliverer::EndOldLeases() {
  const absl::Time now = with_.clock.Now();
  absl::Status status = with_.notices.EndLeases(gateway_, absl::ToUnixMillis(now));
  const absl::StatusOr<store::Head> head = with_.store.ReadHead();
  status.Update(head.status());
  began_ = status.ok();
  if (!began_) {
    diag::Error("notice.store_fault", {{"cause", std::string(status.message())}});
    return;
  }
  // Set back while no gateway ran: the log knows how late it was.
  const absl::Time last = absl::FromUnixMillis(head->time_ms);
  if (last - now <= ClockGuard::kSlack) return;
  due_by_ = last;
  make_ready_from_ = 1;
}

void Deliverer::MakeReady() {
  if (const std::optional<absl::Time> set_back = with_.clock_guard.TakeSetBack()) {
    due_by_ = std::max(due_by_, *set_back);
    make_ready_from_ = 1;
  }
  if (make_ready_from_ == 0) return;
  const absl::StatusOr<int64_t> next =
      with_.notices.MakeReady(make_ready_from_, kMakeReadyMax, absl::ToUnixMillis(due_by_),
                              absl::ToUnixMillis(with_.clock.Now()));
  if (next.ok()) {
    make_ready_from_ = *next;
  } else {
    diag::Error("notice.store_fault", {{"cause", std::string(next.status().message())}});
  }
}

void Deliverer::GiveUpLapsed() {
  const absl::Duration now = with_.clock.Elapsed();
  std::vector<std::pair<Uuid, UnderWay>> lapsed;
  {
    absl::MutexLock lock(&mu_);
    for (const auto& [id, one] : under_way_) {
      if (one.until <= now && !one.being_buried) lapsed.emplace_back(id, one);
    }
  }
  for (const auto& [id, one] : lapsed) Fail(id, one, "NO_RECEIPT");
}

bool Deliverer::Serve(const store::DueLane& lane) {
  Outlet* outlet = nullptr;
  link::NoticePlace place;
  for (Outlet* const candidate : outlets_) {
    place = candidate->PlaceFor(lane.recipient, lane.subscription);
    outlet = candidate;
    if (place.room > 0) break;
  }
  const size_t share = Share(lane, place.room);
  if (share == 0) return false;
  const absl::Time now = with_.clock.Now();
  const absl::StatusOr<std::vector<store::Claimed>> claimed =
      with_.notices.Claim({.lane = lane,
                           .now_ms = absl::ToUnixMillis(now),
                           .gateway = gateway_,
                           .until_ms = absl::ToUnixMillis(now + kReceiptTimeout),
                           .count = share});
  if (!claimed.ok()) {
    diag::Error("notice.store_fault", {{"cause", std::string(claimed.status().message())}});
    return true;
  }
  std::vector<link::OutgoingNotice> outgoing;
  std::vector<std::pair<Uuid, int64_t>> lent;  // which, and where in the store
  for (const store::Claimed& one : *claimed) {
    std::shared_ptr<const std::string> bytes = Prepare(one);
    if (bytes == nullptr) continue;
    outgoing.push_back({.delivery = one.delivery.id, .notice = std::move(bytes)});
    lent.emplace_back(one.delivery.id, one.delivery.seq);
  }
  if (outgoing.empty() || outlet->Send(place.link, std::move(outgoing))) return true;
  // Its place is gone: no attempt was made.
  for (const auto& [id, seq] : lent) {
    {
      absl::MutexLock lock(&mu_);
      under_way_.erase(id);
    }
    PutOff(seq, absl::ZeroDuration(), "");
  }
  return true;
}

size_t Deliverer::Share(const store::DueLane& lane, size_t room) {
  if (room == 0) return 0;
  absl::MutexLock lock(&mu_);
  const Recipient& recipient = recipients_[lane.recipient];
  if (recipient.failures >= kFailuresMax) {
    const bool tried = std::any_of(under_way_.begin(), under_way_.end(), [&](const auto& entry) {
      return entry.second.recipient == lane.recipient;
    });
    return tried || with_.clock.Elapsed() < recipient.closed_until ? 0 : 1;
  }
  if (!lane.bulk) return std::min(room, kClaimMax);
  // Half of the room is left to what comes from counters meanwhile, and most of the store's time.
  return std::min(std::max<size_t>(1, room / 2), lane_.deliveries_max());
}

std::shared_ptr<const std::string> Deliverer::Prepare(const store::Claimed& claimed) {
  const store::StoredDelivery& delivery = claimed.delivery;
  {
    absl::MutexLock lock(&mu_);
    // The wall clock jumped over its lease: it is under way all the same.
    const auto [entry, is_new] = under_way_.try_emplace(
        delivery.id, UnderWay{.seq = delivery.seq,
                              .attempts = delivery.attempts,
                              .recipient = delivery.recipient,
                              .until = with_.clock.Elapsed() + kReceiptTimeout});
    if (!is_new) return nullptr;
  }
  if (delivery.expire_ms <= absl::ToUnixMillis(with_.clock.Now()) &&
      !with_.clock_guard.HoldsExpiry()) {
    Bury(delivery, "EXPIRED");
    return nullptr;
  }
  const absl::StatusOr<store::StoredNotice> notice = with_.notices.ReadNotice(delivery.notice);
  const absl::StatusOr<std::string> payload =
      OpenPayload(with_.vault, delivery.id, claimed.payload);
  if (absl::IsNotFound(payload.status())) {
    Bury(delivery, "PAYLOAD_GONE");
    return nullptr;
  }
  if (!notice.ok() || !payload.ok()) {
    const absl::Status& cause = notice.ok() ? payload.status() : notice.status();
    diag::Error("notice.payload_fault",
                {{"delivery", delivery.id.ToText()}, {"cause", std::string(cause.message())}});
    absl::MutexLock lock(&mu_);
    under_way_[delivery.id].until = with_.clock.Elapsed();
    return nullptr;
  }
  auto bytes = std::make_shared<const std::string>(LeavingBytes(
      *payload, {.earlier_missing = delivery.earlier_missing, .entry = notice->entry}));
  Leaves(delivery, notice->test, *bytes);
  return bytes;
}

void Deliverer::Leaves(const store::StoredDelivery& delivery, bool test, const std::string& bytes) {
  std::optional<BulkSent> bulk;
  if (delivery.bulk) {
    bulk = BulkSent{.recipient = delivery.recipient,
                    .notice_digest = crypto::Sha256(bytes),
                    .hosted = delivery.hosted,
                    .test = test};
  }
  absl::MutexLock lock(&mu_);
  under_way_[delivery.id].bulk = std::move(bulk);
  ++recipients_[delivery.recipient].counts.sent;
}

std::optional<BulkSent> Deliverer::FindBulk(const Uuid& delivery) const {
  absl::MutexLock lock(&mu_);
  const auto it = under_way_.find(delivery);
  return it == under_way_.end() ? std::nullopt : it->second.bulk;
}

void Deliverer::Settled(const Uuid& delivery) {
  absl::MutexLock lock(&mu_);
  auto it = under_way_.find(delivery);
  blamed_.erase(delivery);
  if (it == under_way_.end()) return;
  if (!it->second.being_buried) {
    Recipient& recipient = recipients_[it->second.recipient];
    recipient.failures = 0;
    ++recipient.taken;
  }
  under_way_.erase(it);
}

// An adapter that falls over one notice takes others in between; one that cannot be reached, or
// whose system is down, takes none, and that is no notice's fault.
bool Deliverer::IsLast(const Uuid& delivery, const Recipient& recipient,
                       const std::string& reason) {
  if (blamed_.size() >= kBlamedMax) blamed_.clear();
  const auto [entry, is_first] = blamed_.try_emplace(delivery);
  Blame& blame = entry->second;
  const bool others_were_taken = !is_first && recipient.taken > blame.taken_before;
  blame.taken_before = recipient.taken;
  if (IsRefusal(reason) || others_were_taken) ++blame.attempts;
  return blame.attempts >= kAttemptsMax;
}

void Deliverer::Returned(const Uuid& delivery, const std::string& reason, bool recipient_down) {
  UnderWay one;
  {
    absl::MutexLock lock(&mu_);
    auto it = under_way_.find(delivery);
    if (it == under_way_.end() || it->second.being_buried) return;
    one = it->second;
    if (recipient_down) {
      uint32_t& failures = recipients_[one.recipient].failures;
      failures = std::max(failures, kFailuresMax - 1);
    }
  }
  Fail(delivery, one, reason);
}

void Deliverer::Fail(const Uuid& delivery, const UnderWay& one, const std::string& reason) {
  bool last = false;
  {
    absl::MutexLock lock(&mu_);
    auto it = under_way_.find(delivery);
    if (it == under_way_.end() || it->second.being_buried) return;
    Recipient& recipient = recipients_[one.recipient];
    ++recipient.counts.failed;
    last = IsLast(delivery, recipient, reason);
    // All that was under way when the recipient went down fails with it: that is one failure.
    const absl::Duration now = with_.clock.Elapsed();
    const bool known = recipient.failures >= kFailuresMax && now < recipient.closed_until;
    if (!known && ++recipient.failures >= kFailuresMax) {
      recipient.closed_until = now + Backoff(recipient.failures - kFailuresMax + 1, with_.random);
    }
    if (!last) under_way_.erase(it);
  }
  if (!last) return PutOff(one.seq, Backoff(one.attempts + 1, with_.random), reason);
  const absl::StatusOr<store::StoredDelivery> stored = with_.notices.ReadDelivery(one.seq);
  if (stored.ok()) return Bury(*stored, reason);
  diag::Error("notice.store_fault", {{"cause", std::string(stored.status().message())}});
}

void Deliverer::PutOff(int64_t seq, absl::Duration wait, const std::string& reason) {
  const absl::Status status =
      with_.notices.PutOff(seq, gateway_, absl::ToUnixMillis(with_.clock.Now() + wait), reason);
  // It was settled meanwhile.
  if (status.ok() || absl::IsNotFound(status)) return;
  // Its lease ends by itself.
  diag::Error("notice.store_fault", {{"cause", std::string(status.message())}});
}

void Deliverer::Bury(const store::StoredDelivery& delivery, const std::string& reason) {
  {
    absl::MutexLock lock(&mu_);
    auto it = under_way_.find(delivery.id);
    if (it == under_way_.end() || it->second.being_buried) return;
    it->second.being_buried = true;
    ++recipients_[delivery.recipient].counts.dead;
  }
  settler_.Bury(delivery, reason, [this, id = delivery.id](const absl::Status& status) {
    absl::MutexLock lock(&mu_);
    under_way_.erase(id);
    // Otherwise its lease ends by itself, and it is looked at again.
    if (!status.ok()) {
      diag::Warning("notice.not_buried",
                    {{"delivery", id.ToText()}, {"cause", std::string(status.message())}});
    }
  });
}

std::map<std::string, DeliveryCounts> Deliverer::Counts() const {
  std::map<std::string, DeliveryCounts> counts;
  absl::MutexLock lock(&mu_);
  for (const auto& [name, recipient] : recipients_) {
    counts[name] = recipient.counts;
    counts[name].circuit_open = recipient.failures >= kFailuresMax;
  }
  for (const auto& [id, one] : under_way_) ++counts[one.recipient].under_way;
  return counts;
}

}  // namespace chayan::notice
