// The offline check of one exchange: an evidence file against the verifier's own trust file. Needs
// no network and none of the server's code. Keys come from the trust file alone; nothing in the
// evidence is believed because the evidence says so.
//
// Invariant: a report that passed means that every byte of the file was checked, except signature
// lines by keys that the trust file does not know: nobody can check those, and nothing rests on
// them.
#ifndef CHAYAN_GATEWAY_CLI_RECEIPT_CHECK_H_
#define CHAYAN_GATEWAY_CLI_RECEIPT_CHECK_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "chayan/v1/receipt.pb.h"
#include "gateway/log/entry.h"
#include "gateway/tlog/inclusion_check.h"
#include "gateway/tlog/policy_file.h"

namespace chayan::cli {

// What is checked, in this order. The first that fails is the first lie; those behind it are not
// tried, for they would rest on it.
enum class CheckStep {
  kFile,               // the file is one evidence file and nothing else
  kEntry,              // the leaf has the exact form of an entry about an exchange
  kCheckpoint,         // a log of the trust file signed the checkpoint
  kInclusion,          // the leaf lies in the tree of that checkpoint
  kWitnesses,          // the quorum of the trust file cosigned
  kRequestCommitment,  // the entry commits to exactly these request bytes
  kAnswerCommitment,   // and to exactly these answer (or status) bytes
  kAgreement,          // request, answer and entry speak of one exchange
  kHolderSignature,    // the entry commits to the holder's signature, and it is the holder's
};

// "file", "entry", "checkpoint" …: stable, for scripts.
absl::string_view StepName(CheckStep step);

struct CheckedStep {
  CheckStep step = CheckStep::kFile;
  absl::Status status;  // why it failed
  std::string detail;   // what was seen: a name, a size, an index
};

struct ReceiptReport {
  std::vector<CheckedStep> steps;
  // Filled as far as the steps came.
  v1::EvidenceFile evidence;
  log::ParsedLeaf leaf;
  std::optional<tlog::InclusionStanding> standing;
  size_t witness_count = 0;  // in the trust file
  // The holder's signature was there and held.
  bool holder_signed = false;

  bool ok() const { return !steps.empty() && steps.back().status.ok(); }
  // REQUIRES: !ok().
  const CheckedStep& first_lie() const { return steps.back(); }
};

ReceiptReport CheckEvidence(absl::string_view evidence_bytes, const tlog::Policy& trust);

// Checks many files against one trust file, as CheckEvidence does. Of a checkpoint on which several
// rest, as all do that were upgraded together, the signatures are checked once. Not thread-safe.
class EvidenceChecker {
 public:
  // `trust` outlives it.
  explicit EvidenceChecker(const tlog::Policy& trust) : trust_(trust) {}

  ReceiptReport Check(absl::string_view evidence_bytes);
  // What CheckCheckpoint says of the note.
  absl::StatusOr<tlog::CheckpointStanding> CheckCheckpoint(const std::string& note);

  const tlog::Policy& trust() const { return trust_; }

 private:
  const tlog::Policy& trust_;
  // Notes that held, byte for byte.
  absl::flat_hash_map<std::string, tlog::CheckpointStanding> held_;
};

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_RECEIPT_CHECK_H_
