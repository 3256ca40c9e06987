#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "gateway/base/file.h"
#include "gateway/metrics/page.h"

namespace chayan::metrics {
namespace {

// Fields of /proc/self/stat behind the name in parentheses, as proc(5) counts them from 3 on.
constexpr size_t kThreads = 20 - 3, kStartTicks = 22 - 3, kVirtualBytes = 23 - 3,
                 kResidentPages = 24 - 3;

double Number(const std::vector<std::string>& fields, size_t index) {
  double value = 0;
  return index < fields.size() && absl::SimpleAtod(fields[index], &value) ? value : 0;
}

// Of the boot, in seconds since 1970; 0 when the system does not tell.
double BootTime() {
  const auto stat = ReadFile("/proc/stat");
  if (!stat.ok()) return 0;
  const size_t at = stat->find("btime ");
  if (at == std::string::npos) return 0;
  const std::vector<std::string> words = absl::StrSplit(stat->substr(at), absl::ByAnyChar(" \n"));
  return Number(words, 1);
}

void AddDescriptors(Page& page) {
  DIR* const folder = opendir("/proc/self/fd");
  if (folder == nullptr) return;
  double open = -3;  // ".", ".." and the folder itself
  while (readdir(folder) != nullptr) ++open;
  closedir(folder);
  page.AddGauge("process_open_fds", "Descriptors open.", open);
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    page.AddGauge("process_max_fds", "Descriptors that may be open.",
                  static_cast<double>(limit.rlim_cur));
  }
}

}  // namespace

void CollectProcess(Page& page) {
  AddDescriptors(page);
  rusage usage;
  if (getrusage(RUSAGE_SELF, &usage) == 0) {
    const auto seconds = [](const timeval& time) {
      return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    page.AddCounter("process_cpu_seconds_total", "CPU time used, of user and system.",
                    seconds(usage.ru_utime) + seconds(usage.ru_stime));
  }
  const auto stat = ReadFile("/proc/self/stat");
  if (!stat.ok()) return;
  const size_t name_end = stat->rfind(") ");
  if (name_end == std::string::npos) return;
  const std::vector<std::string> fields = absl::StrSplit(stat->substr(name_end + 2), ' ');
  page.AddGauge("process_resident_memory_bytes", "Memory in use.",
                Number(fields, kResidentPages) * static_cast<double>(sysconf(_SC_PAGESIZE)));
  page.AddGauge("process_virtual_memory_bytes", "Address space in use.",
                Number(fields, kVirtualBytes));
  page.AddGauge("process_threads", "Threads of the process.", Number(fields, kThreads));
  page.AddGauge(
      "process_start_time_seconds", "Start of the process since 1970.",
      BootTime() + Number(fields, kStartTicks) / static_cast<double>(sysconf(_SC_CLK_TCK)));
}

}  // namespace chayan::metrics
