// Runs a program of the operator's own, one at a time and for a bounded time. It runs without a
// shell, in a process group of its own, with no file of the gateway open, its output discarded, and
// with no environment but what it is given: nothing of the gateway's reaches it by accident.
#ifndef CHAYAN_GATEWAY_OPERATE_COMMAND_RUNNER_H_
#define CHAYAN_GATEWAY_OPERATE_COMMAND_RUNNER_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace chayan::operate {

struct Command {
  std::vector<std::string> words;        // the program's absolute path, then its arguments
  std::vector<std::string> environment;  // "NAME=value"
  absl::Duration timeout;
};

// Run is for one thread, Stop for any.
class CommandRunner {
 public:
  // Returns when it has ended; what it has started ends with it. Errors: NOT_FOUND (it cannot be
  // run), DEADLINE_EXCEEDED (it was killed), ABORTED (it ended with another code than 0, or by a
  // signal), CANCELLED (stopped).
  absl::Status Run(const Command& command);
  // Ends what runs. Nothing is run any more.
  void Stop();

 private:
  // Waits for the end of the process, however that comes.
  absl::Status Await(pid_t process, absl::Duration timeout);

  absl::Mutex mu_;
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;
  bool ended_ ABSL_GUARDED_BY(mu_) = false;  // the process that runs
};

}  // namespace chayan::operate

#endif  // CHAYAN_GATEWAY_OPERATE_COMMAND_RUNNER_H_
