// What a command ends with. Scripts rely on these: they never change their meaning.
#ifndef CHAYAN_GATEWAY_CLI_EXIT_CODE_H_
#define CHAYAN_GATEWAY_CLI_EXIT_CODE_H_

#include "absl/status/status.h"

namespace chayan::cli {

enum class ExitCode : int {
  kOk = 0,           // done: a question was answered (whatever the answer), a check passed
  kCheckFailed = 1,  // something that was to be proved is not true, or a local step failed
  kUsage = 2,        // the command line, a file or a setting is wrong; nothing was asked
  kRefused = 3,      // the gateway answered no
  kUnavailable = 4,  // the gateway or the holder cannot be reached now; try again
};

// For the status of a call.
inline ExitCode ExitCodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return ExitCode::kOk;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kResourceExhausted:
      return ExitCode::kUnavailable;
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
      return ExitCode::kCheckFailed;
    default:
      return ExitCode::kRefused;
  }
}

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_EXIT_CODE_H_
