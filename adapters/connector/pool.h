// Threads that ask a source, each with a connection of its own, so that a slow source never holds
// the link. A failing source is left alone for a while (Circuit), and what waits is bounded. No
// driver is trusted to come back: one that hangs on every connection counts as a source that is
// down.
#ifndef CHAYAN_ADAPTERS_CONNECTOR_POOL_H_
#define CHAYAN_ADAPTERS_CONNECTOR_POOL_H_

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "adapters/connector/circuit.h"
#include "adapters/connector/connector.h"
#include "gateway/base/clock.h"
#include "gateway/base/diag.h"
#include "gateway/base/status_macros.h"

namespace chayan::connector {

// Questions that may wait for a thread: what one link may have in flight. More is overload,
// answered at once.
inline constexpr size_t kWaitingMax = 1024;

// Any other fault is of one statement: a value that the source refuses, a column that it lacks. If
// such counted, one caller's questions could shut the source to all.
inline bool MeansSourceDown(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) || absl::IsAborted(status);
}

// `Connection` is whatever one thread keeps between questions. Thread-safe.
template <typename Connection>
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
  // (DEADLINE_EXCEEDED). UNAVAILABLE at once when the circuit is open, the source hangs or too much
  // waits: `done` then runs on the calling thread.
  void Submit(absl::Duration deadline, Work work, Done done);

  bool source_is_down() const { return circuit_.is_open() || hangs(); }
  bool source_rests() const { return circuit_.rests() || hangs(); }

 private:
  struct Task {
    absl::Duration deadline;
    Work work;
    Done done;
  };
  void RunThread(size_t index);
  bool hangs() const {
    absl::MutexLock lock(&mu_);
    return Hangs();
  }
  // Whether each thread is beyond the deadline of its work, so that nobody would be served.
  bool Hangs() const ABSL_SHARED_LOCKS_REQUIRED(mu_) {
    const absl::Duration now = clock_.Elapsed();
    return std::all_of(busy_until_.begin(), busy_until_.end(),
                       [&](absl::Duration deadline) { return deadline <= now; });
  }
  // Before whoever asked hears of the end, and asks again.
  void Rest(size_t index) {
    absl::MutexLock lock(&mu_);
    busy_until_[index] = absl::InfiniteDuration();
  }
  // UNAVAILABLE leaves the task as it was.
  absl::Status TryEnqueue(Task& task);
  bool HasTaskOrStops() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    return stopping_ || !waiting_.empty();
  }
  absl::Status RunTask(const Task& task, std::unique_ptr<Connection>& connection);

  const Clock& clock_;
  const Connector connector_;
  Circuit circuit_;
  mutable absl::Mutex mu_;
  std::deque<Task> waiting_ ABSL_GUARDED_BY(mu_);
  // By thread, when its work should be done; InfiniteDuration while it has none.
  std::vector<absl::Duration> busy_until_ ABSL_GUARDED_BY(mu_);
  bool hang_was_said_ ABSL_GUARDED_BY(mu_) = false;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<std::thread> threads_;
};

// What a connector on a pool says of itself; `plans` have a `kind`.
template <typename Connection, typename Plans>
SourceHealth HealthOf(const Pool<Connection>& pool, const Plans& plans, absl::string_view down) {
  SourceHealth health;
  health.down = pool.source_is_down();
  if (health.down) health.detail = std::string(down);
  if (!pool.source_rests()) return health;
  for (const auto& plan : plans) health.resting_kinds.push_back(plan.kind.code());
  std::sort(health.resting_kinds.begin(), health.resting_kinds.end());
  return health;
}

template <typename Connection>
Pool<Connection>::Pool(const Clock& clock, Options options, Connector connector)
    : clock_(clock),
      connector_(std::move(connector)),
      circuit_(clock, options.circuit),
      busy_until_(static_cast<size_t>(options.connections), absl::InfiniteDuration()) {
  for (size_t i = 0; i < busy_until_.size(); ++i)
    threads_.emplace_back([this, i] { RunThread(i); });
}

template <typename Connection>
Pool<Connection>::~Pool() {
  std::deque<Task> dropped;
  {
    absl::MutexLock lock(&mu_);
    stopping_ = true;
    dropped.swap(waiting_);
  }
  for (Task& task : dropped) {
    circuit_.Cancelled();
    task.done(absl::CancelledError("the adapter stops"));
  }
  for (std::thread& thread : threads_) thread.join();
}

template <typename Connection>
void Pool<Connection>::Submit(absl::Duration deadline, Work work, Done done) {
  if (!circuit_.Admit()) {
    done(absl::UnavailableError("the source counts as down"));
    return;
  }
  Task task{deadline, std::move(work), std::move(done)};
  const absl::Status status = TryEnqueue(task);
  if (status.ok()) return;
  circuit_.Cancelled();
  task.done(status);
}

template <typename Connection>
absl::Status Pool<Connection>::TryEnqueue(Task& task) {
  absl::MutexLock lock(&mu_);
  if (Hangs()) {
    if (!std::exchange(hang_was_said_, true)) {
      diag::Error("adapter.source_hangs", {{"connections", busy_until_.size()}});
    }
    return absl::UnavailableError("the source has every connection and does not answer");
  }
  if (stopping_ || waiting_.size() >= kWaitingMax) {
    return absl::UnavailableError("too many questions wait for the source");
  }
  hang_was_said_ = false;
  waiting_.push_back(std::move(task));
  return absl::OkStatus();
}

template <typename Connection>
void Pool<Connection>::RunThread(size_t index) {
  std::unique_ptr<Connection> connection;
  while (true) {
    Task task;
    {
      absl::MutexLock lock(&mu_);
      mu_.Await(absl::Condition(this, &Pool::HasTaskOrStops));
      if (waiting_.empty()) return;
      task = std::move(waiting_.front());
      waiting_.pop_front();
      busy_until_[index] = task.deadline;
    }
    if (clock_.Elapsed() >= task.deadline) {
      circuit_.Cancelled();
      Rest(index);
      task.done(absl::DeadlineExceededError("waited too long for a connection"));
      continue;
    }
    const absl::Status status = RunTask(task, connection);
    if (status.ok()) {
      circuit_.Succeeded();
    } else {
      // After a fault nobody knows what state the connection is in.
      connection.reset();
      if (MeansSourceDown(status)) {
        circuit_.Failed();
      } else {
        circuit_.Cancelled();
      }
    }
    Rest(index);
    task.done(status);
  }
}

template <typename Connection>
absl::Status Pool<Connection>::RunTask(const Task& task, std::unique_ptr<Connection>& connection) {
  const bool kept = connection != nullptr;
  if (!kept) {
    CHAYAN_ASSIGN_OR_RETURN(connection, connector_());
  }
  const absl::Status status = task.work(*connection);
  if (!kept || !absl::IsUnavailable(status)) return status;
  // A kept connection may have died since its last use, as after a restart of the database. Reading
  // twice harms nobody.
  connection.reset();
  CHAYAN_ASSIGN_OR_RETURN(connection, connector_());
  return task.work(*connection);
}

}  // namespace chayan::connector

#endif  // CHAYAN_ADAPTERS_CONNECTOR_POOL_H_
