#include "gateway/registry/witness_policy.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gateway/base/status_macros.h"

namespace chayan::registry {

std::string TlogPolicyText(const v1::WitnessPolicy& policy, absl::string_view log_vkey) {
  std::string text;
  if (!log_vkey.empty()) absl::StrAppend(&text, "log ", log_vkey, "\n");
  for (const v1::Witness& witness : policy.witnesses()) {
    absl::StrAppend(&text, "witness ", witness.name(), " ", witness.vkey(),
                    witness.url().empty() ? "" : " ", witness.url(), "\n");
  }
  for (const v1::WitnessGroup& group : policy.groups()) {
    absl::StrAppend(&text, "group ", group.name(), " ",
                    group.threshold() == 0 ? "all" : absl::StrCat(group.threshold()), " ",
                    absl::StrJoin(group.members(), " "), "\n");
  }
  absl::StrAppend(&text, "quorum ", policy.quorum(), "\n");
  return text;
}

absl::StatusOr<WitnessPolicy> WitnessPolicy::Create(const v1::WitnessPolicy& proto) {
  CHAYAN_ASSIGN_OR_RETURN(tlog::Policy quorum, tlog::Policy::Parse(TlogPolicyText(proto, "")));
  WitnessPolicy policy{
      .proto = proto,
      .keys = {},
      .quorum = std::move(quorum),
      .grace = proto.grace_seconds() == 0 ? kGraceDefault : absl::Seconds(proto.grace_seconds()),
      .closed = proto.missing_quorum() == v1::MISSING_QUORUM_CLOSED};
  for (const v1::Witness& witness : proto.witnesses()) {
    CHAYAN_ASSIGN_OR_RETURN(tlog::VerifierKey key, tlog::VerifierKey::Parse(witness.vkey()));
    policy.keys.push_back(std::move(key));
  }
  return policy;
}

}  // namespace chayan::registry
