#include "gateway/tally/grant_uses.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/base/diag.h"
#include "gateway/registry/calendar.h"

namespace chayan::tally {
namespace {

using policy::GrantEnd;
using store::TallyKind;

absl::Time StartOf(int64_t day) { return absl::UnixEpoch() + absl::Hours(24 * day - 8); }

policy::Refusal QuotaUsed(v1::ErrorReason reason, const char* message, const char* what,
                          absl::string_view id, absl::Time now) {
  policy::Refusal refusal;
  refusal.reason = reason;
  refusal.message = message;
  refusal.metadata = {{what, std::string(id)}};
  refusal.retry_delay = registry::NextMidnight(now) - now;
  return refusal;
}

}  // namespace

std::optional<GrantEnd> GrantUses::EndOf(const registry::Grant& grant) const {
  if (!any_ended_) return std::nullopt;
  absl::ReaderMutexLock lock(&mu_);
  const auto found = ended_.find(grant.proto->id());
  return found == ended_.end() ? std::nullopt : std::make_optional(found->second);
}

bool GrantUses::HasQuotaLeft(const registry::Grant& grant) const {
  return ledger_.Count(TallyKind::kGrantUse, grant.proto->id()) < grant.proto->quota_per_day();
}

bool GrantUses::Use(const policy::Permit& permit, const v1::Member& member, Charge& charge,
                    policy::Refusal& refusal) const {
  // Without a quota the first use of a day says enough: that the grant is used.
  if (permit.quota_per_day != 0) {
    if (charge.Add(TallyKind::kGrantUse, permit.grant, {}) > permit.quota_per_day) {
      charge.TakeBackLast();
      refusal =
          QuotaUsed(v1::ERROR_REASON_QUOTA_EXHAUSTED, "today's quota of this grant is used up",
                    "grant", permit.grant, clock_.Now());
      return false;
    }
  } else if (ledger_.Count(TallyKind::kGrantUse, permit.grant) == 0) {
    charge.Add(TallyKind::kGrantUse, permit.grant, {});
  }
  if (member.questions_per_day() == 0) return true;
  if (charge.Add(TallyKind::kMember, member.id(), {}) <= member.questions_per_day()) return true;
  charge.TakeBackLast();
  refusal = QuotaUsed(v1::ERROR_REASON_MEMBER_QUOTA_EXHAUSTED,
                      "the member's questions for today are used up", "member", member.id(),
                      clock_.Now());
  return false;
}

void GrantUses::Look(const registry::Snapshot& snapshot) {
  const absl::Time now = clock_.Now();
  const int64_t today = DayOf(now);
  absl::MutexLock lock(&mu_);
  if (today == looked_day_ && snapshot.digest() == looked_set_) return;
  looked_day_ = today;
  looked_set_ = snapshot.digest();
  ended_.clear();
  unused_.clear();
  new_.clear();
  for (const registry::Grant* const grant : snapshot.grants()) {
    const std::string& id = grant->proto->id();
    const int64_t begin = ledger_.Read(TallyKind::kGrantBegin, id).day;
    const int64_t used = ledger_.Read(TallyKind::kGrantUse, id).day;
    if (begin == 0) {
      new_.push_back(id);
      continue;
    }
    const int64_t idle = today - std::max(begin, used);
    if (idle > grant->lapse_days) {
      ended_.emplace(id, GrantEnd::kLapsed);
    } else if (grant->is_undated() && now > registry::EndOfTerm(StartOf(begin))) {
      ended_.emplace(id, GrantEnd::kTermOver);
    } else if (idle > grant->lapse_days - std::min(kAskBeforeLapseDays, grant->lapse_days / 2)) {
      unused_.push_back(id);
    }
  }
  any_ended_ = !ended_.empty();
  any_new_ = !new_.empty();
  for (const auto& [id, end] : ended_) {
    diag::Warning("grant_ended", {{"grant", id},
                                  {"cause", end == GrantEnd::kLapsed ? "unused" : "term over"},
                                  {"remedy", "remove it, or renew it under a new id"}});
  }
  for (const std::string& id : unused_) {
    diag::Warning("grant_unused",
                  {{"grant", id}, {"remedy", "ask the member whether it is needed"}});
  }
}

void GrantUses::RecordBegins(Charge& charge) {
  if (!any_new_) return;
  absl::MutexLock lock(&mu_);
  for (const std::string& id : new_) charge.Add(TallyKind::kGrantBegin, id, {});
  new_.clear();
  any_new_ = false;
}

std::vector<std::string> GrantUses::Unused() const {
  absl::MutexLock lock(&mu_);
  return unused_;
}

}  // namespace chayan::tally
