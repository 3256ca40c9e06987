// Rules of counties: each must be about an office that there is, and narrow something.
#include <vector>

#include "absl/strings/str_cat.h"
#include "gateway/registry/check.h"
#include "gateway/registry/values.h"

namespace chayan::registry {

void Checker::CheckCountyRules() {
  std::vector<absl::string_view> counties;
  for (const auto& [id, member] : members_) {
    if (!member->county().empty()) counties.push_back(member->county());
  }
  ForEach("county_rules", &v1::RegistryFile::county_rules,
          [&](const v1::CountyRule& rule, const Place& place) {
            CheckName(place, "id", rule.id(), kMemberId);
            CheckReference(place, "county", -1, rule.county(), counties, "member in a county");
            CheckReferences(place, "document_kinds", rule.document_kinds(), kinds_,
                            "document kind");
            CheckPersonRoles(place, "person_roles", rule.person_roles());
            if (rule.has_hours()) CheckHours(rule.hours(), place);
            CheckWithheld(rule, place);
            CheckNarrowing(rule, place);
          });
}

// A field that no kind of the rule has would be withheld from nobody.
void Checker::CheckWithheld(const v1::CountyRule& rule, const Place& place) {
  std::vector<absl::string_view> fields;
  const auto add = [&fields](const v1::DocumentKind& kind) {
    for (const absl::string_view code : Codes(kind.fields())) fields.push_back(code);
  };
  for (const std::string& code : rule.document_kinds()) {
    if (const auto kind = kinds_.find(code); kind != kinds_.end()) add(*kind->second);
  }
  if (rule.document_kinds().empty()) {
    for (const auto& [code, kind] : kinds_) add(*kind);
  }
  CheckReferences(place, "withheld_fields", rule.withheld_fields(), fields,
                  "field of the rule's document kinds");
}

void Checker::CheckNarrowing(const v1::CountyRule& rule, const Place& place) {
  const bool narrows = !rule.person_roles().empty() || !rule.withheld_fields().empty() ||
                       rule.has_hours() || rule.person_assertion_required() ||
                       rule.approval_required();
  if (rule.barred() && narrows) {
    faults_.Add(place, "barred",
                "bars the kinds altogether, so what else the rule says has no effect; write barred "
                "alone, or without it");
  }
  if (!rule.barred() && !narrows) {
    faults_.Add(place, "",
                "narrows nothing; write barred, person_roles, withheld_fields, hours, "
                "person_assertion_required or approval_required");
  }
}

}  // namespace chayan::registry
