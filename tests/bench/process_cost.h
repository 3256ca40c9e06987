// What processes have cost so far, as the kernel counts it.
#ifndef CHAYAN_TESTS_BENCH_PROCESS_COST_H_
#define CHAYAN_TESTS_BENCH_PROCESS_COST_H_

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"

namespace chayan::bench {

struct ProcessCost {
  int64_t cpu_us = 0;  // User and system, all threads, in steps of 10 ms.
  int64_t rss_kib = 0;
};

// The sum over `processes`. NOT_FOUND when one is gone.
absl::StatusOr<ProcessCost> CostOf(const std::vector<pid_t>& processes);

// User and system time of this process, all threads: the machine may do other things meanwhile.
double OwnCpuSeconds();
// Bytes this process has asked the kernel for, from a disk or from what is cached of one.
int64_t OwnBytesRead();

// A fixed piece of work, in microseconds of this thread's CPU: how fast the machine is right now.
int64_t CalibrationUs();

}  // namespace chayan::bench

#endif  // CHAYAN_TESTS_BENCH_PROCESS_COST_H_
