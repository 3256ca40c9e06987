// Ends statements that run too long. ODBC's own timeout is set too, but SQLite's driver ignores it,
// and a server that hangs cannot keep it.
#ifndef CHAYAN_ADAPTERS_SQL_STATEMENT_TIMER_H_
#define CHAYAN_ADAPTERS_SQL_STATEMENT_TIMER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace chayan::sql {

// Thread-safe. One for the process; its thread sleeps until the next statement is due.
class StatementTimer {
 public:
  static StatementTimer& Instance();

  // From construction to destruction `cancel` is called at most once, when `timeout` has passed.
  // The destructor waits for a call that has begun, so that what it cancels may be freed after it.
  class Guard {
   public:
    Guard(StatementTimer& timer, absl::Duration timeout, std::function<void()> cancel);
    ~Guard();
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    // Whether the statement was ended by the timer.
    bool expired() const;

   private:
    StatementTimer& timer_;
    const uint64_t id_;
  };

 private:
  struct Item {
    absl::Time deadline;
    std::function<void()> cancel;
    bool begun = false;
    bool done = false;
  };
  StatementTimer();
  void Run();
  // On a thread of its own: drivers ask the server to end a statement, and a server that hangs
  // would keep every other statement from its end.
  void Cancel(Item& item);
  // The item that is due next, or nullptr.
  Item* Next() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  mutable absl::Mutex mu_;
  absl::CondVar changed_;
  std::map<uint64_t, Item> items_ ABSL_GUARDED_BY(mu_);
  uint64_t next_id_ ABSL_GUARDED_BY(mu_) = 1;
};

}  // namespace chayan::sql

#endif  // CHAYAN_ADAPTERS_SQL_STATEMENT_TIMER_H_
