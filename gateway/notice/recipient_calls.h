// What a recipient calls about one delivery, and a publisher about one that came to nothing.
#ifndef CHAYAN_GATEWAY_NOTICE_RECIPIENT_CALLS_H_
#define CHAYAN_GATEWAY_NOTICE_RECIPIENT_CALLS_H_

#include <functional>
#include <memory>

#include "gateway/notice/collaborators.h"
#include "gateway/notice/settler.h"
#include "gateway/rpc/call.h"

namespace chayan::notice {

// On the room's thread.
void AcknowledgeNotice(const Collaborators& with, Settler& settler,
                       std::shared_ptr<rpc::UnaryCall> call);
void FetchNoticeDetail(const Collaborators& with, std::shared_ptr<rpc::UnaryCall> call);
// `scheduled` is called when the delivery waits again.
void ReplayDelivery(const Collaborators& with, std::shared_ptr<rpc::UnaryCall> call,
                    std::function<void()> scheduled);

}  // namespace chayan::notice

#endif  // CHAYAN_GATEWAY_NOTICE_RECIPIENT_CALLS_H_
