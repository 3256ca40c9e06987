#include "gateway/operate/persons.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/diag.h"
#include "gateway/base/status_macros.h"
#include "gateway/ident/fold.h"
#include "gateway/log/search_key.h"
#include "gateway/policy/decide.h"

namespace chayan::operate {

policy::Refusal Refused(v1::ErrorReason reason, std::string message,
                        std::vector<policy::FieldViolation> violations) {
  policy::Refusal refusal = policy::Refused(reason, std::move(message));
  refusal.violations = std::move(violations);
  return refusal;
}

std::optional<policy::Refusal> CheckTexts(const std::vector<RequiredText>& texts,
                                          absl::string_view missing) {
  for (const auto& [field, value, characters_max] : texts) {
    if (absl::StripAsciiWhitespace(value).empty()) {
      return Refused(v1::ERROR_REASON_FIELD_MISSING, absl::StrCat(field, " is missing"),
                     {{field, absl::StrCat("is missing; ", missing)}});
    }
    if (ident::CountCodePoints(value) > characters_max) {
      return Refused(v1::ERROR_REASON_FIELD_INVALID, absl::StrCat(field, " is too long"),
                     {{field, absl::StrCat("write at most ", characters_max, " characters")}});
    }
  }
  return std::nullopt;
}

std::optional<policy::Refusal> CheckPerson(const policy::Caller& caller, const v1::Person& person,
                                           const registry::Snapshot& snapshot, absl::Time now,
                                           bool required) {
  if (person.assertion().empty()) {
    if (!required) return std::nullopt;
    return Refused(v1::ERROR_REASON_PERSON_ASSERTION_REQUIRED,
                   "the person's assertion must be there",
                   {{"person.assertion",
                     "is missing; write a compact JWS by an assertion key of the operator"}});
  }
  const absl::Status verified = policy::VerifyAssertion(person.assertion(), caller, person.id(),
                                                        person.role(), snapshot, now);
  if (verified.ok()) return std::nullopt;
  return Refused(v1::ERROR_REASON_PERSON_ASSERTION_INVALID,
                 absl::StrCat("the person's assertion: ", verified.message()),
                 {{"person.assertion", std::string(verified.message())}});
}

std::optional<policy::Refusal> CheckApprover(const policy::Caller& caller, const v1::Person& person,
                                             const v1::Person& approver,
                                             const registry::Snapshot& snapshot, absl::Time now,
                                             absl::string_view approves) {
  if (approver.id() == person.id()) {
    return Refused(v1::ERROR_REASON_APPROVAL_INVALID, "the approver is the person who applies",
                   {{"approver.id", "is the applying person's own; another person must approve"}});
  }
  const absl::Status verified = policy::VerifyAssertion(approver.assertion(), caller, approver.id(),
                                                        approver.role(), snapshot, now, approves);
  if (verified.ok()) return std::nullopt;
  return Refused(v1::ERROR_REASON_APPROVAL_INVALID,
                 absl::StrCat("the approval: ", verified.message()),
                 {{"approver.assertion", std::string(verified.message())}});
}

absl::StatusOr<store::VaultRow> SealPersons(log::Vault& vault, const rpc::UnaryCall& call,
                                            const v1::EntryDetail& detail,
                                            absl::string_view response, log::Entry& entry) {
  const std::string detail_bytes = detail.SerializeAsString();
  log::VaultInput input;
  input.id = entry.id;
  input.retention_class = v1::RETENTION_CLASS_FIVE_YEARS;
  input.request = call.request();
  input.response = response;
  input.detail = detail_bytes;
  input.person = log::PersonKey(call.caller().member, detail.person_id());
  absl::StatusOr<log::VaultOutput> sealed = vault.Seal(input);
  if (!sealed.ok()) {
    diag::Error("operate.vault_fault", {{"cause", std::string(sealed.status().message())}});
    return sealed.status();
  }
  entry.c_req = sealed->c_req;
  entry.c_res = sealed->c_res;
  entry.c_detail = sealed->c_detail;
  return std::move(sealed->row);
}

}  // namespace chayan::operate
