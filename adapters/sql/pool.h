// Threads that ask the source, each with a connection of its own, so that a slow source never holds
// the link. A failing source is left alone for a while (Circuit), and what waits is bounded.
#ifndef CHAYAN_ADAPTERS_SQL_POOL_H_
#define CHAYAN_ADAPTERS_SQL_POOL_H_

#include <deque>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "adapters/sql/circuit.h"
#include "adapters/sql/odbc.h"
#include "gateway/base/clock.h"

namespace chayan::sql {

// Questions that may wait for a thread: what one link may have in flight. More is overload,
// answered at once.
inline constexpr size_t kWaitingMax = 1024;

// Thread-safe.
class Pool {
 public:
  using Connector = std::function<absl::StatusOr<std::unique_ptr<Connection>>()>;
  // Works with a connection and returns how that went. May be called twice, the second time with a
  // new connection, when the first one turned out to be lost.
  using Work = std::function<absl::Status(Connection&)>;
  // Called once, after the last call of Work: OK, or why there was no result.
  using Done = std::function<void(absl::Status)>;

  struct Options {
    int connections;
    Circuit::Options circuit;
  };
  // `clock` outlives the pool.
  Pool(const Clock& clock, Options options, Connector connector);
  // Waits for what is being asked; what waits ends with CANCELLED.
  ~Pool();

  // `deadline` is on the clock's Elapsed(): work that has waited beyond it is not begun
  // (DEADLINE_EXCEEDED). UNAVAILABLE at once when the circuit is open or too much waits: `done`
  // then runs on the calling thread.
  void Submit(absl::Duration deadline, Work work, Done done);

  bool source_is_down() const { return circuit_.is_open(); }

 private:
  struct Task {
    absl::Duration deadline;
    Work work;
    Done done;
  };
  void RunThread();
  bool HasTaskOrStops() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    return stopping_ || !waiting_.empty();
  }
  absl::Status RunTask(const Task& task, std::unique_ptr<Connection>& connection);

  const Clock& clock_;
  const Connector connector_;
  Circuit circuit_;
  absl::Mutex mu_;
  std::deque<Task> waiting_ ABSL_GUARDED_BY(mu_);
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace chayan::sql

#endif  // CHAYAN_ADAPTERS_SQL_POOL_H_
