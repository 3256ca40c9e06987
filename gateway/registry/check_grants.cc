// Grants: each must be able to permit something, and say nothing that has no effect.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "gateway/registry/check.h"
#include "gateway/registry/values.h"

namespace chayan::registry {
namespace {

// Twice the term of a grant: what lapses later never lapses.
constexpr uint32_t kLapseDaysMax = 3652;

template <typename Strings>
bool Contains(const Strings& values, absl::string_view value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

}  // namespace

const Checker::GranteeRule Checker::kAsker = {
    "ROLE_HOUSEHOLD", "ask", [](v1::Role role) { return role == v1::ROLE_HOUSEHOLD; }};

void Checker::CheckGrants() {
  ForEach("grants", &v1::RegistryFile::grants, [this](const v1::Grant& grant, const Place& place) {
    CheckName(place, "id", grant.id(), kMemberId);
    CheckGrantee(grant, kAsker, place);
    CheckGrantedCodes(grant, place);
    CheckPersonRoles(place, "person_roles", grant.person_roles());
    CheckPersonRoles(place, "approver_roles", grant.approver_roles());
    if (grant.has_hours()) CheckHours(grant.hours(), place);
    CheckBound(place, "lapse_after_days", grant.lapse_after_days(), kLapseDaysMax);
    CheckTimes(place, grant.not_before_time(), grant.not_after_time());
  });
}

void Checker::CheckPersonRoles(const Place& place, absl::string_view field,
                               const google::protobuf::RepeatedPtrField<std::string>& roles) {
  for (int i = 0; i < roles.size(); ++i) {
    if (!kPersonRole.matches(roles[i])) {
      faults_.AddAt(place, field, i, roles[i],
                    absl::StrCat("has a wrong form; write ", kPersonRole.expected));
    }
  }
  CheckUnique(place, field, roles);
}

void Checker::CheckGrantedCodes(const v1::Grant& grant, const Place& place) {
  CheckReferences(place, "purposes", grant.purposes(), purposes_, "purpose");
  if (grant.purposes_size() == 0) {
    faults_.Add(place, "purposes", "is empty, so nothing is granted; write at least one purpose");
  }
  if (grant.claims_size() == 0) {
    faults_.Add(place, "claims", "is empty, so nothing is granted; write at least one claim");
  }
  if (grant.legal_bases_size() == 0) {
    faults_.Add(place, "legal_bases",
                "is empty, so nothing is granted; write at least one legal basis");
  }
  if (!CheckReference(place, "document_kind", -1, grant.document_kind(), kinds_, "document kind")) {
    CheckReferences(place, "legal_bases", grant.legal_bases(), legal_bases_, "legal basis");
    return;
  }
  const v1::DocumentKind& kind = *kinds_.at(grant.document_kind());
  CheckReferences(place, "claims", grant.claims(), Codes(kind.claims()),
                  absl::StrCat("claim of \"", kind.code(), "\""));
  CheckReferences(place, "fields", grant.fields(), Codes(kind.fields()),
                  absl::StrCat("field of \"", kind.code(), "\""));
  CheckReferences(place, "legal_bases", grant.legal_bases(),
                  {kind.legal_bases().begin(), kind.legal_bases().end()},
                  absl::StrCat("legal basis of \"", kind.code(), "\""));
  for (const v1::Element& claim : kind.claims()) {
    if (grant.claims_size() > 0 && claim.required() && !Contains(grant.claims(), claim.code())) {
      faults_.Add(place, "claims",
                  absl::StrCat("lacks \"", claim.code(),
                               "\", which every question about this kind must carry, so nothing is "
                               "granted; add it"));
    }
  }
}

void Checker::CheckHours(const v1::Hours& hours, const Place& place) {
  const Place inner = place.Nested("hours", -1);
  const auto from = ParseMinuteOfDay(hours.from());
  const auto to = ParseMinuteOfDay(hours.to());
  if (!from.ok()) faults_.Add(inner, "from", from.status().message());
  if (!to.ok()) faults_.Add(inner, "to", to.status().message());
  if (from.ok() && to.ok() && *from >= *to) {
    faults_.Add(inner, "to",
                "is not later than from; write a later time, and two grants for hours around "
                "midnight");
  }
}

}  // namespace chayan::registry
