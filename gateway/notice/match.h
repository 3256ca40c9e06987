// Who gets a notice: a pure function of the notice and the registry.
#ifndef CHAYAN_GATEWAY_NOTICE_MATCH_H_
#define CHAYAN_GATEWAY_NOTICE_MATCH_H_

#include <string>
#include <vector>

#include "chayan/v1/notice_service.pb.h"
#include "gateway/registry/snapshot.h"

namespace chayan::notice {

// What matching came to: subscriptions, or somebody who looks after it. Never neither.
struct Matched {
  // In the order of their ids. Pointers live as long as the snapshot.
  std::vector<const v1::Subscription*> subscriptions;
  std::string exception_owner;  // member id; empty when there are subscriptions
};

// Subscriptions to `kind` by law, and those whose consent was given; of these the ones without
// routing and those whose routing the notice's block meets. A notice that does not carry what a
// subscription routes by does not match it.
Matched MatchSubscriptions(const v1::PublishNoticeRequest& request, const v1::NoticeKind& kind,
                           const registry::Snapshot& snapshot);

}  // namespace chayan::notice

#endif  // CHAYAN_GATEWAY_NOTICE_MATCH_H_
