#include "gateway/notice/match.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace chayan::notice {
namespace {

using Values = google::protobuf::RepeatedPtrField<std::string>;

bool Has(const Values& values, absl::string_view value) {
  return !value.empty() && std::find(values.begin(), values.end(), value) != values.end();
}

// A county's code begins those of its townships. The registry has no empty value.
bool LiesIn(absl::string_view area, const Values& values) {
  return std::any_of(values.begin(), values.end(),
                     [&](const std::string& value) { return absl::StartsWith(area, value); });
}

bool HasAccountWith(const v1::NoticeRouting& block, absl::string_view provider) {
  const auto& accounts = block.customer_accounts();
  return std::any_of(accounts.begin(), accounts.end(), [&](const v1::CustomerAccount& account) {
    return account.provider() == provider;
  });
}

bool Meets(const v1::NoticeRouting& block, const v1::Subscription& subscription) {
  const v1::SubscriptionRouting& routing = subscription.routing();
  switch (routing.key()) {
    case v1::ROUTING_KEY_OLD_AREA:
      return LiesIn(block.old_area(), routing.values());
    case v1::ROUTING_KEY_NEW_AREA:
      return LiesIn(block.new_area(), routing.values());
    case v1::ROUTING_KEY_ANY_AREA:
      return LiesIn(block.old_area(), routing.values()) ||
             LiesIn(block.new_area(), routing.values());
    case v1::ROUTING_KEY_OFFICE:
      return Has(routing.values(), block.office());
    case v1::ROUTING_KEY_SUPPLY_AREA:
      return Has(routing.values(), block.supply_area());
    case v1::ROUTING_KEY_CUSTOMER_ACCOUNT:
      return HasAccountWith(block, subscription.recipient());
    default:
      return false;
  }
}

}  // namespace

Matched MatchSubscriptions(const v1::PublishNoticeRequest& request, const v1::NoticeKind& kind,
                           const registry::Snapshot& snapshot) {
  Matched matched;
  for (const v1::Subscription* const subscription : snapshot.Subscriptions(kind.code())) {
    const std::string& consent = subscription->consent();
    if (!consent.empty() && !Has(request.consents(), consent)) continue;
    if (subscription->has_routing() && !Meets(request.routing(), *subscription)) continue;
    matched.subscriptions.push_back(subscription);
  }
  if (matched.subscriptions.empty()) matched.exception_owner = kind.exception_owner();
  return matched;
}

}  // namespace chayan::notice
