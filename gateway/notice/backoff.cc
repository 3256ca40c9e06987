#include "gateway/notice/backoff.h"

#include <algorithm>

namespace chayan::notice {

absl::Duration Backoff(uint32_t failures, Random& random) {
  absl::Duration whole = kBackoffFirst;
  for (uint32_t i = 1; i < failures && whole < kBackoffMax; ++i) whole *= 2;
  whole = std::min(whole, kBackoffMax);
  const int64_t half_ms = absl::ToInt64Milliseconds(whole) / 2;
  const uint64_t part_ms = random.Uint64() % static_cast<uint64_t>(half_ms + 1);
  return absl::Milliseconds(half_ms + static_cast<int64_t>(part_ms));
}

}  // namespace chayan::notice
