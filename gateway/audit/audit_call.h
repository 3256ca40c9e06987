// One call of the audit service, from its bytes to its recorded answer. A call that concerns a
// person carries an AuditPurpose; its entry then has a vault row with what was looked at, and is
// indexed under that person: reads of the log are part of what ListAccesses shows.
#ifndef CHAYAN_GATEWAY_AUDIT_AUDIT_CALL_H_
#define CHAYAN_GATEWAY_AUDIT_AUDIT_CALL_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "chayan/v1/audit_service.pb.h"
#include "chayan/v1/entry_detail.pb.h"
#include "gateway/audit/collaborators.h"
#include "gateway/log/entry.h"
#include "gateway/policy/audit.h"
#include "gateway/rpc/call.h"
#include "gateway/rpc/request.h"

namespace chayan::audit {

// The operator is told the cause, the caller that there is one.
policy::Refusal StoreFault(const absl::Status& status);
policy::Refusal NoSuchEntry();

absl::StatusOr<log::ParsedLeaf> ReadEntry(store::Store& store, uint64_t index);

// What a leaf is to the grants. Views into the leaf.
policy::AuditedEntry EntryOf(const log::ParsedLeaf& leaf);

// Lives on one thread. Exactly one of Refuse, Reply and Commit records the call.
class AuditCall {
 public:
  // What a change of state adds to its entry.
  struct Change {
    std::vector<uint64_t> erasures{};
    std::vector<store::Record> records{};
  };
  AuditCall(const Collaborators& with, std::shared_ptr<rpc::UnaryCall> call);

  const policy::Caller& caller() const { return call_->caller(); }
  absl::string_view request_bytes() const { return call_->request(); }
  const registry::Snapshot& snapshot() const { return *snapshot_; }
  absl::Time now() const { return now_; }
  // Entries that there are; what comes later does not belong to this call's answer.
  uint64_t log_size() const { return log_size_; }
  // "member/system", as records name those who act.
  std::string CallerName() const;
  // Of the AuditPurpose taken.
  const std::string& person_id() const { return detail_.person_id(); }

  // The entry and, for a call that concerns a person, what is sealed with it.
  log::Entry& entry() { return entry_; }
  v1::EntryDetail& detail() { return detail_; }
  // Whom the call was about, in the normal form of log::SubjectKey.
  void SetSubjectKey(std::string key) { subject_key_ = std::move(key); }

  // Each of these is false, or empty, after it has refused the call.
  template <typename Request>
  bool Parse(Request& request);
  bool TakePurpose(const v1::AuditPurpose& purpose);
  std::optional<policy::AuditPermit> Permit(policy::AuditAction action,
                                            const policy::AuditScope& scope = {});
  // Whether a grant covers this very entry; it then stands in the call's entry.
  bool PermitEntry(policy::AuditAction action, const log::ParsedLeaf& leaf);
  // The entry `index`, if there is one and a grant covers it.
  std::optional<log::ParsedLeaf> TakeEntry(policy::AuditAction action, uint64_t index);
  // Where the page begins and the listing ends: `first`, or what the token says.
  template <typename Request>
  std::optional<PagePlace> PageStart(const Request& request, PagePlace first);
  // At most `max`, `usual` when the request does not say. REQUIRES: PageStart let it pass.
  template <typename Request>
  static size_t PageSize(const Request& request, size_t usual, size_t max);
  template <typename Request>
  std::string NextToken(const Request& request, PagePlace place) const;

  void Refuse(policy::Refusal refusal);
  // Records, then replies.
  void Reply(std::string message);
  // Commits to the request now, also when it concerns no person; r_req.
  std::optional<std::string> SealRequest();
  // Records a change of state and waits until it is in the log; the caller replies with Answer.
  // Empty after the call was failed because the log cannot be written.
  std::optional<log::Committed> Commit(Change change);
  void Answer(std::string message) { call_->Reply(std::move(message)); }

 private:
  // What the call concerns goes into row_, where it concerns anybody. An error when the vault's key
  // cannot be had: then nothing is answered.
  absl::Status Seal(absl::string_view response);
  template <typename Request>
  std::string QuestionOf(const Request& request) const;
  bool CheckText(absl::string_view text, size_t characters_max, bool required, const char* field);

  const Collaborators& with_;
  const std::shared_ptr<rpc::UnaryCall> call_;
  const std::shared_ptr<const registry::Snapshot> snapshot_;
  const absl::Time now_;
  const uint64_t log_size_;
  log::Entry entry_;
  v1::EntryDetail detail_;
  std::string subject_key_;
  bool concerns_person_ = false;
  std::string request_opening_;
  std::optional<store::VaultRow> row_;
};

template <typename Request>
bool AuditCall::Parse(Request& request) {
  const auto refusal = rpc::ReadRequest(*call_, request);
  if (refusal.has_value()) Refuse(*refusal);
  return !refusal.has_value();
}

template <typename Request>
std::string AuditCall::QuestionOf(const Request& request) const {
  Request question = request;
  question.clear_page_token();
  question.clear_page_size();
  return absl::StrCat(call_->method(), "/", caller().member, "/", caller().system, "/",
                      question.SerializeAsString());
}

template <typename Request>
std::optional<PagePlace> AuditCall::PageStart(const Request& request, PagePlace first) {
  if (request.page_size() < 0) {
    Refuse(policy::RefusedField(v1::ERROR_REASON_FIELD_INVALID, "page_size",
                                "write 0 or a positive number"));
    return std::nullopt;
  }
  if (request.page_token().empty()) return first;
  const absl::StatusOr<PagePlace> place =
      with_.page_tokens.Read(request.page_token(), QuestionOf(request));
  if (place.ok()) return *place;
  Refuse(policy::RefusedField(
      v1::ERROR_REASON_PAGE_TOKEN_INVALID, "page_token",
      "write next_page_token of the previous page with all else as it was, or begin "
      "again without one"));
  return std::nullopt;
}

template <typename Request>
size_t AuditCall::PageSize(const Request& request, size_t usual, size_t max) {
  return request.page_size() == 0 ? usual : std::min(static_cast<size_t>(request.page_size()), max);
}

template <typename Request>
std::string AuditCall::NextToken(const Request& request, PagePlace place) const {
  return with_.page_tokens.Make(place, QuestionOf(request));
}

}  // namespace chayan::audit

#endif  // CHAYAN_GATEWAY_AUDIT_AUDIT_CALL_H_
