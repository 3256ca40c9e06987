#include <utility>

#include "gateway/base/diag.h"
#include "gateway/log/search_key.h"
#include "gateway/rpc/recorded.h"
#include "gateway/verify/exchange.h"
#include "gateway/verify/next_step.h"
#include "gateway/verify/response.h"

namespace chayan::verify {
namespace {

v1::RetentionClass RetentionOf(const registry::Kind* kind) {
  return kind == nullptr ? v1::RETENTION_CLASS_FIVE_YEARS : kind->proto->retention_class();
}

}  // namespace

void Exchange::Record(log::Entry entry, Told told) {
  if (holder_ != nullptr) entry.holder = holder_->id();
  if (const auto* signature = HolderSignature()) {
    entry.hsig = tlog::HolderSignatureDigest(*signature);
  }
  entry.ref = forward_index_;
  const absl::Duration known = with_.clock.Elapsed();
  const absl::Duration shown =
      floored_ > absl::ZeroDuration() ? floored_ : known - asker_->arrival();
  entry.ms = static_cast<uint32_t>(absl::ToInt64Milliseconds(shown));
  told_ = std::move(told);
  absl::StatusOr<log::VaultOutput> sealed =
      Seal(told_.refusal.has_value() ? told_.status_bytes : told_.answer);
  submitted_ = with_.clock.Elapsed();
  metrics::Observe(with_.stages, metrics::Stage::kSeal, submitted_ - known);
  if (!sealed.ok()) {
    committed_ = sealed.status();
    return Release();
  }
  sealed_ = *std::move(sealed);
  entry.c_req = sealed_.c_req;
  entry.c_res = sealed_.c_res;
  entry.c_detail = sealed_.c_detail;
  with_.book.grants.RecordBegins(charge_);
  with_.committer.Submit(
      {.entry = std::move(entry),
       .vault = std::move(sealed_.row),
       .registry = std::nullopt,
       .done =
           [self = shared_from_this()](absl::StatusOr<log::Committed> committed) mutable {
             self->committed_ = std::move(committed);
             // The worker writes and frees what it made: it is still in its core's cache, and the
             // committer goes on to the next batch.
             Asker& asker = *self->asker_;
             asker.Post([self = std::move(self)] { self->Release(); });
           },
       .tallies = charge_.Submit()});
}

void Exchange::Release() {
  charge_.Settle(committed_.ok());
  if (!committed_.ok()) {
    // Fail closed: what is not recorded is not answered.
    return TellFailure({rpc::LogUnavailable(committed_.status()), {}, {}, request_->request_id()});
  }
  const absl::Duration start = with_.clock.Elapsed();
  metrics::Observe(with_.stages, metrics::Stage::kCommit, start - submitted_);
  if (holder_part_.signature.has_value())
    with_.links.Recorded(holder_part_.link, id_, committed_->index);
  if (!told_.refusal.has_value()) {
    TellAnswer(*committed_);
    metrics::Observe(with_.stages, metrics::Stage::kRelease, with_.clock.Elapsed() - start);
    return;
  }
  TellFailure({*std::move(told_.refusal), std::move(told_.status_bytes),
               EncodeReceipt({*committed_, sealed_, HolderSignature()}), request_->request_id()});
}

void Exchange::TellAnswer(const log::Committed& committed) {
  const v1::DocumentKind& kind = *permit_.kind->proto;
  const absl::Time now = with_.clock.Now();
  const std::string next_step =
      registry::IsAnsweredAtDesk(kind)
          ? AskDesk(kind, holder_, snapshot_->calendar(), now).SerializeAsString()
          : NextStepBytes({told_.outcome, told_.forwarded, told_.lock}, kind, holder_, now);
  auto response = std::make_shared<const std::string>(EncodeResponse(
      request_->request_id(), told_.answer, {committed, sealed_, HolderSignature()}, next_step));
  const bool keep = told_.outcome != v1::OUTCOME_SOURCE_DOWN;
  for (const auto& asker : TakeWaiting(response, keep)) asker->Answer(response);
}

void Exchange::TellFailure(const Failure& failure) {
  for (const auto& asker : TakeWaiting(nullptr, /*keep=*/false)) asker->Fail(failure);
}

Twins::Waiting Exchange::TakeWaiting(std::shared_ptr<const std::string> response, bool keep) {
  if (!twin_key_.has_value()) return {asker_};
  Twins::Waiting waiting =
      with_.twins.Complete(*twin_key_, twin_ticket_, std::move(response), keep);
  if (abandoned_) waiting.push_back(abandoned_by_);
  return waiting;
}

log::Entry Exchange::NewEntry(log::EntryType type) {
  const v1::Purpose& purpose = request_->purpose();
  log::Entry entry = rpc::EntryOf(asker_->caller(), asker_->method(), type, id_);
  entry.acting_for = KnownOrUnknown(snapshot_->FindMember(request_->acting_for()) != nullptr,
                                    "acting_for", request_->acting_for());
  entry.kind = KnownOrUnknown(snapshot_->FindKind(request_->document_kind()) != nullptr,
                              "document_kind", request_->document_kind());
  entry.purpose = KnownOrUnknown(snapshot_->HasPurpose(purpose.purpose_code()),
                                 "purpose.purpose_code", purpose.purpose_code());
  entry.basis = KnownOrUnknown(snapshot_->HasLegalBasis(purpose.legal_basis()),
                               "purpose.legal_basis", purpose.legal_basis());
  entry.person_proof = std::string(policy::ProofName(permit_.person_proof));
  entry.grant = permit_.grant;
  entry.registry = snapshot_->digest();
  return entry;
}

std::string Exchange::KnownOrUnknown(bool known, absl::string_view field, absl::string_view text) {
  if (text.empty()) return {};
  if (known) return std::string(text);
  (*detail_->mutable_unknown_codes())[std::string(field)] = std::string(text);
  return "unknown";
}

absl::StatusOr<log::VaultOutput> Exchange::Seal(absl::string_view response) {
  const v1::Purpose& purpose = request_->purpose();
  const std::string detail = DetailBytes();
  log::VaultInput input;
  input.id = id_;
  input.retention_class = RetentionOf(permit_.kind);
  input.request = asker_->request();
  input.response = response;
  input.detail = detail;
  input.subject = question_.subject_number;
  if (input.subject.empty()) {
    // Refused before its values were looked at: who tried to ask about whom is found all the same.
    absl::StatusOr<std::string> subject = log::SubjectKey(request_->subject().identifier());
    if (subject.ok()) input.subject = *std::move(subject);
  }
  input.person = log::PersonKey(asker_->caller().member, purpose.person().id());
  input.case_number = log::CaseKey(request_->acting_for(), purpose.case_number());
  absl::StatusOr<log::VaultOutput> sealed = with_.vault.Seal(input);
  if (!sealed.ok())
    diag::Error("verify.vault_fault", {{"cause", std::string(sealed.status().message())}});
  return sealed;
}

std::string Exchange::DetailBytes() {
  const v1::Purpose& purpose = request_->purpose();
  detail_->set_request_id(request_->request_id());
  detail_->set_person_id(purpose.person().id());
  detail_->set_person_role(purpose.person().role());
  detail_->set_case_number(purpose.case_number());
  detail_->set_reason(purpose.reason());
  if (purpose.has_approver()) {
    detail_->set_approver_id(purpose.approver().id());
    detail_->set_approver_role(purpose.approver().role());
  }
  if (request_->has_subject())
    detail_->unsafe_arena_set_allocated_subject(request_->mutable_subject());
  if (request_->has_as_of_date())
    detail_->unsafe_arena_set_allocated_as_of_date(request_->mutable_as_of_date());
  if (detail_->verdicts().empty()) {
    for (const v1::Claim& claim : request_->claims())
      detail_->add_verdicts()->set_code(claim.code());
  }
  return detail_->SerializeAsString();
}

}  // namespace chayan::verify
