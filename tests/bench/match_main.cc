// chayan-bench-match: what one comparison costs, in nanoseconds of CPU time of one core. One JSON
// line.
//
//   chayan-bench-match [ROUNDS]
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <vector>

#include "absl/strings/string_view.h"
#include "adapters/sdk/match_address.h"
#include "adapters/sdk/match_name.h"
#include "gateway/base/check.h"

namespace chayan::bench {
namespace {

constexpr int kRoundsDefault = 200'000;

struct Pair {
  absl::string_view expected;
  absl::string_view held;
};

// What counters see most: three characters that agree; then a variant, a difference, other marks,
// Latin letters.
constexpr Pair kTypicalName[] = {{"王小明", "王小明"}};
constexpr Pair kNames[] = {{"王小明", "王小明"},        {"林青峰", "林靑峯"},
                           {"王小明", "王大明"},        {"Kacaw’ Mayaw", "KACAW' MAYAW"},
                           {"歐陽‧娜娜", "歐陽・娜娜"}, {"NGUYEN VAN AN", "Nguyen Van An"}};
constexpr Pair kAddresses[] = {
    {"臺北市松山區東光里005鄰南京東路四段16號11樓之2", "台北市松山區南京東路四段１６號十一樓之２"}};

// CPU time of this process: the machine may do other things meanwhile.
double CpuNanoseconds() {
  rusage usage{};
  CHAYAN_CHECK(getrusage(RUSAGE_SELF, &usage) == 0);
  const auto ns = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_usec) * 1e3;
  };
  return ns(usage.ru_utime) + ns(usage.ru_stime);
}

template <typename Match, size_t N>
double Measure(Match match, const Pair (&pairs)[N], int rounds) {
  for (const Pair& pair : pairs) match(pair.expected, pair.held);  // tables are made once
  int agreed = 0;
  const double begin = CpuNanoseconds();
  for (int i = 0; i < rounds; ++i) {
    const Pair& pair = pairs[static_cast<size_t>(i) % N];
    agreed += match(pair.expected, pair.held).verdict == sdk::Verdict::kMatch;
  }
  const double end = CpuNanoseconds();
  CHAYAN_CHECK(agreed > 0);  // it was compared, and the compiler may not drop it
  return (end - begin) / rounds;
}

}  // namespace
}  // namespace chayan::bench

int main(int argc, char** argv) {
  using namespace chayan;
  const int rounds = argc > 1 ? std::atoi(argv[1]) : bench::kRoundsDefault;
  if (rounds <= 0) {
    std::fprintf(stderr, "usage: chayan-bench-match [ROUNDS]\n");
    return 2;
  }
  std::printf("{\"rounds\":%d,\"typical_name_ns\":%.0f,\"names_ns\":%.0f,\"address_ns\":%.0f}\n",
              rounds, bench::Measure(sdk::MatchName, bench::kTypicalName, rounds),
              bench::Measure(sdk::MatchName, bench::kNames, rounds),
              bench::Measure(sdk::MatchAddress, bench::kAddresses, rounds));
  return 0;
}
