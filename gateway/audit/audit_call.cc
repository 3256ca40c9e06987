#include "gateway/audit/audit_call.h"

#include <utility>
#include <variant>

#include "absl/synchronization/notification.h"
#include "gateway/base/diag.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_macros.h"
#include "gateway/ident/fold.h"
#include "gateway/log/search_key.h"
#include "gateway/rpc/recorded.h"

namespace chayan::audit {
namespace {

// What audit_service.proto promises of an AuditPurpose.
constexpr size_t kPurposeIdMax = 64;
constexpr size_t kPurposeReasonMax = 500;
// Reads are kept as long as the law wants incidents and accesses kept (see domain rules: 5 years).
constexpr v1::RetentionClass kReadRetention = v1::RETENTION_CLASS_FIVE_YEARS;

}  // namespace

policy::Refusal StoreFault(const absl::Status& status) {
  diag::Error("audit.store_fault", {{"cause", std::string(status.message())}});
  return policy::Refused(v1::ERROR_REASON_INTERNAL,
                         "the store cannot be read; the operator has been told");
}

policy::Refusal NoSuchEntry() {
  return policy::RefusedField(v1::ERROR_REASON_ENTRY_NOT_FOUND, "index", "there is no such entry");
}

policy::AuditedEntry EntryOf(const log::ParsedLeaf& leaf) {
  return {.member = leaf.Get("member"),
          .office = leaf.Get("for"),
          .kind = leaf.Get("kind"),
          .time = leaf.time};
}

absl::StatusOr<log::ParsedLeaf> ReadEntry(store::Store& store, uint64_t index) {
  CHAYAN_ASSIGN_OR_RETURN(const std::vector<std::string> leaves, store.ReadLeaves(index, 1, 0));
  return log::ParseLeaf(leaves[0]);
}

AuditCall::AuditCall(const Collaborators& with, std::shared_ptr<rpc::UnaryCall> call)
    : with_(with),
      call_(std::move(call)),
      snapshot_(with.registry()),
      now_(with.clock.Now()),
      log_size_(with.committer.Status().size),
      entry_(rpc::EntryOf(call_->caller(), call_->method(), log::EntryType::kRead,
                          Uuid::Version7(now_, with.random))) {}

std::string AuditCall::CallerName() const {
  return absl::StrCat(caller().member, "/", caller().system);
}

bool AuditCall::CheckText(absl::string_view text, size_t characters_max, bool required,
                          const char* field) {
  if (required && text.empty()) {
    Refuse(policy::RefusedField(
        v1::ERROR_REASON_FIELD_MISSING, field,
        "is missing; a call that concerns a person names who makes it, and for which "
        "file"));
    return false;
  }
  if (IsValidUtf8(text) && ident::CountCodePoints(text) <= characters_max) return true;
  Refuse(policy::RefusedField(v1::ERROR_REASON_FIELD_INVALID, field,
                              absl::StrCat("write at most ", characters_max, " characters")));
  return false;
}

bool AuditCall::TakePurpose(const v1::AuditPurpose& purpose) {
  if (!CheckText(purpose.person_id(), kPurposeIdMax, true, "purpose.person_id") ||
      !CheckText(purpose.case_number(), kPurposeIdMax, true, "purpose.case_number") ||
      !CheckText(purpose.reason(), kPurposeReasonMax, false, "purpose.reason")) {
    return false;
  }
  detail_.set_person_id(purpose.person_id());
  detail_.set_person_role("auditor");
  detail_.set_case_number(purpose.case_number());
  detail_.set_reason(purpose.reason());
  concerns_person_ = true;
  return true;
}

std::optional<policy::AuditPermit> AuditCall::Permit(policy::AuditAction action,
                                                     const policy::AuditScope& scope) {
  policy::AuditDecision decision = policy::DecideAudit(caller(), action, scope, *snapshot_, now_);
  entry_.registry = snapshot_->digest();
  if (auto* refusal = std::get_if<policy::Refusal>(&decision)) {
    Refuse(std::move(*refusal));
    return std::nullopt;
  }
  policy::AuditPermit permit = std::get<policy::AuditPermit>(std::move(decision));
  entry_.grant = permit.grants.front()->proto->id();
  return permit;
}

bool AuditCall::PermitEntry(policy::AuditAction action, const log::ParsedLeaf& leaf) {
  const std::optional<policy::AuditPermit> permit = Permit(action);
  if (!permit.has_value()) return false;
  const registry::AuditGrant* grant = permit->Covering(EntryOf(leaf));
  if (grant == nullptr) {
    entry_.grant.clear();
    Refuse(policy::AuditNotGranted("this entry"));
    return false;
  }
  entry_.grant = grant->proto->id();
  return true;
}

std::optional<log::ParsedLeaf> AuditCall::TakeEntry(policy::AuditAction action, uint64_t index) {
  if (index >= log_size_) {
    Refuse(NoSuchEntry());
    return std::nullopt;
  }
  entry_.ref = index;
  absl::StatusOr<log::ParsedLeaf> leaf = ReadEntry(with_.store, index);
  if (!leaf.ok()) {
    Refuse(StoreFault(leaf.status()));
    return std::nullopt;
  }
  if (!PermitEntry(action, *leaf)) return std::nullopt;
  return *std::move(leaf);
}

absl::Status AuditCall::Seal(absl::string_view response) {
  if (!concerns_person_) return absl::OkStatus();
  const std::string detail = detail_.SerializeAsString();
  log::VaultInput input;
  input.id = entry_.id;
  input.retention_class = kReadRetention;
  input.request = call_->request();
  input.response = response;
  input.detail = detail;
  input.subject = subject_key_;
  input.person = log::PersonKey(caller().member, detail_.person_id());
  input.case_number = log::CaseKey(caller().member, detail_.case_number());
  absl::StatusOr<log::VaultOutput> sealed = with_.vault.Seal(input);
  if (!sealed.ok()) {
    diag::Error("audit.vault_fault", {{"cause", std::string(sealed.status().message())}});
    return absl::UnavailableError("vault: the key cannot be had");
  }
  entry_.c_req = sealed->c_req;
  if (!response.empty()) entry_.c_res = sealed->c_res;
  entry_.c_detail = sealed->c_detail;
  request_opening_ = std::move(sealed->request_opening);
  row_ = std::move(sealed->row);
  return absl::OkStatus();
}

std::optional<std::string> AuditCall::SealRequest() {
  concerns_person_ = true;
  const absl::Status sealed = Seal({});
  if (sealed.ok()) return request_opening_;
  call_->Fail(rpc::LogUnavailable(sealed));
  return std::nullopt;
}

void AuditCall::Refuse(policy::Refusal refusal) {
  entry_.type = refusal.code() == absl::StatusCode::kPermissionDenied ? log::EntryType::kDenied
                                                                      : log::EntryType::kFailed;
  entry_.reason = refusal.reason_name();
  std::string status_bytes = refusal.ToStatusBytes();
  if (const absl::Status sealed = Seal(status_bytes); !sealed.ok()) {
    return call_->Fail(rpc::LogUnavailable(sealed));
  }
  with_.committer.Submit(
      {std::move(entry_), std::move(row_), std::nullopt,
       [call = call_, refusal = std::move(refusal),
        status_bytes = std::move(status_bytes)](absl::StatusOr<log::Committed> committed) mutable {
         if (!committed.ok()) return call->Fail(rpc::LogUnavailable(committed.status()));
         call->Fail(refusal, std::move(status_bytes), rpc::PlainReceipt(*committed));
       }});
}

void AuditCall::Reply(std::string message) {
  if (const absl::Status sealed = Seal(message); !sealed.ok()) {
    return call_->Fail(rpc::LogUnavailable(sealed));
  }
  with_.committer.Submit({std::move(entry_), std::move(row_), std::nullopt,
                          [call = call_, message = std::move(message)](
                              absl::StatusOr<log::Committed> committed) mutable {
                            if (!committed.ok())
                              return call->Fail(rpc::LogUnavailable(committed.status()));
                            call->Reply(std::move(message));
                          }});
}

std::optional<log::Committed> AuditCall::Commit(Change change) {
  absl::StatusOr<log::Committed> result = absl::UnknownError("not run");
  if (const absl::Status sealed = row_.has_value() ? absl::OkStatus() : Seal({}); !sealed.ok()) {
    result = sealed;
  } else {
    absl::Notification told;
    with_.committer.Submit({std::move(entry_), std::move(row_), std::nullopt,
                            [&](absl::StatusOr<log::Committed> committed) {
                              result = std::move(committed);
                              told.Notify();
                            },
                            std::move(change.erasures), std::move(change.records)});
    told.WaitForNotification();
  }
  if (result.ok()) return *std::move(result);
  call_->Fail(rpc::LogUnavailable(result.status()));
  return std::nullopt;
}

}  // namespace chayan::audit
