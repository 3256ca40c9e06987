// The running adapter: links up, questions answered, settings reloaded, status written, until it is
// told to stop.
#ifndef CHAYAN_ADAPTERS_PROGRAM_RUNNER_H_
#define CHAYAN_ADAPTERS_PROGRAM_RUNNER_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "adapters/program/front.h"
#include "adapters/program/loaded.h"
#include "adapters/program/notice_errands.h"
#include "adapters/sdk/link_client.h"
#include "gateway/base/clock.h"
#include "gateway/base/random.h"

namespace chayan::adapter {

// One thread uses it.
class Runner {
 public:
  // `clock` and `random` outlive the runner.
  static absl::StatusOr<std::unique_ptr<Runner>> Start(const std::string& path, Clock& clock,
                                                       Random& random);

  // Reads the settings again. Source, mappings, pauses and budgets change at once, on the links
  // that are up. What a link says of itself when it opens (member, kinds, areas, subscriptions,
  // gateways, key files) does not: such a file is refused, as a faulty one is, and the old settings
  // stay.
  void Reload();
  // Writes the status file. A failure is a diagnostic.
  void WriteStatus();
  // Answers what is open, then ends the links.
  void Drain();
  // Lets go of the source and of where notices go. Whether they came to their end; what hangs must
  // be left to the end of the process. REQUIRES: drained.
  bool EndSources();

 private:
  Runner(std::string path, Clock& clock, Loaded loaded);
  absl::Status TryReload();
  // Starts what the settings name, and has it used. An error changes nothing.
  absl::Status Use(const Loaded& loaded);

  const std::string path_;
  Clock& clock_;
  Loaded loaded_;
  Front front_;
  std::string reload_fault_;
  std::unique_ptr<sdk::LinkClient> client_;  // its threads use the front
  std::optional<NoticeErrands> errands_;     // last: its thread uses both
};

}  // namespace chayan::adapter

#endif  // CHAYAN_ADAPTERS_PROGRAM_RUNNER_H_
