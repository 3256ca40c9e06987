#include "gateway/base/nearest_name.h"

#include <algorithm>
#include <numeric>
#include <string>

#include "absl/strings/ascii.h"

namespace chayan {
namespace {

// The work grows with its square, and no name of ours is half as long.
constexpr size_t kNearestBytesMax = 128;

// Edits (insert, delete, replace, swap neighbours) that turn `a` into `b`.
size_t Distance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> before(b.size() + 1), previous(b.size() + 1), current(b.size() + 1);
  std::iota(previous.begin(), previous.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      current[j] = std::min(
          {previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        current[j] = std::min(current[j], before[j - 2] + 1);
      }
    }
    std::swap(before, previous);
    std::swap(previous, current);
  }
  return previous[b.size()];
}

}  // namespace

absl::string_view NearestName(absl::string_view name,
                              const std::vector<absl::string_view>& candidates) {
  if (name.empty() || name.size() > kNearestBytesMax) return {};
  const std::string lower = absl::AsciiStrToLower(name);
  const size_t distance_max = std::max<size_t>(1, name.size() / 3);
  absl::string_view nearest;
  size_t nearest_distance = distance_max + 1;
  for (const absl::string_view candidate : candidates) {
    const size_t longer = std::max(candidate.size(), lower.size());
    if (longer - std::min(candidate.size(), lower.size()) >= nearest_distance) continue;
    const size_t distance = Distance(lower, absl::AsciiStrToLower(candidate));
    if (distance < nearest_distance) {
      nearest = candidate;
      nearest_distance = distance;
    }
  }
  return nearest;
}

}  // namespace chayan
