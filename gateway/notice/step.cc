#include "gateway/notice/step.h"

#include <memory>
#include <utility>

#include "absl/strings/strip.h"
#include "gateway/base/status_macros.h"
#include "gateway/log/search_key.h"

namespace chayan::notice {
namespace {

log::Entry EntryOf(const Collaborators& with, const Step& step) {
  log::Entry entry;
  entry.type = step.type;
  entry.id = Uuid::Version7(step.time, with.random);
  if (step.actor.caller != nullptr) {
    entry.member = step.actor.caller->member;
    entry.system = step.actor.caller->system;
    entry.cert = step.actor.caller->certificate;
    entry.method = step.actor.method;
  }
  entry.kind = step.notice.kind;
  entry.holder = step.delivery.recipient;
  entry.registry = with.registry()->digest();
  entry.outcome = StateName(step.to);
  entry.by = step.by;
  entry.reason = step.reason;
  entry.ref = step.notice.entry;
  if (step.signature.has_value()) entry.hsig = tlog::HolderSignatureDigest(*step.signature);
  return entry;
}

std::shared_ptr<const store::NoticeChange> ChangeOf(const Step& step) {
  auto change = std::make_shared<store::NoticeChange>();
  change->steps.push_back({.delivery = step.delivery.id,
                           .from = step.from,
                           .to = step.to,
                           .time_ms = absl::ToUnixMillis(step.time),
                           .reason = step.reason,
                           .settlement = step.settlement,
                           .shred_ms = step.shred_ms,
                           .due_ms = step.due_ms,
                           .expire_ms = step.expire_ms,
                           .fetch_by_ms = step.fetch_by_ms});
  return change;
}

}  // namespace

std::string StateName(store::DeliveryState state) {
  const auto proto = static_cast<v1::DeliveryState>(static_cast<int>(state));
  return std::string(absl::StripPrefix(v1::DeliveryState_Name(proto), "DELIVERY_STATE_"));
}

absl::StatusOr<Taken> ProveAgain(const Collaborators& with, uint64_t index) {
  Taken taken;
  CHAYAN_ASSIGN_OR_RETURN(taken.committed, with.committer.Prove(index));
  CHAYAN_ASSIGN_OR_RETURN(const log::ParsedLeaf leaf, log::ParseLeaf(taken.committed.leaf));
  const absl::StatusOr<store::VaultRow> row = with.store.ReadVault(index);
  if (absl::IsNotFound(row.status())) return taken;
  CHAYAN_RETURN_IF_ERROR(row.status());
  absl::StatusOr<log::OpenedDetail> opened = with.vault.Open(leaf.id, *row);
  if (absl::IsNotFound(opened.status())) return taken;
  CHAYAN_RETURN_IF_ERROR(opened.status());
  taken.openings.request_opening = std::move(opened->request_opening);
  taken.openings.response_opening = std::move(opened->response_opening);
  return taken;
}

void TakeStep(const Collaborators& with, const Step& step,
              absl::AnyInvocable<void(absl::StatusOr<Taken>)> done) {
  log::Submission submission;
  submission.entry = EntryOf(with, step);
  const std::string detail = step.detail.SerializeAsString();
  log::VaultInput input;
  input.id = submission.entry.id;
  input.retention_class = kStepRetention;
  input.request = step.request;
  input.response = step.response;
  input.detail = detail;
  input.subject = step.subject;
  input.case_number =
      log::CaseKey(step.delivery.recipient, step.detail.delivery_receipt().recipient_case_number());
  absl::StatusOr<log::VaultOutput> sealed = with.vault.Seal(input);
  if (!sealed.ok()) return done(sealed.status());
  submission.entry.c_req = sealed->c_req;
  submission.entry.c_res = sealed->c_res;
  submission.entry.c_detail = sealed->c_detail;
  submission.vault = std::move(sealed->row);
  submission.change = ChangeOf(step);
  submission.done = [done = std::move(done), openings = *std::move(sealed)](
                        absl::StatusOr<log::Committed> committed) mutable {
    if (!committed.ok()) return done(committed.status());
    done(Taken{*std::move(committed), std::move(openings)});
  };
  with.committer.Submit(std::move(submission));
}

}  // namespace chayan::notice
