#include "gateway/policy/decide.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/civil_time.h"
#include "gateway/base/clock.h"
#include "gateway/policy/call.h"

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
  kNotInForce,
  kOutsideHours,
  kPermits,
};

// A question before a registry.
struct Question {
  const Call& call;
  const Request& request;
  int minute_of_day;  // in Taipei
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
  if (question.call.now < grant.not_before || question.call.now > grant.not_after)
    return Reach::kNotInForce;
  if (question.minute_of_day < grant.from_minute || question.minute_of_day >= grant.to_minute) {
    return Reach::kOutsideHours;
  }
  return Reach::kPermits;
}

Refusal RefuseElements(const Question& question, const v1::Grant& grant, Reach reach) {
  const Request& request = question.request;
  const bool claims = reach == Reach::kClaims;
  Refusal refusal =
      claims ? Refuse(question, v1::ERROR_REASON_CLAIM_NOT_GRANTED, "not every claim is granted")
             : Refuse(question, v1::ERROR_REASON_FIELD_NOT_GRANTED,
                      "not every requested field is granted");
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

// REQUIRES: `reach` is not kPermits.
Refusal RefuseGrant(const Question& question, const registry::Grant& grant, Reach reach) {
  const auto refuse = [&](v1::ErrorReason reason, const char* message) {
    return Refuse(question, reason, message);
  };
  switch (reach) {
    case Reach::kPurpose:
      return refuse(v1::ERROR_REASON_PURPOSE_NOT_GRANTED,
                    "this kind is not granted for this purpose");
    case Reach::kLegalBasis:
      return refuse(v1::ERROR_REASON_LEGAL_BASIS_NOT_GRANTED,
                    "this kind is not granted on this legal basis");
    case Reach::kPersonRole:
      return refuse(v1::ERROR_REASON_PERSON_ROLE_NOT_GRANTED,
                    "this kind is not granted to persons of this role");
    case Reach::kClaims:
    case Reach::kFields:
      return RefuseElements(question, *grant.proto, reach);
    default:
      break;
  }
  const v1::Grant& proto = *grant.proto;
  if (reach == Reach::kNotInForce) return RefuseNotInForce(question.call, proto);
  Refusal refusal = refuse(v1::ERROR_REASON_OUTSIDE_HOURS, "the grant does not cover this hour");
  refusal.metadata.emplace_back("grant", proto.id());
  refusal.metadata.emplace_back("from", proto.hours().from());
  refusal.metadata.emplace_back("to", proto.hours().to());
  return refusal;
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

}  // namespace

Decision Decide(const Caller& caller, const v1::VerifyDocumentRequest& request,
                const registry::Snapshot& snapshot, absl::Time now) {
  const absl::CivilMinute local = absl::ToCivilMinute(now, TaipeiTimeZone());
  const registry::Kind* kind = snapshot.FindKind(request.document_kind());
  const Call call{caller,
                  request.acting_for(),
                  request.purpose(),
                  "document_kind",
                  request.document_kind(),
                  kind != nullptr,
                  snapshot,
                  now};
  const Question question{call, request, local.hour() * 60 + local.minute()};

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
  PersonProof proof = PersonProof::kNone;
  if (auto refusal = CheckPerson(call, kind->proto->person_assertion_required(), proof))
    return *std::move(refusal);
  return MakePermit(question, *kind, *furthest.grant, proof);
}

}  // namespace chayan::policy
