// The log's side of c2sp.org/tlog-witness: asks one witness to cosign one checkpoint.
#ifndef CHAYAN_GATEWAY_LOG_WITNESS_CLIENT_H_
#define CHAYAN_GATEWAY_LOG_WITNESS_CLIENT_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gateway/log/anchor_transport.h"
#include "gateway/tlog/merkle.h"
#include "gateway/tlog/note.h"
#include "gateway/tlog/note_key.h"

namespace chayan::log {

// How long a witness has for one answer, log-format 2.4.
inline constexpr absl::Duration kWitnessTimeout = absl::Seconds(1);

struct WitnessTarget {
  tlog::VerifierKey key;
  std::string url;
  std::string monitoring_url;
  std::string root_pem;
};

struct CosignRequest {
  std::string origin;
  std::string note;         // signed by the log
  uint64_t size = 0;        // of its checkpoint
  uint64_t known_size = 0;  // that the witness is thought to know; 0 at first: it will say
};

// What came of it.
struct WitnessReply {
  // Its cosignature over the note's text, verified; or nothing.
  std::optional<tlog::NoteSignature> cosignature;
  uint64_t known_size = 0;  // to begin with next time
  std::string fault;        // why there is no cosignature
  // What it serves to monitors, asked for when it would not cosign: a note of any kind, perhaps the
  // proof of a second history. Empty when it serves nothing.
  std::string shown;
};

// Consistency proof from an old size to a new one.
using GrowthProof =
    std::function<absl::StatusOr<std::vector<tlog::Hash>>(uint64_t old_size, uint64_t new_size)>;

// At most two requests and a third one for `shown`. A witness can say anything; nothing it says is
// believed but its signature.
WitnessReply AskWitness(const WitnessTarget& target, const CosignRequest& request,
                        const GrowthProof& proof, AnchorTransport& transport);

// What a witness serves to monitors of the log with this origin. NOT_FOUND when it knows none.
absl::StatusOr<std::string> AskWhatItShows(const WitnessTarget& target, absl::string_view origin,
                                           absl::Duration timeout, AnchorTransport& transport);

// The signature of `key` among the lines, verified over the text of `note`. INVALID_ARGUMENT, with
// what is wrong, when there is none that holds.
absl::StatusOr<tlog::NoteSignature> FindCosignature(absl::string_view lines,
                                                    const tlog::VerifierKey& key,
                                                    absl::string_view note);

}  // namespace chayan::log

#endif  // CHAYAN_GATEWAY_LOG_WITNESS_CLIENT_H_
