// Randomness comes in through Random, so that a simulation is repeated by its seed.
#ifndef CHAYAN_GATEWAY_BASE_RANDOM_H_
#define CHAYAN_GATEWAY_BASE_RANDOM_H_

#include <cstdint>
#include <random>
#include <span>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace chayan {

// Thread-safe.
class Random {
 public:
  virtual ~Random() = default;
  virtual void Fill(std::span<uint8_t> bytes) = 0;

  uint64_t Uint64() {
    uint64_t value = 0;
    Fill({reinterpret_cast<uint8_t*>(&value), sizeof(value)});
    return value;
  }
};

// The kernel's generator, drawn in blocks: fit for keys.
class SystemRandom final : public Random {
 public:
  void Fill(std::span<uint8_t> bytes) override;
};

// For tests and simulations alone: the same seed gives the same bytes.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(uint64_t seed) : engine_(seed) {}
  void Fill(std::span<uint8_t> bytes) override;

 private:
  absl::Mutex mu_;
  std::mt19937_64 engine_ ABSL_GUARDED_BY(mu_);
};

}  // namespace chayan

#endif  // CHAYAN_GATEWAY_BASE_RANDOM_H_
