#include "gateway/notice/recorded_call.h"

#include <utility>

#include "gateway/base/diag.h"
#include "gateway/rpc/recorded.h"

namespace chayan::notice {

policy::Refusal NoSuchDelivery() {
  return policy::RefusedField(v1::ERROR_REASON_DELIVERY_NOT_FOUND, "delivery_id",
                              "the caller's member has no such delivery");
}

policy::Refusal StoreFault(const absl::Status& cause) {
  diag::Error("notice.store_fault", {{"cause", std::string(cause.message())}});
  return policy::Refused(v1::ERROR_REASON_INTERNAL,
                         "the store cannot be read; the operator has been told");
}

log::Entry CallEntry(const Collaborators& with, const rpc::UnaryCall& call, log::EntryType type) {
  return rpc::EntryOf(call.caller(), call.method(), type,
                      Uuid::Version7(with.clock.Now(), with.random));
}

void FailCall(const Collaborators& with, std::shared_ptr<rpc::UnaryCall> call,
              policy::Refusal refusal) {
  log::Entry entry = CallEntry(with, *call, log::EntryType::kFailed);
  rpc::FailRecorded(with.committer, std::move(entry), std::move(call), std::move(refusal));
}

}  // namespace chayan::notice
