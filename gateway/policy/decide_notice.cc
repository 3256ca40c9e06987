#include "gateway/policy/decide_notice.h"

#include <optional>
#include <utility>
#include <vector>

#include "gateway/policy/call.h"

namespace chayan::policy {
namespace {

// How far a grant goes with a notice: the first thing it does not cover.
enum class Reach { kLegalBasis, kPersonRole, kNotInForce, kBulk, kPermits };

bool MayPublish(v1::Role role) { return role == v1::ROLE_HOUSEHOLD || role == v1::ROLE_PUBLISHER; }

std::optional<Refusal> CheckNoticeNamed(const Call& call) {
  const v1::Purpose& purpose = call.purpose;
  return CheckNamed(call, "notice",
                    {{"acting_for", &call.acting_for},
                     {"purpose.person.id", &purpose.person().id()},
                     {"purpose.person.role", &purpose.person().role()},
                     {"purpose.legal_basis", &purpose.legal_basis()},
                     {"purpose.case_number", &purpose.case_number()},
                     {"notice_kind", &call.kind}},
                    "every notice names office, person, role, legal basis, case number and kind");
}

Refusal RefuseKind(const Call& call) {
  std::vector<absl::string_view> codes;
  for (const v1::NoticeKind* kind : call.snapshot.notice_kinds()) codes.push_back(kind->code());
  Refusal refusal =
      RefuseCall(call, v1::ERROR_REASON_FIELD_INVALID, "there is no such notice kind");
  refusal.violations.push_back(KindViolation(call, "notice kind", codes));
  return refusal;
}

Reach ReachOf(const registry::NoticeGrant& grant, const Call& call, bool bulk) {
  const v1::NoticeGrant& proto = *grant.proto;
  if (!Contains(proto.legal_bases(), call.purpose.legal_basis())) return Reach::kLegalBasis;
  if (!proto.person_roles().empty() &&
      !Contains(proto.person_roles(), call.purpose.person().role())) {
    return Reach::kPersonRole;
  }
  if (call.now < grant.not_before || call.now > grant.not_after) return Reach::kNotInForce;
  if (bulk && !proto.bulk_allowed()) return Reach::kBulk;
  return Reach::kPermits;
}

// REQUIRES: `reach` is not kPermits.
Refusal RefuseGrant(const Call& call, const v1::NoticeGrant& grant, Reach reach) {
  if (reach == Reach::kLegalBasis) {
    return RefuseCall(call, v1::ERROR_REASON_LEGAL_BASIS_NOT_GRANTED,
                      "this notice kind is not granted on this legal basis");
  }
  if (reach == Reach::kPersonRole) {
    return RefuseCall(call, v1::ERROR_REASON_PERSON_ROLE_NOT_GRANTED,
                      "this notice kind is not granted to persons of this role");
  }
  if (reach == Reach::kNotInForce) return RefuseNotInForce(call, grant);
  Refusal refusal = RefuseCall(call, v1::ERROR_REASON_NO_GRANT,
                               "the grant does not cover notices in bulk; publish one at a time");
  refusal.metadata.emplace_back("grant", grant.id());
  return refusal;
}

// The grant that comes furthest, and how far; the first by id among equals.
struct Furthest {
  const registry::NoticeGrant* grant = nullptr;
  Reach reach = Reach::kLegalBasis;
};

Furthest FindFurthest(const Call& call, bool bulk) {
  Furthest furthest;
  for (const registry::NoticeGrant& grant :
       call.snapshot.NoticeGrants(call.caller.member, call.kind)) {
    if (!Covers(*grant.proto, call)) continue;
    const Reach reach = ReachOf(grant, call, bulk);
    if (furthest.grant == nullptr || reach > furthest.reach) furthest = {&grant, reach};
    if (reach == Reach::kPermits) break;
  }
  return furthest;
}

}  // namespace

NoticeDecision DecideNotice(const Caller& caller, const Announcement& announcement,
                            const registry::Snapshot& snapshot, absl::Time now) {
  const v1::NoticeKind* kind = snapshot.FindNoticeKind(announcement.notice_kind);
  const Call call{caller,
                  announcement.acting_for,
                  announcement.purpose,
                  "notice_kind",
                  announcement.notice_kind,
                  kind != nullptr,
                  snapshot,
                  now};
  if (auto refusal = CheckCaller(call, MayPublish, "publish")) return *std::move(refusal);
  if (auto refusal = CheckNoticeNamed(call)) return *std::move(refusal);
  if (kind == nullptr) return RefuseKind(call);
  const Furthest furthest = FindFurthest(call, announcement.bulk);
  if (furthest.grant == nullptr) {
    return RefuseCall(call, v1::ERROR_REASON_NO_GRANT,
                      "no grant lets this system publish this notice kind for this office");
  }
  if (furthest.reach != Reach::kPermits) {
    return RefuseGrant(call, *furthest.grant->proto, furthest.reach);
  }
  NoticePermit permit;
  permit.grant = furthest.grant->proto->id();
  permit.kind = kind;
  if (auto refusal = CheckPerson(call, /*assertion_required=*/false, permit.person_proof)) {
    return *std::move(refusal);
  }
  return permit;
}

}  // namespace chayan::policy
