#include "gateway/policy/call.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gateway/base/nearest_name.h"
#include "gateway/registry/shapes.h"

namespace chayan::policy {
namespace {

// With more than these, only the nearest name is told.
constexpr size_t kChoicesMax = 10;

bool IsBlank(absl::string_view text) { return absl::StripAsciiWhitespace(text).empty(); }

}  // namespace

Refusal RefuseCall(const Call& call, v1::ErrorReason reason, std::string message) {
  Refusal refusal;
  refusal.reason = reason;
  refusal.message = std::move(message);
  refusal.metadata.emplace_back("member", call.caller.member);
  refusal.metadata.emplace_back("system", call.caller.system);
  if (call.snapshot.FindMember(call.acting_for) != nullptr) {
    refusal.metadata.emplace_back("acting_for", call.acting_for);
  }
  if (call.kind_known) refusal.metadata.emplace_back(call.kind_field, call.kind);
  if (call.snapshot.HasPurpose(call.purpose.purpose_code())) {
    refusal.metadata.emplace_back("purpose_code", call.purpose.purpose_code());
  }
  if (call.snapshot.HasLegalBasis(call.purpose.legal_basis())) {
    refusal.metadata.emplace_back("legal_basis", call.purpose.legal_basis());
  }
  return refusal;
}

std::optional<Refusal> CheckCaller(const Call& call, bool (*may)(v1::Role),
                                   absl::string_view verb) {
  const v1::System* system = call.snapshot.FindSystem(call.caller.member, call.caller.system);
  if (system == nullptr) {
    return RefuseCall(call, v1::ERROR_REASON_CALLER_UNKNOWN,
                      "the calling system is not in the registry");
  }
  if (!may(system->role())) {
    return RefuseCall(call, v1::ERROR_REASON_ROLE_NOT_ALLOWED,
                      absl::StrCat("the calling system's role may not ", verb));
  }
  if (!IsBlank(call.acting_for) && !Contains(system->acting_for(), call.acting_for)) {
    Refusal refusal = RefuseCall(call, v1::ERROR_REASON_ACTING_FOR_NOT_ALLOWED,
                                 "the calling system does not act for this office");
    refusal.violations.push_back(
        {"acting_for", absl::StrCat("is no office of this system; write one of ",
                                    absl::StrJoin(system->acting_for(), ", "))});
    return refusal;
  }
  return std::nullopt;
}

std::optional<Refusal> CheckNamed(const Call& call, const char* what, const NamedFields& required,
                                  absl::string_view advice) {
  std::vector<std::string> missing;
  for (const auto& [field, value] : required) {
    if (IsBlank(*value)) missing.emplace_back(field);
  }
  if (missing.empty()) return std::nullopt;
  const std::string fields = absl::StrJoin(missing, ", ");
  Refusal refusal = RefuseCall(call, v1::ERROR_REASON_FIELD_MISSING,
                               absl::StrCat("the ", what, " lacks ", fields));
  refusal.metadata.emplace_back("fields", fields);
  for (std::string& field : missing) {
    refusal.violations.push_back({std::move(field), absl::StrCat("is missing; ", advice)});
  }
  return refusal;
}

std::string Advice(absl::string_view written, const std::vector<absl::string_view>& names,
                   absl::string_view where) {
  const absl::string_view nearest = NearestName(written, names);
  if (!nearest.empty()) return absl::StrCat("; did you mean ", nearest, "?");
  if (names.empty() || names.size() > kChoicesMax) return absl::StrCat("; see ", where);
  return absl::StrCat("; write one of ", absl::StrJoin(names, ", "));
}

FieldViolation KindViolation(const Call& call, absl::string_view what,
                             const std::vector<absl::string_view>& codes) {
  return {call.kind_field,
          absl::StrCat("is no ", what, " of the catalogue",
                       Advice(call.kind, codes,
                              what == "document kind" ? "GetDocumentKind" : "ListNoticeKinds"))};
}

std::optional<Refusal> CheckPerson(const Call& call, bool assertion_required, PersonProof& proof) {
  const v1::Person& person = call.purpose.person();
  proof = PersonProof::kNone;
  if (person.assertion().empty()) {
    if (!assertion_required) return std::nullopt;
    Refusal refusal = RefuseCall(call, v1::ERROR_REASON_PERSON_ASSERTION_REQUIRED,
                                 "this kind may be asked only with the person's assertion");
    refusal.violations.push_back(
        {"purpose.person.assertion", "is missing; write a compact JWS by a key of the member"});
    return refusal;
  }
  const absl::Status verified = VerifyAssertion(person.assertion(), call.caller, person.id(),
                                                person.role(), call.snapshot, call.now);
  if (verified.ok()) {
    proof = PersonProof::kMember;
    return std::nullopt;
  }
  Refusal refusal = RefuseCall(call, v1::ERROR_REASON_PERSON_ASSERTION_INVALID,
                               absl::StrCat("the person's assertion: ", verified.message()));
  refusal.metadata.emplace_back("cause", std::string(verified.message()));
  refusal.violations.push_back({"purpose.person.assertion", std::string(verified.message())});
  return refusal;
}

}  // namespace chayan::policy
