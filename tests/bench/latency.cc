#include "tests/bench/latency.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "gateway/base/check.h"

namespace chayan::bench {
namespace {

// Each power of two in 128 steps: below 1 % wide. Values below 128 ns have a bucket each.
constexpr int kStepBits = 7;
constexpr uint64_t kSteps = uint64_t{1} << kStepBits;
// 2^40 ns are 18 minutes; no call waits that long.
constexpr int kBitsMax = 40;
constexpr size_t kBuckets = (kBitsMax - kStepBits + 1) * kSteps;

}  // namespace

Latencies::Latencies() : buckets_(kBuckets) {}

size_t Latencies::BucketOf(uint64_t nanoseconds) {
  const uint64_t value = std::min(nanoseconds, (uint64_t{1} << kBitsMax) - 1);
  if (value < kSteps) return value;
  const int shift = static_cast<int>(std::bit_width(value)) - 1 - kStepBits;
  return (static_cast<size_t>(shift) + 1) * kSteps + ((value >> shift) - kSteps);
}

uint64_t Latencies::UpperEdge(size_t bucket) {
  if (bucket < kSteps) return bucket;
  const size_t shift = bucket / kSteps - 1;
  return ((bucket % kSteps + kSteps + 1) << shift) - 1;
}

void Latencies::Add(uint64_t nanoseconds) {
  ++buckets_[BucketOf(nanoseconds)];
  ++count_;
  max_ns_ = std::max(max_ns_, nanoseconds);
}

uint64_t Latencies::Percentile(double share) const {
  CHAYAN_CHECK(share > 0 && share <= 1);
  const uint64_t rank =
      std::max<uint64_t>(1, static_cast<uint64_t>(std::ceil(share * static_cast<double>(count_))));
  uint64_t seen = 0;
  for (size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen >= rank) return std::min(UpperEdge(i), max_ns_);
  }
  return 0;
}

}  // namespace chayan::bench
