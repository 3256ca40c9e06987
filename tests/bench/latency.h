// Latencies as counts in buckets that are at most 1 % wide, so that a run of any length takes the
// same memory and a percentile is as exact as anybody reads it.
#ifndef CHAYAN_TESTS_BENCH_LATENCY_H_
#define CHAYAN_TESTS_BENCH_LATENCY_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace chayan::bench {

class Latencies {
 public:
  Latencies();

  void Add(uint64_t nanoseconds);
  uint64_t count() const { return count_; }
  uint64_t max_ns() const { return max_ns_; }
  // The upper edge of the bucket that holds this share of all, in nanoseconds; 0 when there are
  // none. REQUIRES: 0 < share <= 1.
  uint64_t Percentile(double share) const;

 private:
  static size_t BucketOf(uint64_t nanoseconds);
  static uint64_t UpperEdge(size_t bucket);

  std::vector<uint64_t> buckets_;
  uint64_t count_ = 0;
  uint64_t max_ns_ = 0;
};

}  // namespace chayan::bench

#endif  // CHAYAN_TESTS_BENCH_LATENCY_H_
