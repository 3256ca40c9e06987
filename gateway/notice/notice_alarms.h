// What somebody has to look at among notices, as alarms of the operator's screen: codes, with the
// recipient's id behind a colon.
//
//   notice.dead:MEMBER         deliveries were given up
//   notice.waits:MEMBER        what is due for a day has not left
//   notice.fails:MEMBER        it is connected, and takes none
//   notice.not_fetched:MEMBER  it has not pulled in its days; for a day after the warning
//   notice.overdue:MEMBER      its office has not acted in time; the same
//   calendar.missing           the workdays of the coming weeks are not known
//   clock.set_forward          the wall clock was; nothing expires for a while
#ifndef CHAYAN_GATEWAY_NOTICE_NOTICE_ALARMS_H_
#define CHAYAN_GATEWAY_NOTICE_NOTICE_ALARMS_H_

#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "gateway/notice/collaborators.h"
#include "gateway/notice/deliverer.h"

namespace chayan::notice {

// Thread-safe.
class NoticeAlarms {
 public:
  // `clock` outlives it.
  explicit NoticeAlarms(const Clock& clock) : clock_(clock) {}

  // An alarm for a day from now on: of what is found once.
  void Raise(const char* code, const std::string& recipient);
  std::vector<std::string> All(const Collaborators& with, const Deliverer& deliverer) const;

 private:
  const Clock& clock_;
  mutable absl::Mutex mu_;
  std::map<std::string, absl::Duration> raised_ ABSL_GUARDED_BY(mu_);  // until when
};

}  // namespace chayan::notice

#endif  // CHAYAN_GATEWAY_NOTICE_NOTICE_ALARMS_H_
