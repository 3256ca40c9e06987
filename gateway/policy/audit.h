// What an auditor may look at: a pure function of caller, action, scope, registry and time. Deny by
// default.
#ifndef CHAYAN_GATEWAY_POLICY_AUDIT_H_
#define CHAYAN_GATEWAY_POLICY_AUDIT_H_

#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gateway/policy/caller.h"
#include "gateway/policy/refusal.h"
#include "gateway/registry/snapshot.h"

namespace chayan::policy {

enum class AuditAction {
  kSearch,  // entries, by what stands in them
  kOpen,    // sealed details; searches by subject, person and case number
  kDraw,    // a new sample: of all that fits, so the scope names whatever the grant bounds
  kSample,  // what was drawn, and findings
  kErase,   // proposals, confirmations and the list of them
  kHold,    // legal holds
  kReport,  // statistics: of all members, offices and kinds
};

// What a call says it is about; empty and infinite where it does not say. [from, until).
struct AuditScope {
  absl::string_view member{};
  absl::string_view office{};
  absl::string_view kind{};
  absl::Time from = absl::InfinitePast();
  absl::Time until = absl::InfiniteFuture();
};

// What an entry is; empty where it has no such value.
struct AuditedEntry {
  absl::string_view member;
  absl::string_view office;
  absl::string_view kind;
  absl::Time time;
};

// A right that was found: grants that allow the action and cover all that the scope names. What the
// scope leaves open is for Covering to say, entry by entry.
struct AuditPermit {
  std::vector<const registry::AuditGrant*> grants;  // by id; live as long as the snapshot

  // The first grant that covers the entry; null when none does.
  const registry::AuditGrant* Covering(const AuditedEntry& entry) const;
};

using AuditDecision = std::variant<AuditPermit, Refusal>;

// When no grant does, the refusal (AUDIT_NOT_GRANTED) names what the grant that came furthest does
// not cover, in the order action, times of the grant, member, office, kind, period.
AuditDecision DecideAudit(const Caller& caller, AuditAction action, const AuditScope& scope,
                          const registry::Snapshot& snapshot, absl::Time now);

// For an entry that the permit does not cover.
Refusal AuditNotGranted(absl::string_view what);

}  // namespace chayan::policy

#endif  // CHAYAN_GATEWAY_POLICY_AUDIT_H_
