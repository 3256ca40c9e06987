// What goes down a link: questions, as many as it takes and each member its share, given up when
// nobody waits any more; and everything that waits to be written, in as few frames as hold it.
#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateway/base/check.h"
#include "gateway/link/bounds.h"
#include "gateway/link/frames.h"
#include "gateway/link/link.h"
#include "gateway/policy/fair_share.h"

namespace chayan::link {

bool Link::Carry(std::unique_ptr<Exchange>& exchange) {
  bool flush = false;
  {
    absl::MutexLock lock(&mu_);
    if (!serving() || full_) return false;
    uint32_t& held = held_by_[exchange->member];
    if (!policy::HasFairShare({offer_.in_flight_max, open_.size(), held}, exchange->share)) {
      return false;
    }
    ++held;
    const Uuid id = exchange->id;
    ++exchange->places;
    exchange->written = false;
    CHAYAN_CHECK(open_.try_emplace(id, std::move(exchange)).second);
    to_ask_.push_back(id);
    UpdateLoad();
    flush = ClaimFlush();
  }
  if (flush) PostFlush();
  return true;
}

std::unique_ptr<Exchange> Link::Take(const Uuid& id) {
  auto it = open_.find(id);
  if (it == open_.end()) return nullptr;
  std::unique_ptr<Exchange> exchange = std::move(it->second);
  open_.erase(it);
  --held_by_[exchange->member];
  UpdateLoad();
  return exchange;
}

void Link::Abandon(const Exchange& exchange) {
  if (!exchange.written) return;
  to_cancel_.push_back(exchange.id);
  given_up_.emplace(exchange.id, exchange.request_digest);
  given_up_order_.push_back(exchange.id);
  if (given_up_order_.size() > kGivenUpMax) {
    given_up_.erase(given_up_order_.front());
    given_up_order_.pop_front();
  }
}

std::unique_ptr<Exchange> Link::GiveUp(const Uuid& exchange_id) {
  std::unique_ptr<Exchange> exchange;
  bool flush = false;
  {
    absl::MutexLock lock(&mu_);
    exchange = Take(exchange_id);
    if (exchange == nullptr) return nullptr;
    Abandon(*exchange);
    flush = ClaimFlush();
  }
  if (flush) PostFlush();
  context_.observer.OnTaken(exchange_id);
  return exchange;
}

void Link::GiveUpExpired() {
  const absl::Duration now = context_.clock.Elapsed();
  std::vector<std::unique_ptr<Exchange>> expired;
  bool flush = false;
  {
    // At most kInFlightMax, a few times in a second: cheaper than a timer for each question.
    absl::MutexLock lock(&mu_);
    for (auto it = open_.begin(); it != open_.end();) {
      if (it->second->deadline <= now) {
        Abandon(*it->second);
        --held_by_[it->second->member];
        expired.push_back(std::move(it->second));
        open_.erase(it++);
      } else {
        ++it;
      }
    }
    if (expired.empty()) return;
    UpdateLoad();
    flush = ClaimFlush();
  }
  if (flush) PostFlush();
  for (std::unique_ptr<Exchange>& exchange : expired) {
    context_.observer.OnTaken(exchange->id);
    exchange->End(exchange->forwarded ? Reply::Kind::kTimedOut : Reply::Kind::kOverloaded);
  }
}

void Link::UpdateLoad() {
  const uint32_t in_flight = static_cast<uint32_t>(open_.size());
  const bool bound = in_flight >= offer_.in_flight_max || queued_bytes_ > kQueuedBytesMax;
  full_ = serving() && bound;
  load_ = serving() && !bound ? in_flight : std::numeric_limits<uint32_t>::max();
}

void Link::Recorded(const Uuid& exchange_id, uint64_t index) {
  bool flush = false;
  {
    absl::MutexLock lock(&mu_);
    if (phase_ != Phase::kServing) return;
    to_record_.emplace_back(exchange_id, index);
    flush = ClaimFlush();
  }
  if (flush) PostFlush();
}

bool Link::ClaimFlush() {
  if (flush_posted_ || stream_ == nullptr || phase_ != Phase::kServing) return false;
  flush_posted_ = true;
  return true;
}

void Link::PostFlush() {
  if (auto to_stream = stream()) {
    to_stream->Post([self = shared_from_this()] { self->Flush(); });
  }
}

void Link::Flush() {
  std::shared_ptr<rpc::StreamCall> stream;
  std::vector<OutgoingQuestion> questions;
  std::vector<Uuid> cancelled;
  RecordedIds recorded;
  std::vector<RecordedReceipt> receipts_recorded;
  std::vector<OutgoingNotice> notices;
  std::vector<std::string> none_today;
  bool draining = false;
  bool heartbeat = false;
  {
    absl::MutexLock lock(&mu_);
    flush_posted_ = false;
    if (phase_ != Phase::kServing || stream_ == nullptr) return;
    stream = stream_;
    const absl::Duration now = context_.clock.Elapsed();
    for (const Uuid& id : to_ask_) {
      auto it = open_.find(id);
      if (it == open_.end()) continue;  // given up before it was sent
      Exchange& exchange = *it->second;
      exchange.written = exchange.forwarded = true;
      const int64_t left = std::max<int64_t>(1, absl::ToInt64Milliseconds(exchange.deadline - now));
      questions.push_back(
          {.question = exchange.repeatable ? exchange.question : std::move(exchange.question),
           .timeout_ms = static_cast<uint32_t>(
               std::min<int64_t>(left, std::numeric_limits<uint32_t>::max()))});
    }
    to_ask_.clear();
    cancelled.swap(to_cancel_);
    recorded.swap(to_record_);
    receipts_recorded.swap(receipts_to_record_);
    notices.swap(to_notify_);
    none_today.swap(none_today_);
    std::swap(draining, send_draining_);
    std::swap(heartbeat, send_heartbeat_);
    if (!questions.empty() || !cancelled.empty() || !recorded.empty() ||
        !receipts_recorded.empty() || !notices.empty() || !none_today.empty() || draining ||
        heartbeat) {
      last_sent_ = now;
    }
  }
  for (std::string& frame : EncodeQuestionFrames(questions, cancelled)) {
    stream->Write(std::move(frame));
  }
  for (std::string& frame : EncodeRecordedFrames(recorded, receipts_recorded)) {
    stream->Write(std::move(frame));
  }
  // Last: a person waits for the others.
  for (std::string& frame : EncodeNoticeFrames(notices)) stream->Write(std::move(frame));
  for (std::string& frame : EncodeNoneTodayFrames(none_today)) stream->Write(std::move(frame));
  if (draining) stream->Write(EncodeDraining());
  if (heartbeat) stream->Write(EncodeHeartbeat(context_.clock.Now()));
  const size_t queued_bytes = stream->queued_bytes();
  absl::MutexLock lock(&mu_);
  queued_bytes_ = queued_bytes;
  UpdateLoad();
}

}  // namespace chayan::link
