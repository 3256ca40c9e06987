#include "adapters/sql/pool.h"

#include <utility>

#include "gateway/base/status_macros.h"

namespace chayan::sql {
namespace {

// Any other fault is of one statement: a value that the source refuses, a column that it lacks. If
// such counted, one caller's questions could shut the source to all.
bool MeansSourceDown(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
}

}  // namespace

Pool::Pool(const Clock& clock, Options options, Connector connector)
    : clock_(clock), connector_(std::move(connector)), circuit_(clock, options.circuit) {
  for (int i = 0; i < options.connections; ++i) threads_.emplace_back([this] { RunThread(); });
}

Pool::~Pool() {
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

void Pool::Submit(absl::Duration deadline, Work work, Done done) {
  if (!circuit_.Admit()) {
    done(absl::UnavailableError("the source counts as down"));
    return;
  }
  {
    absl::MutexLock lock(&mu_);
    if (!stopping_ && waiting_.size() < kWaitingMax) {
      waiting_.push_back({deadline, std::move(work), std::move(done)});
      return;
    }
  }
  circuit_.Cancelled();
  done(absl::UnavailableError("too many questions wait for the source"));
}

void Pool::RunThread() {
  std::unique_ptr<Connection> connection;
  while (true) {
    Task task;
    {
      absl::MutexLock lock(&mu_);
      mu_.Await(absl::Condition(this, &Pool::HasTaskOrStops));
      if (waiting_.empty()) return;
      task = std::move(waiting_.front());
      waiting_.pop_front();
    }
    if (clock_.Elapsed() >= task.deadline) {
      circuit_.Cancelled();
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
    task.done(status);
  }
}

absl::Status Pool::RunTask(const Task& task, std::unique_ptr<Connection>& connection) {
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

}  // namespace chayan::sql
