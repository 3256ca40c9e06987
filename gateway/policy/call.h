// What a question and a notice have in common before a registry: who calls, for which office, which
// person, by what right. Private to this room.
#ifndef CHAYAN_GATEWAY_POLICY_CALL_H_
#define CHAYAN_GATEWAY_POLICY_CALL_H_

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "chayan/v1/verification_service.pb.h"
#include "gateway/policy/caller.h"
#include "gateway/policy/decide.h"
#include "gateway/policy/refusal.h"
#include "gateway/registry/snapshot.h"

namespace chayan::policy {

struct Call {
  const Caller& caller;
  const std::string& acting_for;
  const v1::Purpose& purpose;
  const char* kind_field;  // "document_kind"
  const std::string& kind;
  bool kind_known;
  const registry::Snapshot& snapshot;
  absl::Time now;
};

template <typename Strings>
bool Contains(const Strings& values, absl::string_view value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

// Refusals name what the registry knows, never what only the caller said.
Refusal RefuseCall(const Call& call, v1::ErrorReason reason, std::string message);

// The calling system is registered, its role may do this ("ask"), and it acts for the office.
std::optional<Refusal> CheckCaller(const Call& call, bool (*may)(v1::Role), absl::string_view verb);

// No field is blank. `advice` follows "is missing; ".
using NamedFields = std::vector<std::pair<const char*, const std::string*>>;
std::optional<Refusal> CheckNamed(const Call& call, const char* what, const NamedFields& required,
                                  absl::string_view advice);

// The code is no kind of the catalogue; the advice names what it may have meant.
FieldViolation KindViolation(const Call& call, absl::string_view what,
                             const std::vector<absl::string_view>& codes);
// "did you mean x?" or all names when they are few.
std::string Advice(absl::string_view written, const std::vector<absl::string_view>& names,
                   absl::string_view where);

// A grant for some systems and offices covers the call.
template <typename GrantProto>
bool Covers(const GrantProto& grant, const Call& call) {
  return (grant.systems().empty() || Contains(grant.systems(), call.caller.system)) &&
         (grant.acting_for().empty() || Contains(grant.acting_for(), call.acting_for));
}

// A grant that is not in force at the call's time.
template <typename GrantProto>
Refusal RefuseNotInForce(const Call& call, const GrantProto& grant) {
  Refusal refusal =
      RefuseCall(call, v1::ERROR_REASON_GRANT_NOT_IN_FORCE, "the grant is not in force now");
  refusal.metadata.emplace_back("grant", grant.id());
  refusal.metadata.emplace_back("not_before_time", grant.not_before_time());
  refusal.metadata.emplace_back("not_after_time", grant.not_after_time());
  return refusal;
}

// Verifies the person's assertion where there is one.
std::optional<Refusal> CheckPerson(const Call& call, bool assertion_required, PersonProof& proof);

}  // namespace chayan::policy

#endif  // CHAYAN_GATEWAY_POLICY_CALL_H_
