// Notices between the link and the agency's sink: counts for the agency's own eyes, and the
// exchange of the sink on a reload, while notices in hand end where they began.
#ifndef CHAYAN_ADAPTERS_PROGRAM_NOTICE_DESK_H_
#define CHAYAN_ADAPTERS_PROGRAM_NOTICE_DESK_H_

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "adapters/connector/notice_sink.h"
#include "adapters/program/retired.h"
#include "adapters/sdk/notice.h"
#include "gateway/base/clock.h"

namespace chayan::adapter {

// What the agency's people see of one kind of notices. No personal data.
struct NoticeCounts {
  uint64_t received = 0;  // the office has yet to act
  uint64_t acknowledged = 0;
  uint64_t rejected = 0;
  uint64_t not_taken = 0;  // to come again
  std::string last_cause;  // of the last one not taken
  absl::Time last = absl::InfinitePast();
};

// Thread-safe.
class NoticeDesk {
 public:
  // `clock` outlives the desk.
  explicit NoticeDesk(const Clock& clock) : clock_(clock) {}
  // Waits for the sinks first: their last replies still pass here.
  ~NoticeDesk() { Use(nullptr); }

  // Notices that come from now on go to this sink; none: they are left. The one before it replies
  // to what it has.
  void Use(std::unique_ptr<connector::NoticeSink> sink);
  void OnNotice(const sdk::Notice& notice, const sdk::NoticeResponder& responder);

  // Kept for HandOnSilences.
  void OnNoneToday(const v1::NoneToday& none);
  // Hands the sink the periods without notices that it was not told of yet, as far as it takes
  // them. Blocks.
  void HandOnSilences();

  // Where notices go now; none: nullptr.
  std::shared_ptr<connector::NoticeSink> sink() const;
  std::map<std::string, NoticeCounts> Counts() const;
  // Absent without a sink.
  std::optional<connector::SourceHealth> Health() const;
  // Sinks that were replaced and have not come to their end.
  const Retired& retired() const { return retired_; }

 private:
  void Reply(const sdk::Notice& notice, const sdk::NoticeResponder& responder,
             const connector::NoticeResult& result);

  const Clock& clock_;
  mutable absl::Mutex mu_;
  std::shared_ptr<connector::NoticeSink> sink_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, NoticeCounts> counts_ ABSL_GUARDED_BY(mu_);
  std::deque<v1::NoneToday> silences_ ABSL_GUARDED_BY(mu_);
  std::string silences_cause_ ABSL_GUARDED_BY(mu_);  // why the sink took none at the last look
  Retired retired_;                                  // last: what ends there still replies here
};

}  // namespace chayan::adapter

#endif  // CHAYAN_ADAPTERS_PROGRAM_NOTICE_DESK_H_
