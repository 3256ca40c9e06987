// A file of questions over one stream: CSV in, CSV out. A row that fails does not stop the others.
#ifndef CHAYAN_GATEWAY_CLI_BATCH_H_
#define CHAYAN_GATEWAY_CLI_BATCH_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gateway/cli/exchange.h"
#include "gateway/cli/program.h"
#include "gateway/cli/question.h"
#include "gateway/tlog/policy_file.h"

namespace chayan::cli {

// Rows of one file; more are better asked in several files.
inline constexpr size_t kBatchRowsMax = 100'000;
// How often a row, or the opening of a stream, is asked while the member's rate is used up: with
// the gateway's delay of a second, half a minute in which other systems of the member take all of
// it.
inline constexpr int kTriesMax = 30;
// A delay longer than this is not waited out: the row stays refused.
inline constexpr absl::Duration kRetryDelayMax = absl::Seconds(60);

inline constexpr char kBatchHelp[] =
    "--batch IN.csv: UTF-8, comma-separated (RFC 4180), first line names the columns:\n"
    "  kind, id, id_scheme, name, birth, case, as_of, acting_for, person, person_role, purpose,\n"
    "  basis, reason, request_id   as the flags of those names; a flag fills an empty column\n"
    "  fields                      codes separated by blanks\n"
    "  claim.CODE                  the expected value of a claim; empty: not claimed\n"
    "--out OUT.csv: one line a question, in the same order:\n"
    "  row, request_id, outcome, verdicts (CODE=VERDICT ...), fields (CODE=VALUE ...), error, "
    "receipt\n"
    "  error is the reason of a refusal; receipt is proved, NOT PROVED (with the first lie), or\n"
    "  unchecked without a trust file.\n"
    "A row refused because the member's rate is used up is asked again after the gateway's delay.\n"
    "Exit code 0 when every row was answered and no receipt failed, else that of the first row\n"
    "that was not: 1 not proved, 3 refused, 4 unavailable.\n";

// What a status says of itself.
struct StatusWords {
  std::string reason;
  ExitCode exit_code = ExitCode::kCheckFailed;
  absl::Duration retry_delay = absl::ZeroDuration();

  // Nobody looked at the question, so asking again repeats nothing. A longer delay is a person's to
  // wait out.
  bool MayAskAgain() const {
    return reason == "RATE_LIMITED" && retry_delay > absl::ZeroDuration() &&
           retry_delay <= kRetryDelayMax;
  }
};
// Of a serialized google.rpc.Status.
StatusWords ReadStatus(absl::string_view status_bytes);

// Rows of fields. INVALID_ARGUMENT names the line.
absl::StatusOr<std::vector<std::vector<std::string>>> ParseCsv(absl::string_view text);
void AppendCsvRow(std::string& out, const std::vector<std::string>& fields);

// The questions of a table whose first row names the columns, completed from `defaults`.
absl::StatusOr<std::vector<TypedQuestion>> QuestionsFromCsv(
    const std::vector<std::vector<std::string>>& rows, const TypedQuestion& defaults);

// The columns of an answer behind row and request id.
std::vector<std::string> AnswerColumns(const Exchange& exchange,
                                       const std::optional<tlog::Policy>& trust);

struct BatchRun {
  std::string in;
  std::string out;
  TypedQuestion defaults;
  std::optional<tlog::Policy> trust;
  std::function<absl::StatusOr<v1::DocumentKindDescription>(const std::string& code)> fetch_kind =
      {};
  // Waits before rows are asked again.
  std::function<void(absl::Duration)> wait = {};
};
// `failure`: what fetch_kind has printed and set when it fails.
ExitCode RunBatch(Program& program, Client& client, const BatchRun& run, const ExitCode& failure);

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_BATCH_H_
