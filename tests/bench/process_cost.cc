#include "tests/bench/process_cost.h"

#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "gateway/base/check.h"
#include "gateway/base/status_macros.h"
#include "gateway/crypto/digest.h"

namespace chayan::bench {
namespace {

// proc(5): of the fields after the name, utime is the 12th and stime the 13th.
constexpr int kFieldsBeforeUserTime = 11;
// Some 50 ms of hashing: long against the clock's steps, short against a round.
constexpr int kCalibrationBlocks = 256;
constexpr size_t kCalibrationBlockBytes = 256 << 10;

absl::StatusOr<ProcessCost> CostOf(pid_t process) {
  const std::string folder = absl::StrCat("/proc/", process);
  std::ifstream stat(absl::StrCat(folder, "/stat"));
  std::string line;
  if (!std::getline(stat, line) || line.rfind(')') == std::string::npos) {
    return absl::NotFoundError(absl::StrCat("process ", process, " is gone"));
  }
  // The name may hold blanks and parentheses, so fields are counted behind the last one.
  std::istringstream fields(line.substr(line.rfind(')') + 1));
  std::string skipped;
  for (int i = 0; i < kFieldsBeforeUserTime; ++i) fields >> skipped;
  int64_t user = 0, system = 0;
  fields >> user >> system;

  ProcessCost cost;
  cost.cpu_us = (user + system) * 1'000'000 / sysconf(_SC_CLK_TCK);
  std::ifstream status(absl::StrCat(folder, "/status"));
  while (std::getline(status, line)) {
    if (line.rfind("VmRSS:", 0) == 0) cost.rss_kib = std::stoll(line.substr(6));
  }
  return cost;
}

}  // namespace

absl::StatusOr<ProcessCost> CostOf(const std::vector<pid_t>& processes) {
  ProcessCost sum;
  for (const pid_t process : processes) {
    CHAYAN_ASSIGN_OR_RETURN(const ProcessCost cost, CostOf(process));
    sum.cpu_us += cost.cpu_us;
    sum.rss_kib += cost.rss_kib;
  }
  return sum;
}

double OwnCpuSeconds() {
  rusage usage{};
  CHAYAN_CHECK(getrusage(RUSAGE_SELF, &usage) == 0);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

int64_t OwnBytesRead() {
  std::ifstream file("/proc/self/io");
  std::string name;
  int64_t bytes = 0;
  CHAYAN_CHECK(file >> name >> bytes && name == "rchar:");
  return bytes;
}

int64_t CalibrationUs() {
  const auto now_us = [] {
    timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
  };
  std::string block(kCalibrationBlockBytes, 'c');
  const int64_t start = now_us();
  for (int i = 0; i < kCalibrationBlocks; ++i) {
    const crypto::Digest digest = crypto::Sha256(block);
    block[0] = static_cast<char>(digest.bytes[0]);
  }
  return now_us() - start;
}

}  // namespace chayan::bench
