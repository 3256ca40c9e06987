// Calls whose outcome is an entry of its own and no question: reads of the log, the operator's
// actions, refusals at the door. The caller is told only when the entry is durable; when it cannot
// be written, LOG_UNAVAILABLE.
#ifndef CHAYAN_GATEWAY_RPC_RECORDED_H_
#define CHAYAN_GATEWAY_RPC_RECORDED_H_

#include <memory>
#include <string>

#include "gateway/log/committer.h"
#include "gateway/rpc/call.h"

namespace chayan::rpc {

// An entry that says who called what.
log::Entry EntryOf(const policy::Caller& caller, absl::string_view method, log::EntryType type,
                   Uuid id);

// A receipt without openings, serialized: what proves an entry that commits to no request.
std::string PlainReceipt(const log::Committed& committed);

// `cause`: as the committer gave it. Callers hear of a log that its policy closes, and of no other
// cause: the rest concerns the operator alone.
policy::Refusal LogUnavailable(const absl::Status& cause);

// Records `entry`, then replies with `message`.
void ReplyRecorded(log::Committer& committer, log::Entry entry, std::shared_ptr<UnaryCall> call,
                   std::string message);

// Records `entry` with the refusal's reason, then fails the call with the refusal and the entry's
// receipt.
void FailRecorded(log::Committer& committer, log::Entry entry, std::shared_ptr<UnaryCall> call,
                  policy::Refusal refusal);

}  // namespace chayan::rpc

#endif  // CHAYAN_GATEWAY_RPC_RECORDED_H_
