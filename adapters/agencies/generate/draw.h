// Chance of the generator. Only integer arithmetic on one engine: the standard distributions differ
// between libraries, and the same seed must give the same people everywhere.
#ifndef CHAYAN_ADAPTERS_AGENCIES_GENERATE_DRAW_H_
#define CHAYAN_ADAPTERS_AGENCIES_GENERATE_DRAW_H_

#include <cstddef>
#include <cstdint>
#include <random>

namespace chayan::sample {

class Draw {
 public:
  explicit Draw(uint64_t seed) : engine_(seed) {}

  // 0 to bound - 1. REQUIRES: bound > 0.
  size_t Below(size_t bound) { return static_cast<size_t>(engine_() % bound); }
  // first to last, both included.
  int Between(int first, int last) {
    return first + static_cast<int>(Below(static_cast<size_t>(last - first) + 1));
  }
  bool OneIn(size_t count) { return Below(count) == 0; }
  template <typename Container>
  const auto& From(const Container& container) {
    return container[Below(std::size(container))];
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace chayan::sample

#endif  // CHAYAN_ADAPTERS_AGENCIES_GENERATE_DRAW_H_
