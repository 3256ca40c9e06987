#include "gateway/policy/audit.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"

namespace chayan::policy {
namespace {

template <typename Strings>
bool AllowsAll(const Strings& values) {
  return values.empty();
}

template <typename Strings>
bool Lists(const Strings& values, absl::string_view value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

// How far a grant goes with a call: the first thing it does not cover.
enum class Reach { kSystem, kAction, kNotInForce, kMember, kOffice, kKind, kPeriod, kPermits };

bool Allows(const v1::AuditGrant& grant, AuditAction action) {
  switch (action) {
    case AuditAction::kSearch:
      return true;
    case AuditAction::kOpen:
      return grant.access() == v1::AUDIT_ACCESS_DETAILS;
    case AuditAction::kDraw:
    case AuditAction::kSample:
      return grant.may_draw_samples();
    case AuditAction::kErase:
      return grant.may_erase();
    case AuditAction::kHold:
      return grant.may_hold();
    case AuditAction::kReport:
      return AllowsAll(grant.members()) && AllowsAll(grant.offices()) &&
             AllowsAll(grant.document_kinds());
  }
  return false;
}

Reach ReachOf(const registry::AuditGrant& grant, const Caller& caller, AuditAction action,
              const AuditScope& scope, absl::Time now) {
  const v1::AuditGrant& proto = *grant.proto;
  // Of a sample everything that fits is drawn from: what the grant bounds, the call must name.
  const bool whole = action == AuditAction::kDraw;
  const auto names = [whole](const auto& values, absl::string_view value) {
    return AllowsAll(values) || (value.empty() ? !whole : Lists(values, value));
  };
  if (!AllowsAll(proto.systems()) && !Lists(proto.systems(), caller.system)) return Reach::kSystem;
  if (!Allows(proto, action)) return Reach::kAction;
  if (now < grant.not_before || now > grant.not_after) return Reach::kNotInForce;
  if (!names(proto.members(), scope.member)) return Reach::kMember;
  if (!names(proto.offices(), scope.office)) return Reach::kOffice;
  if (!names(proto.document_kinds(), scope.kind)) return Reach::kKind;
  // Each bound that is named must lie inside; an open one is cut by Covering.
  const bool from_inside = (scope.from == absl::InfinitePast() &&
                            (!whole || grant.entries_from == absl::InfinitePast())) ||
                           (scope.from >= grant.entries_from && scope.from < grant.entries_until);
  const bool until_inside =
      (scope.until == absl::InfiniteFuture() &&
       (!whole || grant.entries_until == absl::InfiniteFuture())) ||
      (scope.until > grant.entries_from && scope.until <= grant.entries_until);
  return from_inside && until_inside ? Reach::kPermits : Reach::kPeriod;
}

absl::string_view Uncovered(Reach reach) {
  switch (reach) {
    case Reach::kSystem:
      return "this system";
    case Reach::kAction:
      return "this action";
    case Reach::kNotInForce:
      return "this moment";
    case Reach::kMember:
      return "this member";
    case Reach::kOffice:
      return "this office";
    case Reach::kKind:
      return "this document kind";
    case Reach::kPeriod:
    case Reach::kPermits:
      return "this period";
  }
  return "this";
}

}  // namespace

const registry::AuditGrant* AuditPermit::Covering(const AuditedEntry& entry) const {
  // An entry without the value is covered only by a grant for all.
  const auto covers = [](const auto& values, absl::string_view value) {
    return AllowsAll(values) || Lists(values, value);
  };
  for (const registry::AuditGrant* grant : grants) {
    const v1::AuditGrant& proto = *grant->proto;
    if (covers(proto.members(), entry.member) && covers(proto.offices(), entry.office) &&
        covers(proto.document_kinds(), entry.kind) && entry.time >= grant->entries_from &&
        entry.time < grant->entries_until) {
      return grant;
    }
  }
  return nullptr;
}

Refusal AuditNotGranted(absl::string_view what) {
  Refusal refusal;
  refusal.reason = v1::ERROR_REASON_AUDIT_NOT_GRANTED;
  refusal.message = absl::StrCat("no audit grant of yours covers ", what);
  refusal.metadata.emplace_back("not_covered", std::string(what));
  return refusal;
}

AuditDecision DecideAudit(const Caller& caller, AuditAction action, const AuditScope& scope,
                          const registry::Snapshot& snapshot, absl::Time now) {
  AuditPermit permit;
  Reach furthest = Reach::kSystem;
  for (const registry::AuditGrant& grant : snapshot.AuditGrants(caller.member)) {
    const Reach reach = ReachOf(grant, caller, action, scope, now);
    furthest = std::max(furthest, reach);
    if (reach == Reach::kPermits) permit.grants.push_back(&grant);
  }
  if (permit.grants.empty()) return AuditNotGranted(Uncovered(furthest));
  return permit;
}

}  // namespace chayan::policy
