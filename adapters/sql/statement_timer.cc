#include "adapters/sql/statement_timer.h"

#include <utility>

namespace chayan::sql {

StatementTimer& StatementTimer::Instance() {
  // Never destroyed: its thread lives as long as the process.
  static auto* const timer = new StatementTimer();
  return *timer;
}

StatementTimer::StatementTimer() {
  std::thread([this] { Run(); }).detach();
}

StatementTimer::Item* StatementTimer::Next() {
  Item* next = nullptr;
  for (auto& [id, item] : items_) {
    if (!item.begun && (next == nullptr || item.deadline < next->deadline)) next = &item;
  }
  return next;
}

void StatementTimer::Run() {
  absl::MutexLock lock(&mu_);
  while (true) {
    Item* item = Next();
    if (item == nullptr) {
      changed_.Wait(&mu_);
    } else if (absl::Now() < item->deadline) {
      changed_.WaitWithDeadline(&mu_, item->deadline);
    } else {
      // The guard cannot end while `begun` and not `done`, so the item stays where it is.
      item->begun = true;
      std::thread([this, item] { Cancel(*item); }).detach();
    }
  }
}

void StatementTimer::Cancel(Item& item) {
  item.cancel();
  absl::MutexLock lock(&mu_);
  item.done = true;
  changed_.SignalAll();
}

StatementTimer::Guard::Guard(StatementTimer& timer, absl::Duration timeout,
                             std::function<void()> cancel)
    : timer_(timer), id_([&] {
        absl::MutexLock lock(&timer.mu_);
        const uint64_t id = timer.next_id_++;
        timer.items_.emplace(id, Item{absl::Now() + timeout, std::move(cancel)});
        timer.changed_.SignalAll();
        return id;
      }()) {}

StatementTimer::Guard::~Guard() {
  absl::MutexLock lock(&timer_.mu_);
  Item& item = timer_.items_.at(id_);
  while (item.begun && !item.done) timer_.changed_.Wait(&timer_.mu_);
  timer_.items_.erase(id_);
}

bool StatementTimer::Guard::expired() const {
  absl::MutexLock lock(&timer_.mu_);
  return timer_.items_.at(id_).begun;
}

}  // namespace chayan::sql
