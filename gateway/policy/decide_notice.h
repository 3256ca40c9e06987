// Whether a notice may be published: a pure function of caller, notice, registry and time. Deny by
// default.
#ifndef CHAYAN_GATEWAY_POLICY_DECIDE_NOTICE_H_
#define CHAYAN_GATEWAY_POLICY_DECIDE_NOTICE_H_

#include <string>
#include <variant>

#include "absl/time/time.h"
#include "chayan/v1/verification_service.pb.h"
#include "gateway/policy/caller.h"
#include "gateway/policy/decide.h"
#include "gateway/policy/refusal.h"
#include "gateway/registry/snapshot.h"

namespace chayan::policy {

// What the right depends on; a notice, its replacement and its reversal all have it.
struct Announcement {
  const std::string& acting_for;
  const v1::Purpose& purpose;
  const std::string& notice_kind;
  bool bulk = false;  // on a bulk stream
};

struct NoticePermit {
  std::string grant;                     // id
  const v1::NoticeKind* kind = nullptr;  // lives as long as the snapshot
  PersonProof person_proof = PersonProof::kNone;
};

using NoticeDecision = std::variant<NoticePermit, Refusal>;

// In this order: the caller's role and office, that office, person, basis, case number and kind are
// there, the kind, grants by basis, role of the person, times, bulk; then the person's assertion.
// Of several grants the first by id that permits everything permits; when none does, the reason is
// that of the grant which came furthest. Subjects and payload are not looked at.
NoticeDecision DecideNotice(const Caller& caller, const Announcement& announcement,
                            const registry::Snapshot& snapshot, absl::Time now);

}  // namespace chayan::policy

#endif  // CHAYAN_GATEWAY_POLICY_DECIDE_NOTICE_H_
