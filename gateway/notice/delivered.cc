#include "gateway/notice/delivered.h"

#include <algorithm>
#include <utility>

namespace chayan::notice {
namespace {

// Copies what is named and nothing else, so that a part the proto gains later stays with us.
v1::NoticeSubject MakeSubject(const v1::NoticeSubject& subject,
                              const v1::Subscription& subscription) {
  v1::NoticeSubject given;
  for (const int part : subscription.subject_parts()) {
    switch (part) {
      case v1::NOTICE_PART_IDENTIFIER:
        if (subject.has_identifier()) *given.mutable_identifier() = subject.identifier();
        break;
      case v1::NOTICE_PART_FORMER_IDENTIFIER:
        if (subject.has_former_identifier()) {
          *given.mutable_former_identifier() = subject.former_identifier();
        }
        break;
      case v1::NOTICE_PART_NAME:
        given.set_name(subject.name());
        break;
      case v1::NOTICE_PART_BIRTH_DATE:
        if (subject.has_birth_date()) *given.mutable_birth_date() = subject.birth_date();
        break;
      case v1::NOTICE_PART_PUBLISHER_KEY:
        given.set_publisher_key(subject.publisher_key());
        break;
      default:  // accounts are the notice's
        break;
    }
  }
  return given;
}

void AddAccounts(const v1::NoticeRouting& routing, const v1::Subscription& subscription,
                 v1::DeliveredNotice& delivered) {
  const auto& parts = subscription.subject_parts();
  if (std::find(parts.begin(), parts.end(), v1::NOTICE_PART_CUSTOMER_ACCOUNT) == parts.end()) {
    return;
  }
  for (const v1::CustomerAccount& account : routing.customer_accounts()) {
    if (account.provider() == subscription.recipient()) {
      delivered.add_customer_accounts(account.account());
    }
  }
}

}  // namespace

google::protobuf::Timestamp ToProto(absl::Time time) {
  google::protobuf::Timestamp proto;
  const int64_t ms = absl::ToUnixMillis(time);
  proto.set_seconds(ms / 1000);
  proto.set_nanos(static_cast<int32_t>(ms % 1000) * 1'000'000);
  return proto;
}

v1::DeliveredNotice MakeDelivered(const v1::PublishNoticeRequest& request,
                                  const v1::Subscription& subscription,
                                  const DeliveryFacts& facts) {
  v1::DeliveredNotice delivered;
  delivered.set_delivery_id(facts.delivery_id);
  delivered.set_notice_id(facts.notice_id);
  delivered.set_notice_kind(request.notice_kind());
  delivered.set_subscription(subscription.id());
  delivered.set_publisher(facts.publisher);
  delivered.set_acting_for(request.acting_for());
  delivered.set_legal_basis(request.purpose().legal_basis());
  for (const v1::NoticeSubject& subject : request.subjects()) {
    *delivered.add_subjects() = MakeSubject(subject, subscription);
  }
  const auto& fields = subscription.fields();
  for (const v1::Claim& element : request.payload()) {
    if (std::find(fields.begin(), fields.end(), element.code()) == fields.end()) continue;
    *delivered.add_payload() = element;
  }
  AddAccounts(request.routing(), subscription, delivered);
  *delivered.mutable_effective_date() = request.effective_date();
  *delivered.mutable_accept_time() = ToProto(facts.accept_time);
  *delivered.mutable_acknowledge_by_time() = ToProto(facts.acknowledge_by_time);
  delivered.set_test(request.test());
  delivered.set_supersedes_notice_id(facts.supersedes_notice_id);
  delivered.set_reverses_notice_id(facts.reverses_notice_id);
  return delivered;
}

v1::DeliveredNotice MakeThin(v1::DeliveredNotice whole) {
  whole.clear_subjects();
  whole.clear_payload();
  whole.clear_customer_accounts();
  whole.clear_effective_date();
  whole.set_thin(true);
  return whole;
}

}  // namespace chayan::notice
