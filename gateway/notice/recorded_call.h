// What the calls of this room have in common: refusals with their entries.
#ifndef CHAYAN_GATEWAY_NOTICE_RECORDED_CALL_H_
#define CHAYAN_GATEWAY_NOTICE_RECORDED_CALL_H_

#include <memory>
#include <string>

#include "gateway/notice/collaborators.h"
#include "gateway/policy/refusal.h"
#include "gateway/rpc/call.h"

namespace chayan::notice {

policy::Refusal NoSuchDelivery();
// The operator is told the cause, the caller that there is one.
policy::Refusal StoreFault(const absl::Status& cause);

// An entry of its own that says who called what.
log::Entry CallEntry(const Collaborators& with, const rpc::UnaryCall& call, log::EntryType type);
// Records the refusal, then fails the call.
void FailCall(const Collaborators& with, std::shared_ptr<rpc::UnaryCall> call,
              policy::Refusal refusal);

}  // namespace chayan::notice

#endif  // CHAYAN_GATEWAY_NOTICE_RECORDED_CALL_H_
