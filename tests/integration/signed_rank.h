// Wilcoxon's signed-rank test: whether the differences of pairs lean to one side. It asks nothing
// of how they are distributed, so a machine under load, which delays both of a pair alike, does not
// disturb it.
#ifndef CHAYAN_TESTS_INTEGRATION_SIGNED_RANK_H_
#define CHAYAN_TESTS_INTEGRATION_SIGNED_RANK_H_

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace chayan::integration {

// Two-sided chance of about 6 in ten million that pairs without a difference pass it.
inline constexpr double kSignificantZ = 5.0;

// The standard score of the sum of signed ranks: near 0 for pairs without a difference. Equal
// differences share their ranks; pairs that do not differ are left out. REQUIRES: some dozens of
// pairs, for the normal approximation.
inline double SignedRankZ(std::vector<double> differences) {
  std::erase(differences, 0.0);
  std::sort(differences.begin(), differences.end(),
            [](double a, double b) { return std::abs(a) < std::abs(b); });
  double sum = 0;
  double squares = 0;
  for (size_t begin = 0; begin < differences.size();) {
    size_t end = begin;
    while (end < differences.size() && std::abs(differences[end]) == std::abs(differences[begin])) {
      ++end;
    }
    const double rank = (static_cast<double>(begin + 1) + static_cast<double>(end)) / 2;
    for (size_t i = begin; i < end; ++i) {
      sum += differences[i] > 0 ? rank : -rank;
      squares += rank * rank;
    }
    begin = end;
  }
  return squares == 0 ? 0 : sum / std::sqrt(squares);
}

}  // namespace chayan::integration

#endif  // CHAYAN_TESTS_INTEGRATION_SIGNED_RANK_H_
