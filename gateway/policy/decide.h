// The decision: a pure function of caller, question, registry and time. Deny by default.
#ifndef CHAYAN_GATEWAY_POLICY_DECIDE_H_
#define CHAYAN_GATEWAY_POLICY_DECIDE_H_

#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "chayan/v1/verification_service.pb.h"
#include "gateway/policy/caller.h"
#include "gateway/policy/refusal.h"
#include "gateway/registry/snapshot.h"

namespace chayan::policy {

// How the person behind a question was proved. The names as they stand in entries: "none",
// "member".
enum class PersonProof { kNone, kMember };

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
// kind, grants by purpose, basis, role of the person, claims, fields, times; then the person's
// assertion.
Decision Decide(const Caller& caller, const v1::VerifyDocumentRequest& request,
                const registry::Snapshot& snapshot, absl::Time now);

// Which methods a role may call: full name, "/chayan.v1.VerificationService/VerifyDocument".
bool RoleMayCall(v1::Role role, absl::string_view method);

// Verifies a compact JWS that vouches for a person (see Person.assertion in
// verification_service.proto).
absl::Status VerifyAssertion(absl::string_view assertion, const Caller& caller,
                             absl::string_view person_id, absl::string_view person_role,
                             const registry::Snapshot& snapshot, absl::Time now);

}  // namespace chayan::policy

#endif  // CHAYAN_GATEWAY_POLICY_DECIDE_H_
