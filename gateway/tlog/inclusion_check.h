// What a receipt proves: that a leaf lies in a tree whose checkpoint a trusted log signed, and
// which witnesses cosigned it. Needs the leaf, the proof file and the verifier's own policy; no
// network.
#ifndef CHAYAN_GATEWAY_TLOG_INCLUSION_CHECK_H_
#define CHAYAN_GATEWAY_TLOG_INCLUSION_CHECK_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/tlog/checkpoint.h"
#include "gateway/tlog/policy_file.h"
#include "gateway/tlog/proof_file.h"

namespace chayan::tlog {

// One witness that cosigned, and when it says it did.
struct WitnessStatement {
  std::string name;  // In the policy file.
  uint64_t posix_seconds = 0;

  bool operator==(const WitnessStatement&) const = default;
};

// A checkpoint that a log of the policy signed.
struct CheckpointStanding {
  Checkpoint checkpoint;
  std::vector<WitnessStatement> witnesses;
  // The policy's quorum is met. With `quorum none` always so, also without any witness: look at
  // `witnesses` before calling a checkpoint witnessed.
  bool quorum_met = false;
};

struct InclusionStanding {
  uint64_t index = 0;
  CheckpointStanding checkpoint;
};

// An error if no log of the policy signed under its own name, or any signature by a log or witness
// of the policy is bad. A quorum that is not met is no error here: the caller says what it saw.
absl::StatusOr<CheckpointStanding> CheckCheckpoint(absl::string_view note, const Policy& policy);

absl::StatusOr<InclusionStanding> CheckInclusion(absl::string_view leaf, const ProofFile& proof,
                                                 const Policy& policy);

}  // namespace chayan::tlog

#endif  // CHAYAN_GATEWAY_TLOG_INCLUSION_CHECK_H_
