// The decision: a pure function of caller, question, registry and time. Deny by default.
#ifndef CHAYAN_GATEWAY_POLICY_DECIDE_H_
#define CHAYAN_GATEWAY_POLICY_DECIDE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "chayan/v1/verification_service.pb.h"
#include "gateway/crypto/digest.h"
#include "gateway/policy/caller.h"
#include "gateway/policy/refusal.h"
#include "gateway/registry/snapshot.h"

namespace chayan::policy {

// A question that asks for more is refused before it is looked at.
inline constexpr size_t kClaimsMax = 32;
inline constexpr size_t kRequestedFieldsMax = 32;

// How the person behind a question was proved. The names as they stand in entries: "none",
// "member", and "approved" where a second person was proved as well.
enum class PersonProof { kNone, kMember, kApproved };

absl::string_view ProofName(PersonProof proof);

// How a grant can end without a date in its text that says so.
enum class GrantEnd {
  kLapsed,    // nobody used it for too long
  kTermOver,  // it has no dates, and was first in force so long ago
};

// What has become of grants, beside their text: uses of today, and when they were last used.
// Implementations are thread-safe and answer from memory.
class GrantStanding {
 public:
  virtual ~GrantStanding() = default;
  virtual std::optional<GrantEnd> EndOf(const registry::Grant& grant) const = 0;
  // Whether today's quota has room. Asked only about grants that have one.
  virtual bool HasQuotaLeft(const registry::Grant& grant) const = 0;
};
// Every grant as its text says.
const GrantStanding& FreshGrants();

// A right that was found, which later stages require.
struct Permit {
  std::string grant;                         // id
  const registry::Kind* kind = nullptr;      // lives as long as the snapshot
  std::vector<std::string> claims;           // of the question, all granted
  std::vector<std::string> released_fields;  // of the question, all granted
  PersonProof person_proof = PersonProof::kNone;
  uint32_t quota_per_day = 0;  // 0: no bound; counted by the caller of Decide
};

using Decision = std::variant<Permit, Refusal>;

// In this order: the caller's office, that person, purpose, basis and case number are there, the
// kind, grants by purpose, basis, role of the person, claims, fields, the approver's role, times,
// lapse, hours, quota; then the rules of the office's county; then the person's assertion and the
// approval. Of several grants the first by id that permits everything permits; when none does, the
// reason is that of the grant which came furthest. What is demanded beside grants does not depend
// on which one permits, so that one more grant never takes a right away. Whether claims and fields
// are known and stand there once is said only to those whom a grant brings that far. Values are not
// looked at, but for the subject's that an approval is bound to.
Decision Decide(const Caller& caller, const v1::VerifyDocumentRequest& request,
                const registry::Snapshot& snapshot, absl::Time now,
                const GrantStanding& standing = FreshGrants());

// What each grant of the caller's member for the kind says to the question, by id:
// ERROR_REASON_UNSPECIFIED permits. For people who ask why.
struct GrantVerdict {
  const registry::Grant* grant;
  v1::ErrorReason reason;
};
std::vector<GrantVerdict> ConsiderGrants(const Caller& caller,
                                         const v1::VerifyDocumentRequest& request,
                                         const registry::Snapshot& snapshot, absl::Time now,
                                         const GrantStanding& standing = FreshGrants());

// Which methods a role may call: full name, "/chayan.v1.VerificationService/VerifyDocument". That
// the method exists, and that the entry asked for is the caller's own, is for others to see.
bool RoleMayCall(v1::Role role, absl::string_view method);

// The longest assertion: four claims and a signature are a tenth of it.
inline constexpr size_t kAssertionBytesMax = 4096;
// The longest that one may be good for, a day at the counter.
inline constexpr absl::Duration kAssertionLifetimeMax = absl::Hours(12);
// By how much an office's clock may differ from ours.
inline constexpr absl::Duration kAssertionClockSkew = absl::Seconds(60);

// Verifies a compact JWS that vouches for a person (see Person.assertion in
// verification_service.proto). `approves`: what its claim "apr" must say; empty asks for none.
// Errors name the part that is wrong and repeat no value.
absl::Status VerifyAssertion(absl::string_view assertion, const Caller& caller,
                             absl::string_view person_id, absl::string_view person_role,
                             const registry::Snapshot& snapshot, absl::Time now,
                             absl::string_view approves = {});
// What an approval of this question says in its claim "apr" (see Purpose.approver).
std::string ApprovalOf(const v1::VerifyDocumentRequest& request);
// What the approval of a change from one registry set to another says there, when `person_id`
// applies it (see ApplyRegistryRequest.approver).
std::string ApprovalOfSet(const crypto::Digest& in_force, const crypto::Digest& next,
                          absl::string_view person_id);

}  // namespace chayan::policy

#endif  // CHAYAN_GATEWAY_POLICY_DECIDE_H_
