#include "gateway/notice/silences.h"

#include <iterator>
#include <utility>

#include "gateway/notice/delivered.h"

namespace chayan::notice {
namespace {

// A month of days of some dozen subscriptions. What is older than that tells nobody anything.
constexpr size_t kUntoldMax = 1024;

}  // namespace

void Silences::Add(const v1::Subscription& subscription, absl::Time end, uint64_t entry) {
  Silence silence{.recipient = subscription.recipient(), .none = {}};
  silence.none.set_subscription(subscription.id());
  *silence.none.mutable_period_end_time() = ToProto(end);
  silence.none.set_entry_index(entry);
  absl::MutexLock lock(&mu_);
  untold_.push_back(std::move(silence));
  if (untold_.size() > kUntoldMax) untold_.pop_front();
}

void Silences::Tell() {
  std::deque<Silence> all;
  {
    absl::MutexLock lock(&mu_);
    if (untold_.empty()) return;
    all.swap(untold_);
  }
  std::erase_if(all, tell_);
  absl::MutexLock lock(&mu_);
  // Before what came meanwhile.
  untold_.insert(untold_.begin(), std::make_move_iterator(all.begin()),
                 std::make_move_iterator(all.end()));
}

}  // namespace chayan::notice
