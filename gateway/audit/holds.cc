#include "gateway/audit/holds.h"

#include <utility>

#include "absl/strings/strip.h"
#include "gateway/audit/kept_records.h"

namespace chayan::audit {
namespace {

constexpr size_t kPageDefault = 100;
constexpr size_t kPageMax = 1000;

// The name of a reason as it stands in an entry: "LAWSUIT".
std::string ReasonOf(v1::HoldReason reason) {
  return std::string(absl::StripPrefix(v1::HoldReason_Name(reason), "HOLD_REASON_"));
}

}  // namespace

void PlaceHold(const Collaborators& with, AuditCall call) {
  v1::PlaceHoldRequest request;
  if (!call.Parse(request) || !call.TakePurpose(request.purpose())) return;
  if (!v1::HoldReason_IsValid(request.reason()) || request.reason() == 0) {
    return call.Refuse(policy::RefusedField(v1::ERROR_REASON_FIELD_INVALID, "reason",
                                            "write one of HoldReason's values"));
  }
  if (!call.TakeEntry(policy::AuditAction::kHold, request.index()).has_value()) return;
  const absl::StatusOr<store::VaultRow> row = with.store.ReadVault(request.index());
  if (absl::IsNotFound(row.status())) {
    return call.Refuse(policy::Refused(v1::ERROR_REASON_DETAIL_ERASED,
                                       "the entry has no sealed part, or none any more"));
  }
  if (!row.ok()) return call.Refuse(StoreFault(row.status()));
  v1::Hold hold;
  hold.set_index(request.index());
  hold.set_vault_key(row->key_id);
  hold.set_reason(request.reason());
  hold.set_placed_by(call.CallerName());
  hold.mutable_place_time()->set_seconds(absl::ToUnixSeconds(call.now()));
  call.entry().reason = ReasonOf(request.reason());
  const auto recorded =
      call.Commit({.records = {{store::RecordKind::kHold, store::RecordKey(request.index()),
                                hold.SerializeAsString()}}});
  if (!recorded.has_value()) return;
  v1::PlaceHoldResponse response;
  *response.mutable_hold() = std::move(hold);
  response.mutable_hold()->set_placed(recorded->index);
  call.Answer(response.SerializeAsString());
}

void LiftHold(const Collaborators& with, AuditCall call) {
  v1::LiftHoldRequest request;
  if (!call.Parse(request) || !call.TakePurpose(request.purpose())) return;
  if (!call.TakeEntry(policy::AuditAction::kHold, request.index()).has_value()) return;
  const std::string key = store::RecordKey(request.index());
  const absl::StatusOr<store::KeptRecord> record =
      with.store.records()->Read(store::RecordKind::kHold, key);
  if (absl::IsNotFound(record.status())) {
    return call.Refuse(policy::RefusedField(v1::ERROR_REASON_HOLD_NOT_FOUND, "index",
                                            "no legal hold keeps this entry"));
  }
  absl::StatusOr<v1::Hold> hold =
      record.ok() ? ParseRecord<v1::Hold>(*record) : absl::StatusOr<v1::Hold>(record.status());
  if (!hold.ok()) return call.Refuse(StoreFault(hold.status()));
  hold->set_placed(record->index);
  const auto recorded = call.Commit({.records = {{store::RecordKind::kHold, key, ""}}});
  if (!recorded.has_value()) return;
  v1::LiftHoldResponse response;
  *response.mutable_hold() = *std::move(hold);
  call.Answer(response.SerializeAsString());
}

void ListHolds(const Collaborators& with, AuditCall call) {
  v1::ListHoldsRequest request;
  if (!call.Parse(request) || !call.Permit(policy::AuditAction::kHold).has_value()) return;
  const std::optional<PagePlace> place = call.PageStart(request, {});
  if (!place.has_value()) return;
  const auto size = static_cast<int>(AuditCall::PageSize(request, kPageDefault, kPageMax));
  v1::ListHoldsResponse response;
  const absl::Status status =
      VisitRecords<v1::Hold>(*with.store.records(), store::RecordKind::kHold, place->next,
                             [&](uint64_t index, const store::KeptRecord& record, v1::Hold hold) {
                               if (response.holds_size() == size) {
                                 response.set_next_page_token(call.NextToken(request, {index, 0}));
                                 return false;
                               }
                               hold.set_placed(record.index);
                               *response.add_holds() = std::move(hold);
                               return true;
                             });
  if (!status.ok()) return call.Refuse(StoreFault(status));
  call.Reply(response.SerializeAsString());
}

absl::StatusOr<bool> IsHeld(store::Store& store, uint64_t index) {
  const absl::Status status =
      store.records()->Read(store::RecordKind::kHold, store::RecordKey(index)).status();
  if (absl::IsNotFound(status)) return false;
  CHAYAN_RETURN_IF_ERROR(status);
  return true;
}

absl::StatusOr<absl::btree_map<std::string, std::vector<uint64_t>>> HeldByKey(store::Store& store) {
  absl::btree_map<std::string, std::vector<uint64_t>> held;
  CHAYAN_RETURN_IF_ERROR(VisitRecords<v1::Hold>(
      *store.records(), store::RecordKind::kHold, 0,
      [&held](uint64_t index, const store::KeptRecord&, const v1::Hold& hold) {
        held[hold.vault_key()].push_back(index);
        return true;
      }));
  return held;
}

}  // namespace chayan::audit
