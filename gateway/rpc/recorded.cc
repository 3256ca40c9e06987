#include "gateway/rpc/recorded.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "chayan/v1/receipt.pb.h"

namespace chayan::rpc {

log::Entry EntryOf(const policy::Caller& caller, absl::string_view method, log::EntryType type,
                   Uuid id) {
  log::Entry entry;
  entry.type = type;
  entry.id = id;
  entry.member = caller.member;
  entry.system = caller.system;
  entry.cert = caller.certificate;
  entry.method = std::string(method);
  return entry;
}

std::string PlainReceipt(const log::Committed& committed) {
  v1::Receipt receipt;
  receipt.set_leaf(committed.leaf);
  receipt.set_tlog_proof(committed.tlog_proof);
  return receipt.SerializeAsString();
}

policy::Refusal LogUnavailable(const absl::Status& cause) {
  policy::Refusal refusal;
  refusal.reason = v1::ERROR_REASON_LOG_UNAVAILABLE;
  refusal.message = "the log cannot be written; nothing is answered";
  if (absl::IsFailedPrecondition(cause)) {
    refusal.message = absl::StrCat("nothing is answered: ", cause.message());
    refusal.metadata = {{"cause", std::string(cause.message())}};
  }
  return refusal;
}

void ReplyRecorded(log::Committer& committer, log::Entry entry, std::shared_ptr<UnaryCall> call,
                   std::string message) {
  committer.Submit({std::move(entry), std::nullopt, std::nullopt,
                    [call = std::move(call), message = std::move(message)](
                        absl::StatusOr<log::Committed> committed) mutable {
                      if (!committed.ok()) return call->Fail(LogUnavailable(committed.status()));
                      call->Reply(std::move(message));
                    }});
}

void FailRecorded(log::Committer& committer, log::Entry entry, std::shared_ptr<UnaryCall> call,
                  policy::Refusal refusal) {
  entry.reason = refusal.reason_name();
  committer.Submit({std::move(entry), std::nullopt, std::nullopt,
                    [call = std::move(call),
                     refusal = std::move(refusal)](absl::StatusOr<log::Committed> committed) {
                      if (!committed.ok()) return call->Fail(LogUnavailable(committed.status()));
                      call->Fail(refusal, {}, PlainReceipt(*committed));
                    }});
}

}  // namespace chayan::rpc
