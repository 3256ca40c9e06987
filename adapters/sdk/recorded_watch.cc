#include "adapters/sdk/recorded_watch.h"

namespace chayan::sdk {

void RecordedWatch::Sent(const Uuid& exchange_id, absl::Duration now) {
  absl::MutexLock lock(&mu_);
  waiting_.insert(exchange_id);
  sent_.emplace_back(now, exchange_id);
  while (sent_.size() > kWatchedMax) {
    const Uuid& oldest = sent_.front().second;
    if (waiting_.erase(oldest) == 1 && overflowed_.size() < kWatchedMax) {
      overflowed_.push_back(oldest);
    }
    sent_.pop_front();
  }
}

bool RecordedWatch::Recorded(const Uuid& exchange_id) {
  absl::MutexLock lock(&mu_);
  const bool known = waiting_.erase(exchange_id) == 1;
  while (!sent_.empty() && !waiting_.contains(sent_.front().second)) sent_.pop_front();
  return known;
}

std::vector<Uuid> RecordedWatch::TakeOverdue(absl::Duration now) {
  absl::MutexLock lock(&mu_);
  std::vector<Uuid> overdue;
  overdue.swap(overflowed_);
  while (!sent_.empty() && now - sent_.front().first >= kAlarmAfter) {
    if (waiting_.erase(sent_.front().second) == 1) overdue.push_back(sent_.front().second);
    sent_.pop_front();
  }
  return overdue;
}

bool RecordedWatch::Watches(const Uuid& exchange_id) const {
  absl::MutexLock lock(&mu_);
  return waiting_.contains(exchange_id);
}

size_t RecordedWatch::waiting() const {
  absl::MutexLock lock(&mu_);
  return waiting_.size();
}

}  // namespace chayan::sdk
