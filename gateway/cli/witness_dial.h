// A witness that calls the log, so that its agency opens no port: looks for a published checkpoint
// that lacks its cosignature, has the growth since its last one proved, and brings its cosignature,
// or the proof that the log has two histories.
#ifndef CHAYAN_GATEWAY_CLI_WITNESS_DIAL_H_
#define CHAYAN_GATEWAY_CLI_WITNESS_DIAL_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gateway/cli/client.h"
#include "gateway/tlog/note_key.h"
#include "gateway/witness/witness.h"

namespace chayan::cli {

class WitnessDial {
 public:
  // `key` is the witness's own. All references outlive it.
  WitnessDial(witness::Witness& witness, tlog::VerifierKey key, Client& client,
              absl::Duration timeout)
      : witness_(witness), key_(std::move(key)), client_(client), timeout_(timeout) {}

  // One visit. OK when the newest published checkpoint carries the cosignature afterwards.
  // DATA_LOSS when the log shows another history than the one cosigned before; the gateway has been
  // told.
  absl::Status Visit();
  // Visit after visit, `interval` apart, longer after a failure; each change is a line of diag.
  [[noreturn]] void RunForEver(absl::Duration interval);

 private:
  template <typename Response, typename Request>
  absl::StatusOr<Response> Call(const char* method, const Request& request);
  absl::Status Cosign(absl::string_view note, const std::string& origin, uint64_t old_size,
                      uint64_t size);
  absl::Status Accuse(const std::string& origin, const std::string& what);

  witness::Witness& witness_;
  const tlog::VerifierKey key_;
  Client& client_;
  const absl::Duration timeout_;
};

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_WITNESS_DIAL_H_
