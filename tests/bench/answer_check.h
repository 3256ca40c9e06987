// Whether what came back is right: about the question that was asked, with the outcome that the
// sample data has, and, for a sample of the answers, with a receipt that proves it.
#ifndef CHAYAN_TESTS_BENCH_ANSWER_CHECK_H_
#define CHAYAN_TESTS_BENCH_ANSWER_CHECK_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "gateway/tlog/policy_file.h"

namespace chayan::bench {

// Counts over a run.
struct Findings {
  std::map<std::string, uint64_t> outcomes;  // Of answers, by name.
  std::map<std::string, uint64_t> errors;    // "UNAVAILABLE/LOG_UNAVAILABLE", "UNAVAILABLE".
  uint64_t matches = 0;                      // Answers with the outcome MATCH.
  uint64_t errors_count = 0;
  uint64_t wrong = 0;
  std::string first_wrong;
  uint64_t receipts_checked = 0;
};

class AnswerCheck {
 public:
  struct Options {
    // Every answer must have this outcome; empty takes any.
    std::string outcome = "MATCH";
    // Of this many answers one has its receipt checked; 0 checks none.
    uint64_t receipt_every = 0;
    // Whose receipts hold. Needed when receipt_every is not 0.
    std::optional<tlog::Policy> trust;
  };
  explicit AnswerCheck(Options options);

  // The response message of a call or of an item of a stream.
  void Response(absl::string_view request_id, absl::string_view request,
                absl::string_view response);
  // A call that ended with a status: the value of grpc-status, and the google.rpc.Status if sent.
  void Error(int code, absl::string_view details);
  void Wrong(std::string what);

  const Findings& findings() const { return findings_; }

 private:
  const Options options_;
  uint64_t answers_ = 0;
  Findings findings_;
};

// OK when the receipt in `response` proves that exactly this was asked and answered.
absl::Status CheckReceipt(absl::string_view request, absl::string_view response,
                          const tlog::Policy& trust);

}  // namespace chayan::bench

#endif  // CHAYAN_TESTS_BENCH_ANSWER_CHECK_H_
