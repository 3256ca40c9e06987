#include "gateway/notice/deadlines.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/diag.h"
#include "gateway/base/status_macros.h"
#include "gateway/notice/schedule.h"

namespace chayan::notice {
namespace {

using store::NoticeEventKind;

// Rows of a round, so that calls do not wait for it.
constexpr size_t kRowsMax = 200;
// What came before the first look, or while the gateway was off for longer, is not written down any
// more: a period that is over for so long tells nobody anything.
constexpr absl::Duration kLookBack = absl::Hours(24 * 7);

void Tell(const char* event, const store::StoredDelivery& delivery) {
  diag::Warning(event, {{"recipient", delivery.recipient},
                        {"subscription", delivery.subscription},
                        {"delivery", delivery.id.ToText()}});
}

}  // namespace

void Deadlines::Tick() {
  const std::shared_ptr<const registry::Snapshot> snapshot = with_.registry();
  const absl::Time now = with_.clock.Now();
  const int64_t now_ms = absl::ToUnixMillis(now);
  const absl::CivilDay tomorrow = snapshot->calendar().AddWorkdays(registry::TaipeiDay(now), 1);
  // An office still has the workday in which it is warned.
  const absl::Time soon = absl::FromCivil(tomorrow + 1, registry::Taipei());
  for (const absl::Status& status :
       {BuryExpired(now_ms), Warn(NoticeEventKind::kDueSoon, soon, now),
        Warn(NoticeEventKind::kOverdue, now, now), WarnUnfetched(now_ms), ShredSettled(now_ms),
        LookAtPeriods(*snapshot, now)}) {
    if (status.ok()) continue;
    diag::Error("notice.store_fault", {{"cause", std::string(status.message())}});
  }
}

absl::Status Deadlines::BuryExpired(int64_t now_ms) {
  if (with_.clock_guard.HoldsExpiry()) return absl::OkStatus();
  CHAYAN_ASSIGN_OR_RETURN(const std::vector<store::StoredDelivery> expired,
                          with_.notices.Expired(now_ms, kRowsMax));
  for (const store::StoredDelivery& delivery : expired) {
    // One that is under way may still arrive; its lease ends soon.
    if (!delivery.lease.empty() && delivery.ready_ms > now_ms) continue;
    settler_.Bury(delivery, "EXPIRED", [](const absl::Status&) {
      // Otherwise the next round finds it again.
    });
  }
  return absl::OkStatus();
}

absl::Status Deadlines::Warn(NoticeEventKind warning, absl::Time until, absl::Time now) {
  CHAYAN_ASSIGN_OR_RETURN(const std::vector<store::StoredDelivery> deliveries,
                          with_.notices.Unsettled(warning, absl::ToUnixMillis(until), kRowsMax));
  for (const store::StoredDelivery& delivery : deliveries) {
    CHAYAN_RETURN_IF_ERROR(with_.notices.Warn(delivery.seq, warning, absl::ToUnixMillis(now)));
    if (warning == NoticeEventKind::kDueSoon) continue;
    Tell("notice.overdue", delivery);
    alarms_.Raise("notice.overdue", delivery.recipient);
  }
  return absl::OkStatus();
}

absl::Status Deadlines::WarnUnfetched(int64_t now_ms) {
  CHAYAN_ASSIGN_OR_RETURN(const std::vector<store::StoredDelivery> deliveries,
                          with_.notices.Unfetched(now_ms, kRowsMax));
  for (const store::StoredDelivery& delivery : deliveries) {
    CHAYAN_RETURN_IF_ERROR(with_.notices.Warn(delivery.seq, NoticeEventKind::kNotFetched, now_ms));
    Tell("notice.not_fetched", delivery);
    alarms_.Raise("notice.not_fetched", delivery.recipient);
  }
  return absl::OkStatus();
}

absl::Status Deadlines::ShredSettled(int64_t now_ms) {
  CHAYAN_ASSIGN_OR_RETURN(const std::vector<int64_t> seqs,
                          with_.notices.DueToShred(now_ms, kRowsMax));
  for (const int64_t seq : seqs) CHAYAN_RETURN_IF_ERROR(with_.notices.Shred(seq));
  return absl::OkStatus();
}

absl::Status Deadlines::LookAtPeriods(const registry::Snapshot& snapshot, absl::Time now) {
  for (const v1::NoticeKind* kind : snapshot.notice_kinds()) {
    for (const v1::Subscription* subscription : snapshot.Subscriptions(kind->code())) {
      if (!subscription->has_schedule()) continue;
      CHAYAN_RETURN_IF_ERROR(LookAtPeriod(snapshot, *subscription, now));
    }
  }
  return absl::OkStatus();
}

absl::Status Deadlines::LookAtPeriod(const registry::Snapshot& snapshot,
                                     const v1::Subscription& subscription, absl::Time now) {
  const registry::Calendar& calendar = snapshot.calendar();
  auto it = looked_at_.find(subscription.id());
  if (it == looked_at_.end()) {
    CHAYAN_ASSIGN_OR_RETURN(const absl::Time before, ReadLookedAt(subscription.id(), now));
    it = looked_at_.emplace(subscription.id(), before).first;
  }
  // A clock that is set forward by a year has not seen a year of silence.
  it->second = std::max(it->second, now - kLookBack);
  const absl::Time end = PeriodAt(subscription.schedule(), calendar, it->second).end;
  if (end > now) return absl::OkStatus();
  CHAYAN_ASSIGN_OR_RETURN(const bool had,
                          with_.notices.HadInPeriod(subscription.id(), absl::ToUnixMillis(end)));
  it->second = end;
  if (!had) RecordEmptyPeriod(snapshot, subscription, end);
  return absl::OkStatus();
}

absl::StatusOr<absl::Time> Deadlines::ReadLookedAt(const std::string& subscription,
                                                   absl::Time otherwise) {
  const absl::StatusOr<store::KeptRecord> record =
      with_.store.records()->Read(store::RecordKind::kDispatch, subscription);
  if (absl::IsNotFound(record.status())) return otherwise;
  CHAYAN_RETURN_IF_ERROR(record.status());
  int64_t end_ms = 0;
  if (!absl::SimpleAtoi(record->bytes, &end_ms)) {
    return absl::DataLossError("the record of a schedule's periods cannot be read");
  }
  return absl::FromUnixMillis(end_ms);
}

void Deadlines::RecordEmptyPeriod(const registry::Snapshot& snapshot,
                                  const v1::Subscription& subscription, absl::Time end) {
  log::Submission submission;
  submission.entry.type = log::EntryType::kDelivery;
  submission.entry.id = Uuid::Version7(with_.clock.Now(), with_.random);
  submission.entry.kind = subscription.notice_kind();
  submission.entry.holder = subscription.recipient();
  submission.entry.registry = snapshot.digest();
  submission.entry.outcome = "NONE";
  submission.entry.by = "gateway";
  submission.entry.reason = "NONE_TODAY";
  submission.records = {{.kind = store::RecordKind::kDispatch,
                         .key = subscription.id(),
                         .bytes = absl::StrCat(absl::ToUnixMillis(end))}};
  submission.done = [this, subscription, end](const absl::StatusOr<log::Committed>& committed) {
    if (committed.ok()) return empty_period_(subscription, end, committed->index);
    // Not written down, and so not said: the process that reads the record next looks again.
    diag::Error("notice.none_today_lost", {{"subscription", subscription.id()},
                                           {"cause", std::string(committed.status().message())}});
  };
  with_.committer.Submit(std::move(submission));
}

}  // namespace chayan::notice
