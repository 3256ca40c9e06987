#include "gateway/notice/plan.h"

#include <algorithm>
#include <utility>

#include "gateway/base/status_macros.h"
#include "gateway/notice/delivered.h"
#include "gateway/notice/match.h"
#include "gateway/notice/payload.h"
#include "gateway/notice/schedule.h"

namespace chayan::notice {
namespace {

using store::DeliveryState;

// Who may have got the followed notice, and for that reason gets what follows: a receipt that did
// not come is no sign that the notice did not.
bool MayHaveGot(const store::StoredDelivery& delivery) {
  switch (delivery.state) {
    case DeliveryState::kDelivered:
    case DeliveryState::kHandedOver:
    case DeliveryState::kAcknowledged:
    case DeliveryState::kRejected:
      return true;
    case DeliveryState::kScheduled:
    case DeliveryState::kDead:
      return delivery.sent;
    default:
      return false;
  }
}

class Planner {
 public:
  Planner(const Collaborators& with, const PlanRequest& order)
      : with_(with), order_(order), now_ms_(absl::ToUnixMillis(order.now)) {}

  absl::StatusOr<Plan> Run() && {
    store::NewNotice& notice = plan_.notice;
    notice.id = Uuid::Version7(order_.now, with_.random);
    notice.kind = order_.kind.code();
    notice.publisher = order_.publisher;
    notice.acting_for = order_.request.acting_for();
    notice.time_ms = now_ms_;
    notice.test = order_.request.test();
    if (order_.followed != nullptr) {
      notice.follows = order_.followed->notice.id;
      Withdraw();
    }
    std::vector<const v1::Subscription*> subscriptions = Recipients();
    for (const v1::Subscription* subscription : subscriptions) {
      CHAYAN_RETURN_IF_ERROR(AddDelivery(*subscription));
    }
    // A reversal that nobody is to get undoes a notice that nobody got: there is nothing to look
    // after.
    const bool reverses = order_.followed != nullptr && order_.followed->reversed;
    if (subscriptions.empty() && !reverses) notice.exception_owner = order_.kind.exception_owner();
    notice.answer = Answer();
    return std::move(plan_);
  }

 private:
  const store::StoredDelivery* Earlier(const v1::Subscription& subscription) const {
    if (order_.followed == nullptr) return nullptr;
    for (const store::StoredDelivery& delivery : order_.followed->deliveries) {
      if (delivery.subscription == subscription.id() && MayHaveGot(delivery)) return &delivery;
    }
    return nullptr;
  }

  // Of a reversal those who may have got the notice; of any other those who match, and those who
  // may have got the one it replaces.
  std::vector<const v1::Subscription*> Recipients() const {
    std::vector<const v1::Subscription*> subscriptions;
    if (order_.followed == nullptr || !order_.followed->reversed) {
      subscriptions =
          MatchSubscriptions(order_.request, order_.kind, order_.snapshot).subscriptions;
    }
    if (order_.followed == nullptr) return subscriptions;
    for (const store::StoredDelivery& delivery : order_.followed->deliveries) {
      const v1::Subscription* subscription =
          order_.snapshot.FindSubscription(delivery.subscription);
      if (subscription == nullptr || !MayHaveGot(delivery)) continue;
      if (std::find(subscriptions.begin(), subscriptions.end(), subscription) ==
          subscriptions.end()) {
        subscriptions.push_back(subscription);
      }
    }
    std::sort(subscriptions.begin(), subscriptions.end(),
              [](const auto* a, const auto* b) { return a->id() < b->id(); });
    return subscriptions;
  }

  // What has not left is dropped.
  void Withdraw() {
    for (const store::StoredDelivery& delivery : order_.followed->deliveries) {
      const bool waits = delivery.state == DeliveryState::kScheduled && !delivery.sent;
      if (!waits && delivery.state != DeliveryState::kDead) continue;
      plan_.steps.push_back({.delivery = delivery.id,
                             .from = delivery.state,
                             .to = DeliveryState::kWithdrawn,
                             .time_ms = now_ms_,
                             .reason = order_.followed->reversed ? "REVERSED" : "REPLACED",
                             .unsent = waits,
                             .shred_ms = now_ms_});
    }
  }

  // The queues of the notice, and of the delivery that it follows: it comes after that one even
  // where it names somebody else.
  std::vector<store::SubjectKey> Queues(const store::StoredDelivery* earlier) const {
    std::vector<store::SubjectKey> queues = order_.subjects;
    if (earlier == nullptr) return queues;
    for (const store::SubjectKey& queue : earlier->subjects) {
      if (std::find(queues.begin(), queues.end(), queue) == queues.end()) queues.push_back(queue);
    }
    return queues;
  }

  absl::Status AddDelivery(const v1::Subscription& subscription) {
    const store::StoredDelivery* const earlier = Earlier(subscription);
    const registry::Calendar& calendar = order_.snapshot.calendar();
    const absl::Time due = DueTime(subscription, calendar, order_.now);
    const absl::Time acknowledge_by = AcknowledgeBy(subscription, calendar, due);
    store::NewDelivery delivery;
    delivery.id = Uuid::Version7(order_.now, with_.random);
    delivery.recipient = subscription.recipient();
    delivery.subscription = subscription.id();
    delivery.subjects = Queues(earlier);
    delivery.bulk = order_.bulk;
    delivery.hosted = subscription.hosted();
    delivery.holds = order_.kind.dead_letter_policy() != v1::DEAD_LETTER_POLICY_SKIP;
    delivery.alone_in_period = subscription.has_schedule();
    delivery.due_ms = absl::ToUnixMillis(due);
    delivery.expire_ms = absl::ToUnixMillis(ExpireTime(subscription, due));
    delivery.acknowledge_by_ms = absl::ToUnixMillis(acknowledge_by);
    delivery.fetch_by_ms = FetchByMs(subscription, calendar, due);
    if (delivery.alone_in_period) CHAYAN_RETURN_IF_ERROR(TakePlaceOf(delivery));

    DeliveryFacts facts = {.delivery_id = delivery.id.ToText(),
                           .notice_id = plan_.notice.id.ToText(),
                           .publisher = order_.publisher,
                           .accept_time = order_.now,
                           .acknowledge_by_time = acknowledge_by};
    if (earlier != nullptr) {
      const std::string id = order_.followed->notice.id.ToText();
      (order_.followed->reversed ? facts.reverses_notice_id : facts.supersedes_notice_id) = id;
    }
    CHAYAN_ASSIGN_OR_RETURN(
        delivery.payload,
        SealPayload(with_.vault, delivery.id, MakeDelivered(order_.request, subscription, facts),
                    subscription.thin()));
    plan_.notice.deliveries.push_back(std::move(delivery));

    v1::NoticeRecipient& recipient = plan_.recipients.emplace_back();
    recipient.set_recipient(subscription.recipient());
    recipient.set_subscription(subscription.id());
    *recipient.mutable_subject_parts() = subscription.subject_parts();
    *recipient.mutable_fields() = subscription.fields();
    return absl::OkStatus();
  }

  // The last change in a period wins.
  absl::Status TakePlaceOf(store::NewDelivery& delivery) {
    const absl::StatusOr<store::StoredDelivery> other = with_.notices.FindInPeriod(
        delivery.recipient, delivery.subscription, delivery.subjects.front(), delivery.due_ms);
    if (absl::IsNotFound(other.status())) return absl::OkStatus();
    CHAYAN_RETURN_IF_ERROR(other.status());
    const bool withdrawn =
        std::any_of(plan_.steps.begin(), plan_.steps.end(),
                    [&](const store::StateStep& step) { return step.delivery == other->id; });
    if (withdrawn) return absl::OkStatus();
    if (other->sent) {
      // The clock was set back into a period that had been dispatched: both count.
      delivery.alone_in_period = false;
      return absl::OkStatus();
    }
    plan_.steps.push_back({.delivery = other->id,
                           .from = DeliveryState::kScheduled,
                           .to = DeliveryState::kSuperseded,
                           .time_ms = now_ms_,
                           .reason = "LATER_IN_PERIOD",
                           .unsent = true,
                           .shred_ms = now_ms_});
    return absl::OkStatus();
  }

  std::string Answer() const {
    v1::AcceptedNotice accepted;
    accepted.set_request_id(order_.request.request_id());
    accepted.set_notice_id(plan_.notice.id.ToText());
    accepted.set_exception_owner(plan_.notice.exception_owner);
    if (plan_.notice.follows.has_value()) {
      accepted.set_follows_notice_id(plan_.notice.follows->ToText());
    }
    for (const store::NewDelivery& delivery : plan_.notice.deliveries) {
      v1::ExpectedDelivery& expected = *accepted.add_deliveries();
      expected.set_delivery_id(delivery.id.ToText());
      expected.set_recipient(delivery.recipient);
      expected.set_subscription(delivery.subscription);
      *expected.mutable_due_time() = ToProto(absl::FromUnixMillis(delivery.due_ms));
      *expected.mutable_acknowledge_by_time() =
          ToProto(absl::FromUnixMillis(delivery.acknowledge_by_ms));
    }
    return accepted.SerializeAsString();
  }

  const Collaborators& with_;
  const PlanRequest& order_;
  const int64_t now_ms_;
  Plan plan_;
};

}  // namespace

absl::StatusOr<Plan> MakePlan(const Collaborators& with, const PlanRequest& request) {
  return Planner(with, request).Run();
}

absl::StatusOr<std::vector<store::StoredDelivery>> AllDeliveries(store::Notices& notices,
                                                                 int64_t notice) {
  std::vector<store::StoredDelivery> all;
  while (true) {
    CHAYAN_ASSIGN_OR_RETURN(std::vector<store::StoredDelivery> page,
                            notices.DeliveriesOf(notice, all.empty() ? 0 : all.back().seq));
    all.insert(all.end(), std::make_move_iterator(page.begin()),
               std::make_move_iterator(page.end()));
    if (page.size() < store::kNoticePageMax) return all;
  }
}

}  // namespace chayan::notice
