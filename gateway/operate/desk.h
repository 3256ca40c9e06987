// What every desk of the operator's does alike: each call ends in an entry.
#ifndef CHAYAN_GATEWAY_OPERATE_DESK_H_
#define CHAYAN_GATEWAY_OPERATE_DESK_H_

#include <memory>
#include <string>
#include <utility>

#include "gateway/base/clock.h"
#include "gateway/base/random.h"
#include "gateway/log/committer.h"
#include "gateway/policy/refusal.h"
#include "gateway/rpc/call.h"
#include "gateway/rpc/recorded.h"

namespace chayan::operate {

// For those who derive from it.
class Desk {
 protected:
  using Call = std::shared_ptr<rpc::UnaryCall>;

  // All outlive it.
  Desk(log::Committer& committer, Clock& clock, Random& random)
      : committer_(committer), clock_(clock), random_(random) {}
  ~Desk() = default;

  log::Entry NewEntry(const Call& call, log::EntryType type) {
    return rpc::EntryOf(call->caller(), call->method(), type,
                        Uuid::Version7(clock_.Now(), random_));
  }
  // Told once it is recorded.
  void Reply(const Call& call, std::string message) {
    rpc::ReplyRecorded(committer_, NewEntry(call, log::EntryType::kOperator), call,
                       std::move(message));
  }
  void Refuse(const Call& call, policy::Refusal refusal) {
    const bool denied = refusal.code() == absl::StatusCode::kPermissionDenied;
    rpc::FailRecorded(committer_,
                      NewEntry(call, denied ? log::EntryType::kDenied : log::EntryType::kFailed),
                      call, std::move(refusal));
  }

  log::Committer& committer_;
  Clock& clock_;
  Random& random_;
};

}  // namespace chayan::operate

#endif  // CHAYAN_GATEWAY_OPERATE_DESK_H_
