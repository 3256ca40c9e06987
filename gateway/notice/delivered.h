// What one recipient is given of a notice: the parts and elements its subscription names, and its
// own customer accounts. Everything that goes to a recipient is made here.
#ifndef CHAYAN_GATEWAY_NOTICE_DELIVERED_H_
#define CHAYAN_GATEWAY_NOTICE_DELIVERED_H_

#include <string>

#include "absl/time/time.h"
#include "chayan/v1/notice_service.pb.h"
#include "chayan/v1/registry.pb.h"

namespace chayan::notice {

// As entries have it: to the millisecond.
google::protobuf::Timestamp ToProto(absl::Time time);

// Of a delivery, what the request does not say.
struct DeliveryFacts {
  std::string delivery_id{};
  std::string notice_id{};
  std::string publisher{};  // member id
  absl::Time accept_time{};
  absl::Time acknowledge_by_time{};
  std::string supersedes_notice_id{};  // at most one of the two
  std::string reverses_notice_id{};
};

// The whole of what the recipient may see, `thin` unset. earlier_missing and entry_index are set
// when it is sent.
v1::DeliveredNotice MakeDelivered(const v1::PublishNoticeRequest& request,
                                  const v1::Subscription& subscription, const DeliveryFacts& facts);

// What a thin subscription is sent: that there is a notice. The rest is fetched.
v1::DeliveredNotice MakeThin(v1::DeliveredNotice whole);

}  // namespace chayan::notice

#endif  // CHAYAN_GATEWAY_NOTICE_DELIVERED_H_
