// Tells the gateways what offices wrote down that they did of notices (NoticeSink::Outcomes), on a
// thread of its own: a system that hangs holds up neither the status file nor a reload.
#ifndef CHAYAN_ADAPTERS_PROGRAM_OUTCOME_TELLER_H_
#define CHAYAN_ADAPTERS_PROGRAM_OUTCOME_TELLER_H_

#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "adapters/program/notice_desk.h"
#include "adapters/sdk/link_client.h"

namespace chayan::adapter {

// Has gateways told what stands there untold, and writes beside it what came of it once the log
// holds it. Blocks for as long as the agency's system takes.
void TellOutcomes(const NoticeDesk& desk, sdk::LinkClient& client);

// Does so every few seconds until it is destroyed.
class OutcomeTeller {
 public:
  // Both outlive it.
  OutcomeTeller(const NoticeDesk& desk, sdk::LinkClient& client);
  // Waits for the look that is under way.
  ~OutcomeTeller();

 private:
  absl::Mutex mu_;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace chayan::adapter

#endif  // CHAYAN_ADAPTERS_PROGRAM_OUTCOME_TELLER_H_
