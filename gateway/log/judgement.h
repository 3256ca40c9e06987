// What a checkpoint that somebody shows says about this log. A gateway stops only on proof, or
// whoever can answer in a witness's place could stop it: a checkpoint with OUR signature that is
// larger than the committed log, or another than it. Everything else is that witness's fault.
#ifndef CHAYAN_GATEWAY_LOG_JUDGEMENT_H_
#define CHAYAN_GATEWAY_LOG_JUDGEMENT_H_

#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/store/store.h"
#include "gateway/tlog/note_key.h"

namespace chayan::log {

struct Judgement {
  enum class Verdict {
    kConsistent,  // our log, as it is or was
    kNotOurs,     // none of our keys signed it
    kProof,       // signed by us, and not of the log in the store
  };
  Verdict verdict;
  std::string how;  // for people; not of kConsistent
};

// The head is read from the store only now, after the checkpoint came: what was appended since it
// was asked for is no contradiction. An error only when the store cannot be read.
absl::StatusOr<Judgement> JudgeCheckpoint(absl::string_view note,
                                          std::span<const tlog::VerifierKey> own_keys,
                                          store::Store& store);

}  // namespace chayan::log

#endif  // CHAYAN_GATEWAY_LOG_JUDGEMENT_H_
