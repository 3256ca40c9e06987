// Before the first signature of a process, the witnesses are asked what they saw of this log: a
// store that was put back from an old copy, with its guard file beside it, looks sound from here,
// and only others remember.
#ifndef CHAYAN_GATEWAY_LOG_START_QUESTION_H_
#define CHAYAN_GATEWAY_LOG_START_QUESTION_H_

#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gateway/log/anchor_transport.h"
#include "gateway/registry/witness_policy.h"
#include "gateway/store/store.h"
#include "gateway/tlog/note_key.h"

namespace chayan::log {

// All are asked at once; a start waits no longer than this.
inline constexpr absl::Duration kStartQuestionTimeout = absl::Milliseconds(500);

// Asks the witnesses that can be called for what they serve to monitors. Returns an alarm for
// people, empty when at least one answered or there was nobody to ask. FAILED_PRECONDITION when one
// shows proof that this store is not the log (judgement.h); UNAVAILABLE when none answered and the
// policy closes the log without a quorum.
absl::StatusOr<std::string> AskWitnessesAtStart(const registry::WitnessPolicy& policy,
                                                std::span<const tlog::VerifierKey> own_keys,
                                                store::Store& store, AnchorTransport& transport);

}  // namespace chayan::log

#endif  // CHAYAN_GATEWAY_LOG_START_QUESTION_H_
