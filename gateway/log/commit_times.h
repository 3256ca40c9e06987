// How long the last commits took.
#ifndef CHAYAN_GATEWAY_LOG_COMMIT_TIMES_H_
#define CHAYAN_GATEWAY_LOG_COMMIT_TIMES_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"

namespace chayan::log {

// Not thread-safe.
class CommitTimes {
 public:
  void Add(absl::Duration duration) {
    times_us_[count_++ % kKept] =
        static_cast<uint32_t>(std::min<int64_t>(absl::ToInt64Microseconds(duration), UINT32_MAX));
  }
  // Microseconds; 0 when there was none.
  uint32_t Median() const {
    const auto filled = static_cast<std::ptrdiff_t>(std::min<uint64_t>(count_, kKept));
    if (filled == 0) return 0;
    std::array<uint32_t, kKept> sorted = times_us_;
    std::nth_element(sorted.begin(), sorted.begin() + filled / 2, sorted.begin() + filled);
    return sorted[static_cast<size_t>(filled) / 2];
  }
  uint64_t count() const { return count_; }

 private:
  static constexpr size_t kKept = 256;

  std::array<uint32_t, kKept> times_us_{};
  uint64_t count_ = 0;
};

}  // namespace chayan::log

#endif  // CHAYAN_GATEWAY_LOG_COMMIT_TIMES_H_
