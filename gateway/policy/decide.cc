#include "gateway/policy/decide.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/civil_time.h"
#include "gateway/base/clock.h"
#include "gateway/registry/shapes.h"

namespace chayan::policy {
namespace {

using Request = v1::VerifyDocumentRequest;
using Elements = google::protobuf::RepeatedPtrField<v1::Element>;

// With more than these, only the nearest name is told.
constexpr int kChoicesMax = 10;

template <typename Strings>
bool Contains(const Strings& values, absl::string_view value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

bool IsBlank(absl::string_view text) { return absl::StripAsciiWhitespace(text).empty(); }

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
  const Caller& caller;
  const Request& request;
  const registry::Snapshot& snapshot;
  absl::Time now;
  int minute_of_day;  // in Taipei
};

// Refusals name what the registry knows, never what only the caller said.
Refusal Refuse(const Question& question, v1::ErrorReason reason, std::string message) {
  Refusal refusal;
  refusal.reason = reason;
  refusal.message = std::move(message);
  refusal.metadata.emplace_back("member", question.caller.member);
  refusal.metadata.emplace_back("system", question.caller.system);
  const Request& request = question.request;
  const registry::Snapshot& snapshot = question.snapshot;
  if (snapshot.FindMember(request.acting_for()) != nullptr) {
    refusal.metadata.emplace_back("acting_for", request.acting_for());
  }
  if (snapshot.FindKind(request.document_kind()) != nullptr) {
    refusal.metadata.emplace_back("document_kind", request.document_kind());
  }
  if (snapshot.HasPurpose(request.purpose().purpose_code())) {
    refusal.metadata.emplace_back("purpose_code", request.purpose().purpose_code());
  }
  if (snapshot.HasLegalBasis(request.purpose().legal_basis())) {
    refusal.metadata.emplace_back("legal_basis", request.purpose().legal_basis());
  }
  return refusal;
}

std::optional<Refusal> CheckCaller(const Question& question) {
  const v1::System* system =
      question.snapshot.FindSystem(question.caller.member, question.caller.system);
  if (system == nullptr) {
    return Refuse(question, v1::ERROR_REASON_CALLER_UNKNOWN,
                  "the calling system is not in the registry");
  }
  if (system->role() != v1::ROLE_HOUSEHOLD) {
    return Refuse(question, v1::ERROR_REASON_ROLE_NOT_ALLOWED,
                  "the calling system's role may not ask");
  }
  const std::string& office = question.request.acting_for();
  if (!IsBlank(office) && !Contains(system->acting_for(), office)) {
    Refusal refusal = Refuse(question, v1::ERROR_REASON_ACTING_FOR_NOT_ALLOWED,
                             "the calling system does not act for this office");
    refusal.violations.push_back(
        {"acting_for", absl::StrCat("is no office of this system; write one of ",
                                    absl::StrJoin(system->acting_for(), ", "))});
    return refusal;
  }
  return std::nullopt;
}

std::optional<Refusal> CheckNamed(const Question& question) {
  const Request& request = question.request;
  const v1::Purpose& purpose = request.purpose();
  const std::pair<const char*, const std::string*> required[] = {
      {"acting_for", &request.acting_for()},
      {"purpose.person.id", &purpose.person().id()},
      {"purpose.person.role", &purpose.person().role()},
      {"purpose.purpose_code", &purpose.purpose_code()},
      {"purpose.legal_basis", &purpose.legal_basis()},
      {"purpose.case_number", &purpose.case_number()},
      {"document_kind", &request.document_kind()},
  };
  std::vector<std::string> missing;
  for (const auto& [field, value] : required) {
    if (IsBlank(*value)) missing.emplace_back(field);
  }
  if (missing.empty()) return std::nullopt;
  const std::string fields = absl::StrJoin(missing, ", ");
  Refusal refusal =
      Refuse(question, v1::ERROR_REASON_FIELD_MISSING, absl::StrCat("the question lacks ", fields));
  refusal.metadata.emplace_back("fields", fields);
  for (std::string& field : missing) {
    refusal.violations.push_back(
        {std::move(field),
         "is missing; every question names office, person, role, purpose, legal "
         "basis, case number and document kind"});
  }
  return refusal;
}

// "did you mean x?" or all names when they are few.
std::string Advice(absl::string_view written, const std::vector<absl::string_view>& names) {
  const absl::string_view nearest = registry::NearestName(written, names);
  if (!nearest.empty()) return absl::StrCat("; did you mean ", nearest, "?");
  if (names.empty() || names.size() > kChoicesMax) return "; see GetDocumentKind";
  return absl::StrCat("; write one of ", absl::StrJoin(names, ", "));
}

Refusal RefuseKind(const Question& question) {
  std::vector<absl::string_view> codes;
  for (const registry::Kind& kind : question.snapshot.kinds()) codes.push_back(kind.proto->code());
  Refusal refusal =
      Refuse(question, v1::ERROR_REASON_DOCUMENT_KIND_UNKNOWN, "there is no such document kind");
  refusal.violations.push_back(
      {"document_kind", absl::StrCat("is no document kind of the catalogue",
                                     Advice(question.request.document_kind(), codes))});
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
    violations.push_back({absl::StrCat("claims[", i, "].code"),
                          absl::StrCat("is no claim of ", kind.proto->code(),
                                       Advice(code, CodesOf(kind.proto->claims())))});
  }
  const bool claims_known = violations.empty();
  for (int i = 0; i < request.requested_fields_size(); ++i) {
    const std::string& code = request.requested_fields(i);
    if (kind.FindField(code) != nullptr) continue;
    violations.push_back({absl::StrCat("requested_fields[", i, "]"),
                          absl::StrCat("is no field of ", kind.proto->code(),
                                       Advice(code, CodesOf(kind.proto->fields())))});
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

bool Covers(const v1::Grant& grant, const Question& question) {
  return (grant.systems().empty() || Contains(grant.systems(), question.caller.system)) &&
         (grant.acting_for().empty() ||
          Contains(grant.acting_for(), question.request.acting_for()));
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
  if (question.now < grant.not_before || question.now > grant.not_after) return Reach::kNotInForce;
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
  Refusal refusal =
      reach == Reach::kNotInForce
          ? refuse(v1::ERROR_REASON_GRANT_NOT_IN_FORCE, "the grant is not in force now")
          : refuse(v1::ERROR_REASON_OUTSIDE_HOURS, "the grant does not cover this hour");
  refusal.metadata.emplace_back("grant", proto.id());
  if (reach == Reach::kNotInForce) {
    refusal.metadata.emplace_back("not_before_time", proto.not_before_time());
    refusal.metadata.emplace_back("not_after_time", proto.not_after_time());
  } else {
    refusal.metadata.emplace_back("from", proto.hours().from());
    refusal.metadata.emplace_back("to", proto.hours().to());
  }
  return refusal;
}

// The grant that comes furthest, and how far; the first by id among equals.
struct Furthest {
  const registry::Grant* grant = nullptr;
  Reach reach = Reach::kPurpose;
};

Furthest FindFurthest(const Question& question) {
  Furthest furthest;
  for (const registry::Grant& grant :
       question.snapshot.Grants(question.caller.member, question.request.document_kind())) {
    if (!Covers(*grant.proto, question)) continue;
    const Reach reach = ReachOf(grant, question);
    if (furthest.grant == nullptr || reach > furthest.reach) furthest = {&grant, reach};
    if (reach == Reach::kPermits) break;
  }
  return furthest;
}

std::optional<Refusal> CheckPerson(const Question& question, const registry::Kind& kind,
                                   PersonProof& proof) {
  const v1::Person& person = question.request.purpose().person();
  proof = PersonProof::kNone;
  if (person.assertion().empty()) {
    if (!kind.proto->person_assertion_required()) return std::nullopt;
    Refusal refusal = Refuse(question, v1::ERROR_REASON_PERSON_ASSERTION_REQUIRED,
                             "this kind may be asked only with the person's assertion");
    refusal.violations.push_back(
        {"purpose.person.assertion", "is missing; write a compact JWS by a key of the member"});
    return refusal;
  }
  const absl::Status verified = VerifyAssertion(person.assertion(), question.caller, person.id(),
                                                person.role(), question.snapshot, question.now);
  if (verified.ok()) {
    proof = PersonProof::kMember;
    return std::nullopt;
  }
  Refusal refusal = Refuse(question, v1::ERROR_REASON_PERSON_ASSERTION_INVALID,
                           absl::StrCat("the person's assertion: ", verified.message()));
  refusal.metadata.emplace_back("cause", std::string(verified.message()));
  refusal.violations.push_back({"purpose.person.assertion", std::string(verified.message())});
  return refusal;
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
  const Question question{caller, request, snapshot, now, local.hour() * 60 + local.minute()};

  if (auto refusal = CheckCaller(question)) return *std::move(refusal);
  if (auto refusal = CheckNamed(question)) return *std::move(refusal);
  const registry::Kind* kind = snapshot.FindKind(request.document_kind());
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
  if (auto refusal = CheckPerson(question, *kind, proof)) return *std::move(refusal);
  return MakePermit(question, *kind, *furthest.grant, proof);
}

}  // namespace chayan::policy
