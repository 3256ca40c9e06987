// The witness policy of a registry set, parsed: whose cosignatures count, how many make a quorum,
// and what holds while it is missing.
#ifndef CHAYAN_GATEWAY_REGISTRY_WITNESS_POLICY_H_
#define CHAYAN_GATEWAY_REGISTRY_WITNESS_POLICY_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "chayan/v1/registry.pb.h"
#include "gateway/tlog/note_key.h"
#include "gateway/tlog/policy_file.h"

namespace chayan::registry {

// Each is asked by a thread of its own.
inline constexpr int kWitnessesMax = 32;
// The grace a policy gives that names none.
inline constexpr absl::Duration kGraceDefault = absl::Minutes(15);

// Immutable.
struct WitnessPolicy {
  v1::WitnessPolicy proto;
  std::vector<tlog::VerifierKey> keys;  // of proto.witnesses(), in their order
  tlog::Policy quorum;                  // its witnesses are those of `proto`, in their order
  absl::Duration grace;
  bool closed = false;  // without the quorum nothing is answered

  // REQUIRES: a policy that the registry's check let pass.
  static absl::StatusOr<WitnessPolicy> Create(const v1::WitnessPolicy& proto);
};

// The policy as verifiers read it (c2sp.org/tlog-policy), for the log with this key; an empty key
// leaves the log out.
std::string TlogPolicyText(const v1::WitnessPolicy& policy, absl::string_view log_vkey);

}  // namespace chayan::registry

#endif  // CHAYAN_GATEWAY_REGISTRY_WITNESS_POLICY_H_
