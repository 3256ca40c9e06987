// What time alone does to deliveries: they expire, become overdue, and what they carried is
// shredded; and a period of a schedule that had none is written down.
#ifndef CHAYAN_GATEWAY_NOTICE_DEADLINES_H_
#define CHAYAN_GATEWAY_NOTICE_DEADLINES_H_

#include <functional>
#include <map>
#include <string>

#include "gateway/notice/collaborators.h"
#include "gateway/notice/notice_alarms.h"
#include "gateway/notice/settler.h"
#include "gateway/registry/snapshot.h"

namespace chayan::notice {

// Methods run on the room's thread.
class Deadlines {
 public:
  // A period of the subscription had no delivery, and the entry says so. From any thread.
  using EmptyPeriod =
      std::function<void(const v1::Subscription& subscription, absl::Time end, uint64_t entry)>;
  Deadlines(const Collaborators& with, Settler& settler, NoticeAlarms& alarms,
            EmptyPeriod empty_period)
      : with_(with), settler_(settler), alarms_(alarms), empty_period_(std::move(empty_period)) {}

  // One round, some hundred rows of each.
  void Tick();

 private:
  absl::Status BuryExpired(int64_t now_ms);
  // Warns of deliveries whose office should have acted by `until`.
  absl::Status Warn(store::NoticeEventKind warning, absl::Time until, absl::Time now);
  absl::Status WarnUnfetched(int64_t now_ms);
  absl::Status ShredSettled(int64_t now_ms);
  absl::Status LookAtPeriods(const registry::Snapshot& snapshot, absl::Time now);
  absl::Status LookAtPeriod(const registry::Snapshot& snapshot,
                            const v1::Subscription& subscription, absl::Time now);
  // Up to when the subscription's periods were looked at before this process.
  absl::StatusOr<absl::Time> ReadLookedAt(const std::string& subscription, absl::Time otherwise);
  void RecordEmptyPeriod(const registry::Snapshot& snapshot, const v1::Subscription& subscription,
                         absl::Time end);

  const Collaborators& with_;
  Settler& settler_;
  NoticeAlarms& alarms_;
  const EmptyPeriod empty_period_;
  // Of each subscription, the end of the last period that was looked at.
  std::map<std::string, absl::Time> looked_at_;
};

}  // namespace chayan::notice

#endif  // CHAYAN_GATEWAY_NOTICE_DEADLINES_H_
