#include "gateway/audit/erasures.h"

#include "absl/strings/strip.h"
#include "gateway/audit/details.h"
#include "gateway/audit/holds.h"
#include "gateway/audit/kept_records.h"
#include "gateway/base/diag.h"
#include "gateway/base/encoding.h"

namespace chayan::audit {
namespace {

constexpr size_t kPageDefault = 100;
constexpr size_t kPageMax = 1000;

// The name of a reason as it stands in an entry: "PERSON_REQUEST".
std::string ReasonOf(v1::ErasureReason reason) {
  return std::string(absl::StripPrefix(v1::ErasureReason_Name(reason), "ERASURE_REASON_"));
}

void SetTime(google::protobuf::Timestamp& to, absl::Time from) {
  to.set_seconds(absl::ToUnixSeconds(from));
}

absl::Time TimeOf(const google::protobuf::Timestamp& from) {
  return absl::FromUnixSeconds(from.seconds());
}

policy::Refusal ProposalInvalid() {
  return policy::RefusedField(
      v1::ERROR_REASON_PROPOSAL_INVALID, "proposal",
      "name an open proposal for this entry and reason, made in the last seven days by "
      "another person on another system");
}

// A reason that an auditor may give.
bool IsAuditorsReason(v1::ErasureReason reason) {
  return v1::ErasureReason_IsValid(reason) && reason != v1::ERASURE_REASON_UNSPECIFIED &&
         reason != v1::ERASURE_REASON_TERM_ENDED;
}

}  // namespace

void Erasures::EraseDetail(AuditCall call) {
  v1::EraseDetailRequest request;
  if (!call.Parse(request) || !call.TakePurpose(request.purpose())) return;
  if (!IsAuditorsReason(request.reason())) {
    return call.Refuse(
        policy::RefusedField(v1::ERROR_REASON_FIELD_INVALID, "reason",
                             "write one of ErasureReason's values, but not TERM_ENDED"));
  }
  if (request.has_proposal()) {
    Confirm(std::move(call), request);
  } else {
    Propose(std::move(call), request);
  }
}

// That the entry is there, the caller may erase it, something is left of it and nothing keeps it.
bool Erasures::Check(AuditCall& call, const v1::EraseDetailRequest& request) {
  if (!call.TakeEntry(policy::AuditAction::kErase, request.index()).has_value()) return false;
  const absl::Status row = with_.store.ReadVault(request.index()).status();
  if (absl::IsNotFound(row)) {
    call.Refuse(policy::Refused(v1::ERROR_REASON_DETAIL_ERASED,
                                "the entry has no sealed part, or none any more"));
    return false;
  }
  const absl::StatusOr<bool> held = IsHeld(with_.store, request.index());
  if (!row.ok() || !held.ok()) {
    call.Refuse(StoreFault(row.ok() ? held.status() : row));
    return false;
  }
  if (*held) {
    call.Refuse(
        policy::Refused(v1::ERROR_REASON_LEGAL_HOLD,
                        "a legal hold keeps the entry; ListHolds says why, LiftHold lifts it"));
    return false;
  }
  return true;
}

void Erasures::Propose(AuditCall call, const v1::EraseDetailRequest& request) {
  if (!Check(call, request)) return;
  v1::Erasure proposal;
  proposal.set_index(request.index());
  proposal.set_reason(request.reason());
  proposal.set_state(v1::ERASURE_STATE_PROPOSED);
  proposal.set_proposed_by(call.CallerName());
  SetTime(*proposal.mutable_expire_time(), call.now() + kProposalLifetime);
  call.entry().reason = ReasonOf(request.reason());
  const auto recorded = call.Commit(
      {.records = {{store::RecordKind::kErasure, /*key=*/"", proposal.SerializeAsString()}}});
  if (!recorded.has_value()) return;
  const uint64_t index = recorded->index;
  v1::EraseDetailResponse response;
  *response.mutable_erasure() = Told(std::move(proposal), index, index);
  call.Answer(response.SerializeAsString());
}

void Erasures::Confirm(AuditCall call, const v1::EraseDetailRequest& request) {
  if (!Check(call, request)) return;
  std::optional<v1::Erasure> erasure = TakeProposal(call, request);
  if (!erasure.has_value()) return;
  erasure->set_state(v1::ERASURE_STATE_ERASED);
  erasure->set_confirmed_by(call.CallerName());
  SetTime(*erasure->mutable_erase_time(), call.now());
  call.entry().type = log::EntryType::kErasure;
  call.entry().reason = ReasonOf(request.reason());
  call.entry().by = "auditor";
  const auto recorded =
      call.Commit({.erasures = {request.index()},
                   .records = {{store::RecordKind::kErasure, store::RecordKey(request.proposal()),
                                erasure->SerializeAsString()}}});
  if (!recorded.has_value()) return;
  WantPurge();
  Tick();
  v1::EraseDetailResponse response;
  *response.mutable_erasure() = Told(*std::move(erasure), request.proposal(), recorded->index);
  call.Answer(response.SerializeAsString());
}

std::optional<v1::Erasure> Erasures::TakeProposal(AuditCall& call,
                                                  const v1::EraseDetailRequest& request) {
  const absl::StatusOr<store::KeptRecord> record = with_.store.records()->Read(
      store::RecordKind::kErasure, store::RecordKey(request.proposal()));
  if (absl::IsNotFound(record.status())) {
    call.Refuse(ProposalInvalid());
    return std::nullopt;
  }
  absl::StatusOr<v1::Erasure> proposal =
      record.ok() ? ParseRecord<v1::Erasure>(*record) : record.status();
  if (!proposal.ok()) {
    call.Refuse(StoreFault(proposal.status()));
    return std::nullopt;
  }
  proposal->set_proposal(request.proposal());
  const bool open = proposal->state() == v1::ERASURE_STATE_PROPOSED &&
                    call.now() <= TimeOf(proposal->expire_time()) && proposal->has_index() &&
                    proposal->index() == request.index() && proposal->reason() == request.reason();
  const absl::StatusOr<bool> of_another = open ? IsOfAnother(call, *proposal) : false;
  if (!of_another.ok()) {
    call.Refuse(StoreFault(of_another.status()));
    return std::nullopt;
  }
  if (!*of_another) {
    call.Refuse(ProposalInvalid());
    return std::nullopt;
  }
  return *std::move(proposal);
}

// The person who proposed stands in the sealed part of the proposal's entry; where that is gone
// already, nobody can be told apart and the proposal is void.
absl::StatusOr<bool> Erasures::IsOfAnother(const AuditCall& call, const v1::Erasure& proposal) {
  if (proposal.proposed_by() == call.CallerName()) return false;
  CHAYAN_ASSIGN_OR_RETURN(const log::ParsedLeaf leaf, ReadEntry(with_.store, proposal.proposal()));
  // Two systems with one key are one.
  if (leaf.Get("cert") == Base64Encode(call.caller().certificate.raw())) return false;
  CHAYAN_ASSIGN_OR_RETURN(const Detail detail, OpenDetail(with_, proposal.proposal(), leaf.id));
  if (detail.state != v1::DETAIL_STATE_OPEN) return false;
  return leaf.Get("member") != call.caller().member ||
         detail.message.person_id() != call.person_id();
}

v1::Erasure Erasures::Told(v1::Erasure kept, uint64_t key, uint64_t index) const {
  kept.set_proposal(key);
  if (kept.state() == v1::ERASURE_STATE_PROPOSED) {
    if (with_.clock.Now() > TimeOf(kept.expire_time())) kept.set_state(v1::ERASURE_STATE_EXPIRED);
    return kept;
  }
  kept.set_erasure(index);
  for (const auto& [size, time] : purges_) {
    if (index >= size) continue;
    kept.set_state(v1::ERASURE_STATE_COMPLETE);
    SetTime(*kept.mutable_complete_time(), time);
    break;
  }
  return kept;
}

void Erasures::ListErasures(AuditCall call) {
  v1::ListErasuresRequest request;
  if (!call.Parse(request) || !call.Permit(policy::AuditAction::kErase).has_value()) return;
  const std::optional<PagePlace> place = call.PageStart(request, {});
  if (!place.has_value()) return;
  const auto size = static_cast<int>(AuditCall::PageSize(request, kPageDefault, kPageMax));
  v1::ListErasuresResponse response;
  const absl::Status status = VisitRecords<v1::Erasure>(
      *with_.store.records(), store::RecordKind::kErasure, place->next,
      [&](uint64_t index, const store::KeptRecord& record, v1::Erasure erasure) {
        if (response.erasures_size() == size) {
          response.set_next_page_token(call.NextToken(request, {index, 0}));
          return false;
        }
        *response.add_erasures() = Told(std::move(erasure), index, record.index);
        return true;
      });
  if (!status.ok()) return call.Refuse(StoreFault(status));
  call.Reply(response.SerializeAsString());
}

void Erasures::Tick() {
  if (!purge_wanted_) return;
  // Taken first: what is committed meanwhile may have been too late for this purge.
  const uint64_t size = with_.committer.Status().size;
  const absl::Status status = with_.store.erasures()->Purge();
  if (status.ok()) {
    purge_wanted_ = false;
    purges_.emplace_back(size, with_.clock.Now());
  } else if (!absl::IsUnavailable(status)) {
    diag::Error("audit.purge_failed", {{"cause", std::string(status.message())}});
  }
}

}  // namespace chayan::audit
