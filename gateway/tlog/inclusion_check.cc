#include "gateway/tlog/inclusion_check.h"

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "gateway/base/status_macros.h"
#include "gateway/tlog/note.h"

namespace chayan::tlog {

absl::StatusOr<CheckpointStanding> CheckCheckpoint(absl::string_view bytes, const Policy& policy) {
  CHAYAN_ASSIGN_OR_RETURN(const Note note, ParseNote(bytes));
  CheckpointStanding standing;
  CHAYAN_ASSIGN_OR_RETURN(standing.checkpoint, ParseCheckpoint(note.text));

  std::vector<VerifierKey> log_keys;
  for (const Policy::Log& log : policy.logs()) log_keys.push_back(log.key);
  CHAYAN_ASSIGN_OR_RETURN(const std::vector<VerifiedSignature> logs,
                          VerifySignatures(note, log_keys));
  // A log speaks for the origin it is named after, not for others in the same file.
  bool is_signed = false;
  bool is_retired = false;
  for (const VerifiedSignature& signature : logs) {
    const Policy::Log& log = policy.logs()[signature.key_index];
    if (log.key.name() != standing.checkpoint.origin) continue;
    const bool too_late = log.size_max.has_value() && standing.checkpoint.head.size > *log.size_max;
    (too_late ? is_retired : is_signed) = true;
  }
  if (!is_signed && is_retired) {
    return absl::InvalidArgumentError(
        "checkpoint: signed only by a key that the log had retired at a smaller size");
  }
  if (!is_signed) {
    return absl::InvalidArgumentError("checkpoint: not signed by a trusted log of its origin");
  }

  std::vector<VerifierKey> witness_keys;
  for (const Policy::Witness& witness : policy.witnesses()) witness_keys.push_back(witness.key);
  CHAYAN_ASSIGN_OR_RETURN(const std::vector<VerifiedSignature> witnesses,
                          VerifySignatures(note, witness_keys));
  const auto cosigned = std::make_unique<bool[]>(witness_keys.size());
  for (const VerifiedSignature& witness : witnesses) {
    cosigned[witness.key_index] = true;
    standing.witnesses.push_back(
        {policy.witnesses()[witness.key_index].name, witness.posix_seconds});
  }
  standing.quorum_met = policy.IsQuorum({cosigned.get(), witness_keys.size()});
  return standing;
}

absl::StatusOr<InclusionStanding> CheckInclusion(absl::string_view leaf, const ProofFile& proof,
                                                 const Policy& policy) {
  InclusionStanding standing;
  CHAYAN_ASSIGN_OR_RETURN(standing.checkpoint, CheckCheckpoint(proof.checkpoint, policy));
  standing.index = proof.index;
  const TreeHead& head = standing.checkpoint.checkpoint.head;
  CHAYAN_RETURN_IF_ERROR(
      VerifyInclusion(proof.index, head.size, LeafHash(leaf), proof.path, head.root));
  return standing;
}

}  // namespace chayan::tlog
