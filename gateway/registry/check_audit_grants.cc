// Rights of auditors: each must be able to permit something, and say nothing that has no effect.
#include <vector>

#include "absl/strings/str_cat.h"
#include "gateway/registry/check.h"
#include "gateway/registry/values.h"

namespace chayan::registry {

void Checker::CheckAuditGrants() {
  ForEach("audit_grants", &v1::RegistryFile::audit_grants,
          [this](const v1::AuditGrant& grant, const Place& place) {
            CheckName(place, "id", grant.id(), kMemberId);
            if (grants_.contains(grant.id()) || notice_grants_.contains(grant.id())) {
              faults_.Add(place, "id",
                          absl::StrCat("\"", grant.id(),
                                       "\" is the id of another grant; entries name grants by "
                                       "their id, so write another"));
            }
            CheckAuditor(grant, place);
            CheckReferences(place, "members", grant.members(), members_, "member");
            CheckReferences(place, "offices", grant.offices(), members_, "member");
            CheckReferences(place, "document_kinds", grant.document_kinds(), kinds_,
                            "document kind");
            CheckEnum(place, "access", grant.access());
            CheckAuditPeriod(grant, place);
            CheckTimes(place, grant.not_before_time(), grant.not_after_time());
          });
}

void Checker::CheckAuditor(const v1::AuditGrant& grant, const Place& place) {
  if (!CheckReference(place, "member", -1, grant.member(), members_, "member")) return;
  std::vector<absl::string_view> auditors;
  for (const v1::System& system : members_.at(grant.member())->systems()) {
    if (system.role() == v1::ROLE_AUDITOR) auditors.push_back(system.name());
  }
  if (auditors.empty()) {
    faults_.Add(place, "member",
                absl::StrCat("\"", grant.member(),
                             "\" has no system with role ROLE_AUDITOR that could look; add one or "
                             "name the office that audits"));
    return;
  }
  CheckReferences(place, "systems", grant.systems(), auditors,
                  absl::StrCat("auditor system of \"", grant.member(), "\""));
}

void Checker::CheckAuditPeriod(const v1::AuditGrant& grant, const Place& place) {
  const auto from = ParseUtcTimeOr(grant.entries_from_time(), absl::InfinitePast());
  const auto until = ParseUtcTimeOr(grant.entries_until_time(), absl::InfiniteFuture());
  if (!from.ok()) faults_.Add(place, "entries_from_time", from.status().message());
  if (!until.ok()) faults_.Add(place, "entries_until_time", until.status().message());
  if (from.ok() && until.ok() && *from >= *until) {
    faults_.Add(place, "entries_until_time",
                "is not later than entries_from_time, so no entry is covered; write a later time");
  }
}

}  // namespace chayan::registry
