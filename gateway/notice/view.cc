#include "gateway/notice/view.h"

#include <utility>

#include "gateway/base/status_macros.h"
#include "gateway/notice/delivered.h"
#include "gateway/notice/plan.h"
#include "gateway/notice/settlement.h"

namespace chayan::notice {
namespace {

using store::DeliveryState;

v1::DeliveryState StateToProto(DeliveryState state) {
  return static_cast<v1::DeliveryState>(static_cast<int>(state));
}

google::protobuf::Timestamp Millis(int64_t ms) { return ToProto(absl::FromUnixMillis(ms)); }

// What can be said without the recipient.
v1::DeliveryStatus BareStatus(const store::StoredNotice& notice,
                              const store::StoredDelivery& delivery) {
  v1::DeliveryStatus status;
  status.set_delivery_id(delivery.id.ToText());
  status.set_notice_id(notice.id.ToText());
  status.set_notice_kind(notice.kind);
  status.set_recipient(delivery.recipient);
  status.set_subscription(delivery.subscription);
  status.set_state(StateToProto(delivery.state));
  *status.mutable_due_time() =
      Millis(delivery.state == DeliveryState::kScheduled ? delivery.ready_ms : delivery.due_ms);
  *status.mutable_acknowledge_by_time() = Millis(delivery.acknowledge_by_ms);
  status.set_attempts(delivery.attempts);
  status.set_reason(delivery.reason);
  status.set_waits_for_earlier(delivery.state == DeliveryState::kScheduled &&
                               delivery.blockers > 0);
  return status;
}

}  // namespace

v1::DeliveryStatus StatusAfter(const Collaborators& with, const store::StoredNotice& notice,
                               const store::StoredDelivery& delivery,
                               const v1::DeliveryReceipt& said, absl::Time time) {
  v1::DeliveryStatus status = BareStatus(notice, delivery);
  status.set_recipient_case_number(said.recipient_case_number());
  if (delivery.state != DeliveryState::kRejected) return status;
  status.set_rejection_reason(said.rejection_reason());
  status.set_rejection_text(said.rejection_text());
  status.set_follow_up_owner(said.follow_up_owner().empty() ? notice.publisher
                                                            : said.follow_up_owner());
  *status.mutable_follow_up_by_time() =
      ToProto(FollowUpBy(said, with.registry()->calendar(), time));
  return status;
}

absl::StatusOr<v1::DeliveryStatus> StatusOf(const Collaborators& with,
                                            const store::StoredNotice& notice,
                                            const store::StoredDelivery& delivery) {
  if (delivery.settlement.empty()) return BareStatus(notice, delivery);
  const absl::StatusOr<v1::DeliveryReceipt> said =
      OpenSettlement(with.vault, delivery.id, delivery.settlement);
  // Its key was destroyed: nobody knows any more.
  if (absl::IsNotFound(said.status())) return BareStatus(notice, delivery);
  CHAYAN_RETURN_IF_ERROR(said.status());
  CHAYAN_ASSIGN_OR_RETURN(const std::vector<store::StoredStep> steps,
                          with.notices.Steps(delivery.seq));
  if (steps.empty()) return absl::DataLossError("a settled delivery has no step");
  return StatusAfter(with, notice, delivery, *said, absl::FromUnixMillis(steps.back().time_ms));
}

absl::StatusOr<v1::DeliveryStatus> HistoryOf(const Collaborators& with,
                                             const store::StoredNotice& notice,
                                             const store::StoredDelivery& delivery) {
  CHAYAN_ASSIGN_OR_RETURN(v1::DeliveryStatus status, StatusOf(with, notice, delivery));
  CHAYAN_ASSIGN_OR_RETURN(std::vector<store::StoredStep> steps, with.notices.Steps(delivery.seq));
  steps.insert(steps.begin(), {.time_ms = notice.time_ms,
                               .state = DeliveryState::kScheduled,
                               .reason = {},
                               .entry = notice.entry});
  for (store::StoredStep& step : steps) {
    v1::DeliveryStep& added = *status.add_steps();
    *added.mutable_time() = Millis(step.time_ms);
    added.set_state(StateToProto(step.state));
    added.set_reason(std::move(step.reason));
    added.set_entry_index(step.entry);
  }
  return status;
}

absl::StatusOr<v1::NoticeStatus> StatusOf(const Collaborators& with,
                                          const store::StoredNotice& notice) {
  v1::NoticeStatus status;
  status.set_notice_id(notice.id.ToText());
  status.set_notice_kind(notice.kind);
  status.set_acting_for(notice.acting_for);
  *status.mutable_accept_time() = Millis(notice.time_ms);
  status.set_entry_index(notice.entry);
  status.set_test(notice.test);
  if (notice.follows.has_value()) status.set_follows_notice_id(notice.follows->ToText());
  if (notice.followed_by.has_value()) {
    status.set_followed_by_notice_id(notice.followed_by->ToText());
  }
  status.set_exception_owner(notice.exception_owner);
  CHAYAN_ASSIGN_OR_RETURN(const std::vector<store::StoredDelivery> deliveries,
                          AllDeliveries(with.notices, notice.ordinal));
  for (const store::StoredDelivery& delivery : deliveries) {
    CHAYAN_ASSIGN_OR_RETURN(*status.add_deliveries(), HistoryOf(with, notice, delivery));
  }
  return status;
}

}  // namespace chayan::notice
