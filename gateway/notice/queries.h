// Reads of the notice service. Each is recorded as a read before it is answered, but for the
// catalogue, which concerns no person.
#ifndef CHAYAN_GATEWAY_NOTICE_QUERIES_H_
#define CHAYAN_GATEWAY_NOTICE_QUERIES_H_

#include <memory>

#include "gateway/notice/collaborators.h"
#include "gateway/rpc/call.h"

namespace chayan::notice {

// On the room's thread.
void GetNotice(const Collaborators& with, std::shared_ptr<rpc::UnaryCall> call);
void ListDeliveries(const Collaborators& with, std::shared_ptr<rpc::UnaryCall> call);

void ListNoticeKinds(const registry::Snapshot& snapshot, rpc::UnaryCall& call);

}  // namespace chayan::notice

#endif  // CHAYAN_GATEWAY_NOTICE_QUERIES_H_
