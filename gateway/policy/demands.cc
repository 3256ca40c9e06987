#include "gateway/policy/demands.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace chayan::policy {
namespace {

Refusal RefuseByRule(const Call& call, const registry::CountyRule& rule, const char* narrowed,
                     const char* message) {
  Refusal refusal = RefuseCall(call, v1::ERROR_REASON_COUNTY_RULE, message);
  refusal.metadata.emplace_back("county_rule", rule.proto->id());
  refusal.metadata.emplace_back("county", rule.proto->county());
  refusal.metadata.emplace_back("narrowed", narrowed);
  return refusal;
}

std::optional<Refusal> CheckWithheldFields(const Call& call,
                                           const v1::VerifyDocumentRequest& request,
                                           const registry::CountyRule& rule) {
  std::vector<FieldViolation> violations;
  for (int i = 0; i < request.requested_fields_size(); ++i) {
    if (!Contains(rule.proto->withheld_fields(), request.requested_fields(i))) continue;
    violations.push_back({absl::StrCat("requested_fields[", i, "]"),
                          "is withheld by the county's rule; leave the field out"});
  }
  if (violations.empty()) return std::nullopt;
  Refusal refusal =
      RefuseByRule(call, rule, "withheld_fields", "the county's rule withholds a requested field");
  refusal.violations = std::move(violations);
  return refusal;
}

std::optional<Refusal> CheckRule(const Call& call, const v1::VerifyDocumentRequest& request,
                                 absl::CivilMinute local, const registry::CountyRule& rule) {
  const v1::CountyRule& proto = *rule.proto;
  if (proto.barred()) {
    return RefuseByRule(
        call, rule, "barred",
        "the county's rule bars its offices from this kind; ask the holder by form");
  }
  if (!proto.person_roles().empty() &&
      !Contains(proto.person_roles(), call.purpose.person().role())) {
    Refusal refusal = RefuseByRule(call, rule, "person_roles",
                                   "the county's rule does not let persons of this role ask");
    refusal.violations.push_back(
        {"purpose.person.role", absl::StrCat("may not ask; ask a person with one of the roles ",
                                             absl::StrJoin(proto.person_roles(), ", "))});
    return refusal;
  }
  if (auto refusal = CheckWithheldFields(call, request, rule)) return refusal;
  if (rule.hours.Contain(local, call.snapshot.calendar())) return std::nullopt;
  Refusal refusal = RefuseByRule(call, rule, "hours", "the county's rule does not cover this hour");
  refusal.metadata.emplace_back("from", proto.hours().from());
  refusal.metadata.emplace_back("to", proto.hours().to());
  if (proto.hours().workdays_only()) refusal.metadata.emplace_back("workdays_only", "true");
  return refusal;
}

Refusal RefuseApproval(const Call& call, v1::ErrorReason reason, const char* field,
                       absl::string_view message, std::string remedy) {
  Refusal refusal = RefuseCall(call, reason, std::string(message));
  refusal.violations.push_back({field, std::move(remedy)});
  return refusal;
}

std::optional<Refusal> CheckApproval(const Call& call, const v1::VerifyDocumentRequest& request,
                                     bool required, PersonProof& proof) {
  const v1::Purpose& purpose = call.purpose;
  if (!purpose.has_approver()) {
    if (!required) return std::nullopt;
    return RefuseApproval(call, v1::ERROR_REASON_APPROVAL_REQUIRED, "purpose.approver",
                          "this kind may be asked only with a second person's approval",
                          "is missing; name the approver, with an assertion for this question");
  }
  const v1::Person& approver = purpose.approver();
  if (approver.id() == purpose.person().id()) {
    return RefuseApproval(call, v1::ERROR_REASON_APPROVAL_INVALID, "purpose.approver.id",
                          "the approver is the person who asks",
                          "is the asking person's own; another person must approve");
  }
  const absl::Status verified =
      VerifyAssertion(approver.assertion(), call.caller, approver.id(), approver.role(),
                      call.snapshot, call.now, ApprovalOf(request));
  if (!verified.ok()) {
    Refusal refusal = RefuseApproval(
        call, v1::ERROR_REASON_APPROVAL_INVALID, "purpose.approver.assertion",
        absl::StrCat("the approval: ", verified.message()), std::string(verified.message()));
    refusal.metadata.emplace_back("cause", std::string(verified.message()));
    return refusal;
  }
  proof = PersonProof::kApproved;
  return std::nullopt;
}

}  // namespace

std::optional<Refusal> CheckCounty(const Call& call, const v1::VerifyDocumentRequest& request,
                                   absl::CivilMinute local, Demands& demands) {
  for (const registry::CountyRule& rule : call.snapshot.CountyRules(call.acting_for)) {
    if (!rule.IsAbout(call.kind)) continue;
    if (auto refusal = CheckRule(call, request, local, rule)) return refusal;
    demands.assertion |= rule.proto->person_assertion_required();
    demands.approval |= rule.proto->approval_required();
  }
  return std::nullopt;
}

std::optional<Refusal> CheckPersons(const Call& call, const v1::VerifyDocumentRequest& request,
                                    const Demands& demands, PersonProof& proof) {
  // An approval is worth nothing where nobody knows who asks: it might be the same person.
  const bool assertion = demands.assertion || demands.approval || call.purpose.has_approver();
  if (auto refusal = CheckPerson(call, assertion, proof)) return refusal;
  return CheckApproval(call, request, demands.approval, proof);
}

}  // namespace chayan::policy
