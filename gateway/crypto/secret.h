// Secret32: 32 secret bytes. Wiped when destroyed or moved from, never printed, compared in
// constant time; whoever reads the bytes names Expose(), so that each place can be found.
#ifndef CHAYAN_GATEWAY_CRYPTO_SECRET_H_
#define CHAYAN_GATEWAY_CRYPTO_SECRET_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <span>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/base/random.h"

namespace chayan::crypto {

// Overwrites `bytes` in a way the compiler keeps.
void Wipe(std::span<uint8_t> bytes);

class Secret32 {
 public:
  static constexpr size_t kSize = 32;

  // All zeros: to be filled or assigned.
  Secret32() = default;
  explicit Secret32(Random& random) { random.Fill(bytes_); }
  // Refuses any length but 32. The caller wipes its own copy.
  static absl::StatusOr<Secret32> FromRaw(absl::string_view raw);

  Secret32(const Secret32&) = default;
  Secret32& operator=(const Secret32&) = default;
  Secret32(Secret32&& other) noexcept : bytes_(other.bytes_) { Wipe(other.bytes_); }
  Secret32& operator=(Secret32&& other) noexcept {
    if (this != &other) {
      bytes_ = other.bytes_;
      Wipe(other.bytes_);
    }
    return *this;
  }
  ~Secret32() { Wipe(bytes_); }

  absl::string_view Expose() const {
    return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
  }
  std::span<uint8_t> ExposeMutable() { return bytes_; }

  // Constant time.
  bool Equals(const Secret32& other) const;

  friend std::ostream& operator<<(std::ostream& out, const Secret32&) {
    return out << "Secret32(not shown)";
  }

 private:
  std::array<uint8_t, kSize> bytes_{};
};

}  // namespace chayan::crypto

#endif  // CHAYAN_GATEWAY_CRYPTO_SECRET_H_
