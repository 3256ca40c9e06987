#include "gateway/policy/decide.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/civil_time.h"
#include "gateway/base/clock.h"
#include "gateway/policy/call.h"
#include "gateway/policy/demands.h"

namespace chayan::policy {
namespace {

using Request = v1::VerifyDocumentRequest;
using Elements = google::protobuf::RepeatedPtrField<v1::Element>;

// How far a grant goes with a question: the first thing it does not cover.
enum class Reach {
  kPurpose,
  kLegalBasis,
  kPersonRole,
  kClaims,
  kFields,
  kApproverRole,
  kNotInForce,
  kLapsed,
  kOutsideHours,
  kQuotaUsed,
  kPermits,
};

// A question before a registry.
struct Question {
  const Call& call;
  const Request& request;
  absl::CivilMinute local;  // in Taipei
  const GrantStanding& standing;
};

class FreshStanding final : public GrantStanding {
 public:
  std::optional<GrantEnd> EndOf(const registry::Grant&) const override { return std::nullopt; }
  bool HasQuotaLeft(const registry::Grant&) const override { return true; }
};

Refusal Refuse(const Question& question, v1::ErrorReason reason, std::string message) {
  return RefuseCall(question.call, reason, std::move(message));
}

bool MayAsk(v1::Role role) { return role == v1::ROLE_HOUSEHOLD; }

std::optional<Refusal> CheckQuestionNamed(const Question& question) {
  const Request& request = question.request;
  const v1::Purpose& purpose = request.purpose();
  return CheckNamed(question.call, "question",
                    {{"acting_for", &request.acting_for()},
                     {"purpose.person.id", &purpose.person().id()},
                     {"purpose.person.role", &purpose.person().role()},
                     {"purpose.purpose_code", &purpose.purpose_code()},
                     {"purpose.legal_basis", &purpose.legal_basis()},
                     {"purpose.case_number", &purpose.case_number()},
                     {"document_kind", &request.document_kind()}},
                    "every question names office, person, role, purpose, legal basis, case number "
                    "and document kind");
}

Refusal RefuseKind(const Question& question) {
  std::vector<absl::string_view> codes;
  for (const registry::Kind& kind : question.call.snapshot.kinds()) {
    codes.push_back(kind.proto->code());
  }
  Refusal refusal =
      Refuse(question, v1::ERROR_REASON_DOCUMENT_KIND_UNKNOWN, "there is no such document kind");
  refusal.violations.push_back(KindViolation(question.call, "document kind", codes));
  return refusal;
}

void AddDuplicates(const Request& request, std::vector<FieldViolation>& violations) {
  for (int i = 0; i < request.claims_size(); ++i) {
    for (int j = 0; j < i; ++j) {
      if (request.claims(i).code() != request.claims(j).code()) continue;
      violations.push_back({absl::StrCat("claims[", i, "].code"),
                            absl::StrCat("stands in claims[", j, "] too; write each claim once")});
      break;
    }
  }
  const auto& fields = request.requested_fields();
  for (int i = 0; i < fields.size(); ++i) {
    if (std::find(fields.begin(), fields.begin() + i, fields[i]) == fields.begin() + i) continue;
    violations.push_back(
        {absl::StrCat("requested_fields[", i, "]"), "is there twice; write each field once"});
  }
}

std::optional<Refusal> CheckShape(const Question& question) {
  const Request& request = question.request;
  const auto claims = static_cast<size_t>(request.claims_size());
  const auto fields = static_cast<size_t>(request.requested_fields_size());
  std::vector<FieldViolation> violations;
  if (claims == 0 || claims > kClaimsMax) {
    violations.push_back(
        {"claims", absl::StrCat("has ", claims, " claims; write 1 to ", kClaimsMax)});
  }
  if (fields > kRequestedFieldsMax) {
    violations.push_back(
        {"requested_fields",
         absl::StrCat("has ", fields, " fields; write at most ", kRequestedFieldsMax)});
  }
  if (violations.empty()) AddDuplicates(request, violations);
  if (violations.empty()) return std::nullopt;
  Refusal refusal = Refuse(question, v1::ERROR_REASON_FIELD_INVALID,
                           "claims or requested fields are too many, none or there twice");
  refusal.violations = std::move(violations);
  return refusal;
}

std::vector<absl::string_view> CodesOf(const Elements& elements) {
  std::vector<absl::string_view> codes;
  for (const v1::Element& element : elements) codes.push_back(element.code());
  return codes;
}

std::optional<Refusal> CheckKnown(const Question& question, const registry::Kind& kind) {
  const Request& request = question.request;
  std::vector<FieldViolation> violations;
  for (int i = 0; i < request.claims_size(); ++i) {
    const std::string& code = request.claims(i).code();
    if (kind.FindClaim(code) != nullptr) continue;
    violations.push_back(
        {absl::StrCat("claims[", i, "].code"),
         absl::StrCat("is no claim of ", kind.proto->code(),
                      Advice(code, CodesOf(kind.proto->claims()), "GetDocumentKind"))});
  }
  const bool claims_known = violations.empty();
  for (int i = 0; i < request.requested_fields_size(); ++i) {
    const std::string& code = request.requested_fields(i);
    if (kind.FindField(code) != nullptr) continue;
    violations.push_back(
        {absl::StrCat("requested_fields[", i, "]"),
         absl::StrCat("is no field of ", kind.proto->code(),
                      Advice(code, CodesOf(kind.proto->fields()), "GetDocumentKind"))});
  }
  if (violations.empty()) return std::nullopt;
  Refusal refusal = claims_known ? Refuse(question, v1::ERROR_REASON_REQUESTED_FIELD_UNKNOWN,
                                          "the document kind has no such field")
                                 : Refuse(question, v1::ERROR_REASON_CLAIM_UNKNOWN,
                                          "the document kind has no such claim");
  refusal.violations = std::move(violations);
  return refusal;
}

// Such a question is refused in any case; nobody makes us walk through it.
bool IsTooLong(const Request& request) {
  return static_cast<size_t>(request.claims_size()) > kClaimsMax ||
         static_cast<size_t>(request.requested_fields_size()) > kRequestedFieldsMax;
}

Reach ReachOf(const registry::Grant& grant, const Question& question) {
  const v1::Grant& proto = *grant.proto;
  const Request& request = question.request;
  const v1::Purpose& purpose = request.purpose();
  if (!Contains(proto.purposes(), purpose.purpose_code())) return Reach::kPurpose;
  if (!Contains(proto.legal_bases(), purpose.legal_basis())) return Reach::kLegalBasis;
  if (!proto.person_roles().empty() && !Contains(proto.person_roles(), purpose.person().role())) {
    return Reach::kPersonRole;
  }
  if (IsTooLong(request)) return Reach::kClaims;
  for (const v1::Claim& claim : request.claims()) {
    if (!Contains(proto.claims(), claim.code())) return Reach::kClaims;
  }
  for (const std::string& field : request.requested_fields()) {
    if (!Contains(proto.fields(), field)) return Reach::kFields;
  }
  if (purpose.has_approver() && !proto.approver_roles().empty() &&
      !Contains(proto.approver_roles(), purpose.approver().role())) {
    return Reach::kApproverRole;
  }
  if (question.call.now < grant.not_before || question.call.now > grant.not_after)
    return Reach::kNotInForce;
  if (const auto end = question.standing.EndOf(grant); end.has_value()) {
    return *end == GrantEnd::kLapsed ? Reach::kLapsed : Reach::kNotInForce;
  }
  if (!grant.hours.Contain(question.local, question.call.snapshot.calendar())) {
    return Reach::kOutsideHours;
  }
  if (proto.quota_per_day() != 0 && !question.standing.HasQuotaLeft(grant)) {
    return Reach::kQuotaUsed;
  }
  return Reach::kPermits;
}

v1::ErrorReason ReasonOf(Reach reach) {
  switch (reach) {
    case Reach::kPurpose:
      return v1::ERROR_REASON_PURPOSE_NOT_GRANTED;
    case Reach::kLegalBasis:
      return v1::ERROR_REASON_LEGAL_BASIS_NOT_GRANTED;
    case Reach::kPersonRole:
      return v1::ERROR_REASON_PERSON_ROLE_NOT_GRANTED;
    case Reach::kClaims:
      return v1::ERROR_REASON_CLAIM_NOT_GRANTED;
    case Reach::kFields:
      return v1::ERROR_REASON_FIELD_NOT_GRANTED;
    case Reach::kApproverRole:
      return v1::ERROR_REASON_APPROVAL_INVALID;
    case Reach::kNotInForce:
      return v1::ERROR_REASON_GRANT_NOT_IN_FORCE;
    case Reach::kLapsed:
      return v1::ERROR_REASON_GRANT_LAPSED;
    case Reach::kOutsideHours:
      return v1::ERROR_REASON_OUTSIDE_HOURS;
    case Reach::kQuotaUsed:
      return v1::ERROR_REASON_QUOTA_EXHAUSTED;
    case Reach::kPermits:
      return v1::ERROR_REASON_UNSPECIFIED;
  }
  return v1::ERROR_REASON_INTERNAL;
}

Refusal RefuseElements(const Question& question, const v1::Grant& grant, Reach reach) {
  const Request& request = question.request;
  const bool claims = reach == Reach::kClaims;
  Refusal refusal =
      Refuse(question, ReasonOf(reach),
             claims ? "not every claim is granted" : "not every requested field is granted");
  std::vector<absl::string_view> codes;
  for (int i = 0; claims && i < request.claims_size(); ++i) {
    if (Contains(grant.claims(), request.claims(i).code())) continue;
    codes.push_back(request.claims(i).code());
    refusal.violations.push_back(
        {absl::StrCat("claims[", i, "].code"), "is not granted; leave the claim out"});
  }
  for (int i = 0; i < request.requested_fields_size(); ++i) {
    if (Contains(grant.fields(), request.requested_fields(i))) continue;
    if (!claims) codes.push_back(request.requested_fields(i));
    refusal.violations.push_back(
        {absl::StrCat("requested_fields[", i, "]"), "is not granted; leave the field out"});
  }
  refusal.metadata.emplace_back(claims ? "claims" : "fields", absl::StrJoin(codes, ","));
  refusal.metadata.emplace_back("grant", grant.id());
  return refusal;
}

Refusal RefuseHours(const Question& question, const v1::Grant& grant) {
  Refusal refusal = Refuse(question, v1::ERROR_REASON_OUTSIDE_HOURS,
                           grant.hours().workdays_only()
                               ? "the grant does not cover this hour, or not a day that is free"
                               : "the grant does not cover this hour");
  refusal.metadata.emplace_back("grant", grant.id());
  refusal.metadata.emplace_back("from", grant.hours().from());
  refusal.metadata.emplace_back("to", grant.hours().to());
  if (grant.hours().workdays_only()) refusal.metadata.emplace_back("workdays_only", "true");
  return refusal;
}

Refusal RefuseQuota(const Question& question, const v1::Grant& grant) {
  Refusal refusal =
      Refuse(question, v1::ERROR_REASON_QUOTA_EXHAUSTED, "today's quota of this grant is used up");
  refusal.metadata.emplace_back("grant", grant.id());
  refusal.metadata.emplace_back("quota_per_day", absl::StrCat(grant.quota_per_day()));
  refusal.retry_delay = registry::NextMidnight(question.call.now) - question.call.now;
  return refusal;
}

Refusal RefuseApproverRole(const Question& question, const v1::Grant& grant) {
  Refusal refusal = Refuse(question, v1::ERROR_REASON_APPROVAL_INVALID,
                           "the grant does not let a person of this role approve");
  refusal.metadata.emplace_back("grant", grant.id());
  refusal.violations.push_back(
      {"purpose.approver.role", absl::StrCat("may not approve; ask a person with one of the roles ",
                                             absl::StrJoin(grant.approver_roles(), ", "))});
  return refusal;
}

Refusal RefuseLapsed(const Question& question, const v1::Grant& grant) {
  Refusal refusal = Refuse(question, v1::ERROR_REASON_GRANT_LAPSED,
                           "the grant lapsed because nobody used it; the operator renews it under "
                           "a new id");
  refusal.metadata.emplace_back("grant", grant.id());
  return refusal;
}

// REQUIRES: `reach` is not kPermits.
Refusal RefuseGrant(const Question& question, const registry::Grant& grant, Reach reach) {
  const v1::Grant& proto = *grant.proto;
  const auto refuse = [&](const char* message) {
    return Refuse(question, ReasonOf(reach), message);
  };
  switch (reach) {
    case Reach::kPurpose:
      return refuse("this kind is not granted for this purpose");
    case Reach::kLegalBasis:
      return refuse("this kind is not granted on this legal basis");
    case Reach::kPersonRole:
      return refuse("this kind is not granted to persons of this role");
    case Reach::kClaims:
    case Reach::kFields:
      return RefuseElements(question, proto, reach);
    case Reach::kApproverRole:
      return RefuseApproverRole(question, proto);
    case Reach::kNotInForce:
      return RefuseNotInForce(question.call, proto);
    case Reach::kLapsed:
      return RefuseLapsed(question, proto);
    case Reach::kOutsideHours:
      return RefuseHours(question, proto);
    case Reach::kQuotaUsed:
    case Reach::kPermits:
      break;
  }
  return RefuseQuota(question, proto);
}

// The grant that comes furthest, and how far; the first by id among equals.
struct Furthest {
  const registry::Grant* grant = nullptr;
  Reach reach = Reach::kPurpose;
};

Furthest FindFurthest(const Question& question) {
  Furthest furthest;
  for (const registry::Grant& grant : question.call.snapshot.Grants(
           question.call.caller.member, question.request.document_kind())) {
    if (!Covers(*grant.proto, question.call)) continue;
    const Reach reach = ReachOf(grant, question);
    if (furthest.grant == nullptr || reach > furthest.reach) furthest = {&grant, reach};
    if (reach == Reach::kPermits) break;
  }
  return furthest;
}

Permit MakePermit(const Question& question, const registry::Kind& kind,
                  const registry::Grant& grant, PersonProof proof) {
  Permit permit;
  permit.grant = grant.proto->id();
  permit.kind = &kind;
  permit.claims.reserve(static_cast<size_t>(question.request.claims_size()));
  for (const v1::Claim& claim : question.request.claims()) permit.claims.push_back(claim.code());
  permit.released_fields.assign(question.request.requested_fields().begin(),
                                question.request.requested_fields().end());
  permit.person_proof = proof;
  permit.quota_per_day = grant.proto->quota_per_day();
  return permit;
}

Question MakeQuestion(const Call& call, const Request& request, const GrantStanding& standing) {
  return {call, request, absl::ToCivilMinute(call.now, TaipeiTimeZone()), standing};
}

Call MakeCall(const Caller& caller, const Request& request, const registry::Snapshot& snapshot,
              const registry::Kind* kind, absl::Time now) {
  return {caller,
          request.acting_for(),
          request.purpose(),
          "document_kind",
          request.document_kind(),
          kind != nullptr,
          snapshot,
          now};
}

}  // namespace

absl::string_view ProofName(PersonProof proof) {
  switch (proof) {
    case PersonProof::kNone:
      return "none";
    case PersonProof::kMember:
      return "member";
    case PersonProof::kApproved:
      return "approved";
  }
  return "none";
}

const GrantStanding& FreshGrants() {
  static const FreshStanding& fresh = *new FreshStanding();
  return fresh;
}

Decision Decide(const Caller& caller, const v1::VerifyDocumentRequest& request,
                const registry::Snapshot& snapshot, absl::Time now, const GrantStanding& standing) {
  const registry::Kind* kind = snapshot.FindKind(request.document_kind());
  const Call call = MakeCall(caller, request, snapshot, kind, now);
  const Question question = MakeQuestion(call, request, standing);

  if (auto refusal = CheckCaller(call, MayAsk, "ask")) return *std::move(refusal);
  if (auto refusal = CheckQuestionNamed(question)) return *std::move(refusal);
  if (kind == nullptr) return RefuseKind(question);

  const Furthest furthest = FindFurthest(question);
  if (furthest.grant == nullptr) {
    return Refuse(question, v1::ERROR_REASON_NO_GRANT,
                  "no grant lets this system ask for this document kind for this office");
  }
  if (furthest.reach < Reach::kClaims) {
    return RefuseGrant(question, *furthest.grant, furthest.reach);
  }
  if (auto refusal = CheckShape(question)) return *std::move(refusal);
  if (auto refusal = CheckKnown(question, *kind)) return *std::move(refusal);
  if (furthest.reach != Reach::kPermits) {
    return RefuseGrant(question, *furthest.grant, furthest.reach);
  }
  Demands demands = {.assertion = kind->proto->person_assertion_required(),
                     .approval = kind->proto->approval_required()};
  if (auto refusal = CheckCounty(call, request, question.local, demands)) {
    return *std::move(refusal);
  }
  PersonProof proof = PersonProof::kNone;
  if (auto refusal = CheckPersons(call, request, demands, proof)) return *std::move(refusal);
  return MakePermit(question, *kind, *furthest.grant, proof);
}

std::vector<GrantVerdict> ConsiderGrants(const Caller& caller,
                                         const v1::VerifyDocumentRequest& request,
                                         const registry::Snapshot& snapshot, absl::Time now,
                                         const GrantStanding& standing) {
  const Call call =
      MakeCall(caller, request, snapshot, snapshot.FindKind(request.document_kind()), now);
  const Question question = MakeQuestion(call, request, standing);
  std::vector<GrantVerdict> verdicts;
  for (const registry::Grant& grant : snapshot.Grants(caller.member, request.document_kind())) {
    verdicts.push_back({&grant, Covers(*grant.proto, call) ? ReasonOf(ReachOf(grant, question))
                                                           : v1::ERROR_REASON_NO_GRANT});
  }
  return verdicts;
}

}  // namespace chayan::policy
