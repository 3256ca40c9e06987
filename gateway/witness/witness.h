// A witness (c2sp.org/tlog-witness): it cosigns a log's checkpoint when it has seen proof that the
// log only grew since the last one it cosigned. Whoever holds a checkpoint that enough witnesses
// cosigned knows that nobody was shown another history.
//
// Invariants:
// - One checkpoint a size, for ever: what was cosigned last is durable before the cosignature
//   leaves, so a process that is killed and started anew never contradicts itself.
// - One process at a time holds the state: the folder is locked.
//
// What it answers are the statuses of the protocol, so that a server passes them on as they are.
#ifndef CHAYAN_GATEWAY_WITNESS_WITNESS_H_
#define CHAYAN_GATEWAY_WITNESS_WITNESS_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/base/clock.h"
#include "gateway/tlog/note_key.h"
#include "gateway/tlog/policy_file.h"

namespace chayan::witness {

// An answer of the protocol.
struct Answer {
  int status = 200;
  // 200: the cosignature line. 409: the size it knows. Else what is wrong, a line of text.
  std::string body;
  std::string content_type = "text/plain; charset=utf-8";
};

// Thread-safe.
class Witness {
 public:
  struct Options {
    // Holds one file a log, and the lock. Made when it is not there.
    std::string state_directory;
    // The logs whose checkpoints are cosigned. Several keys may have one name: a log in rotation.
    tlog::Policy logs;
  };
  // FAILED_PRECONDITION when another process has the folder, when a state in it was not written by
  // this key, or when there is no log. `clock` outlives the result.
  static absl::StatusOr<std::unique_ptr<Witness>> Create(Options options, tlog::NoteSigner key,
                                                         const Clock& clock);
  virtual ~Witness() = default;

  // 200 with the cosignature; 400 malformed; 403 not signed by the log; 404 unknown log; 409
  // another size than it knows; 422 the proof does not hold. 500: the state could not be written,
  // so nothing was signed.
  virtual Answer AddCheckpoint(absl::string_view body) = 0;
  // What it cosigned last, with log's and own signature. NOT_FOUND before the first and for an
  // unknown log.
  virtual absl::StatusOr<std::string> LastCheckpoint(absl::string_view origin) const = 0;
  // Likewise, by the path below the monitoring prefix: 200 or 404.
  virtual Answer Monitor(absl::string_view path) const = 0;
};

}  // namespace chayan::witness

#endif  // CHAYAN_GATEWAY_WITNESS_WITNESS_H_
