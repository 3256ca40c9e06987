// A closed loop of questions: as soon as one is answered, the next goes out, so that a fixed number
// is in flight; or, at a fixed rate, an open one. One thread on epoll, so that the load costs
// little beside what it measures.
#ifndef CHAYAN_TESTS_BENCH_LOAD_H_
#define CHAYAN_TESTS_BENCH_LOAD_H_

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tests/bench/answer_check.h"
#include "tests/bench/latency.h"
#include "tests/bench/process_cost.h"
#include "tests/bench/question.h"
#include "tests/bench/record.h"
#include "tests/bench/tls_session.h"

namespace chayan::bench {

// A time between a lost connection and what came after it, in milliseconds of CLOCK_BOOTTIME, the
// clock that /proc/PID/stat tells a process's start by.
struct Outage {
  int64_t lost_ms = 0;
  int64_t first_answer_ms = 0;  // 0: none came.
  int64_t first_match_ms = 0;   // The first with the outcome MATCH.
};

struct LoadResult {
  Latencies latencies;  // Of the answers in the measured time.
  absl::Duration measured;
  uint64_t answers = 0;        // In the measured time; errors do not count.
  uint64_t answers_whole = 0;  // From start to end.
  ProcessCost cost;         // Of the watched processes: CPU over the measured time, RSS at its end.
  int64_t load_cpu_us = 0;  // Of this process, over the measured time.
  uint64_t connections_lost = 0;
  uint64_t unanswered = 0;  // Still open when the drain ended.
  std::vector<Outage> outages;
};

struct LoadOptions {
  std::string address;
  std::vector<TlsFiles> clients;  // Connections take them in turn. REQUIRES: not empty.
  int in_flight = 64;
  int connections = 16;
  // Questions a second, evenly; 0: a closed loop. `in_flight` is the bound then; a question that
  // has to wait for a place counts from when it was due.
  double rate = 0;
  bool stream = false;  // VerifyDocuments, one stream a connection, in place of VerifyDocument.
  absl::Duration warm_up = absl::Seconds(1);
  absl::Duration duration = absl::Seconds(3);
  uint64_t questions_max = 0;  // Ends the measured time early; 0: no bound.
  // Before the next question after an error or another outcome than MATCH: a clerk would not ask on
  // at once either.
  absl::Duration pause = absl::ZeroDuration();
  std::vector<pid_t> watched;
  // When true, the measured time is over. May be null.
  const std::atomic<bool>* stop = nullptr;
};

// Runs the load. `record` may be null. An error when no connection can be made at the start, or a
// watched process is gone; a connection lost later is made again, and its calls count as errors.
absl::StatusOr<LoadResult> RunLoad(const LoadOptions& options, const Questions& questions,
                                   AnswerCheck& check, RecordFile* record);

}  // namespace chayan::bench

#endif  // CHAYAN_TESTS_BENCH_LOAD_H_
