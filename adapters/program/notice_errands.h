// What passes between gateways and an agency's system beside the notices: what offices wrote down
// that they did of them, and periods that had none. On a thread of its own: a system that hangs
// holds up neither the status file nor a reload.
#ifndef CHAYAN_ADAPTERS_PROGRAM_NOTICE_ERRANDS_H_
#define CHAYAN_ADAPTERS_PROGRAM_NOTICE_ERRANDS_H_

#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "adapters/program/notice_desk.h"
#include "adapters/sdk/link_client.h"

namespace chayan::adapter {

// Has gateways told what stands there untold, and writes beside it what came of it once the log
// holds it. Blocks for as long as the agency's system takes.
void TellOutcomes(const NoticeDesk& desk, sdk::LinkClient& client);

// Runs both errands every few seconds until it is destroyed.
class NoticeErrands {
 public:
  // Both outlive it.
  NoticeErrands(NoticeDesk& desk, sdk::LinkClient& client);
  // Waits for the look that is under way.
  ~NoticeErrands();

 private:
  absl::Mutex mu_;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace chayan::adapter

#endif  // CHAYAN_ADAPTERS_PROGRAM_NOTICE_ERRANDS_H_
