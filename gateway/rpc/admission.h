// Who may have how much at once: rates and calls in flight per member, recorded refusals per
// certificate. Lock-free on the path of a call.
#ifndef CHAYAN_GATEWAY_RPC_ADMISSION_H_
#define CHAYAN_GATEWAY_RPC_ADMISSION_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "chayan/v1/registry.pb.h"
#include "gateway/crypto/digest.h"

namespace chayan::rpc {

// A token bucket kept as one number: the time at which it would be full of debt (the generic cell
// rate algorithm). Thread-safe.
class Rate {
 public:
  // Takes one when fewer than `burst` are outstanding at `per_second`; `now` never steps back.
  bool Take(absl::Duration now, double per_second, double burst);
  // How long until Take can say yes.
  absl::Duration Wait(absl::Duration now, double per_second, double burst) const;
  // Nothing outstanding.
  bool IsIdle(absl::Duration now) const;

 private:
  std::atomic<int64_t> debt_until_ns_{0};
};

// What one member holds at the moment over all its systems. Thread-safe.
struct MemberLoad {
  Rate rate;
  std::atomic<uint32_t> in_flight{0};
  std::atomic<uint32_t> connections{0};
};

// The bounds of a member, as its registry entry states them.
struct MemberBounds {
  double requests_per_second;
  uint32_t in_flight_max;
  uint32_t share;  // of this process's calls, beside other members'
};
MemberBounds BoundsOf(const v1::Member& member);

// Counts up to a bound for as long as it lives. Moves only.
class Slot {
 public:
  Slot() = default;
  Slot(Slot&& other) noexcept : count_(std::move(other.count_)) {}
  Slot& operator=(Slot&& other) noexcept {
    Release();
    count_ = std::move(other.count_);
    return *this;
  }
  ~Slot() { Release(); }
  // False when `count` stands at `max`.
  bool Take(std::shared_ptr<std::atomic<uint32_t>> count, uint32_t max);
  void Release();

 private:
  std::shared_ptr<std::atomic<uint32_t>> count_;
};

// Thread-safe.
class Admission {
 public:
  Admission() = default;
  // The same object for the same member as long as anybody holds it.
  std::shared_ptr<MemberLoad> LoadOf(const std::string& member);
  // Whether one more refusal of this certificate is recorded.
  bool TakeRecordedRefusal(const crypto::Digest& certificate, absl::Duration now);

 private:
  absl::Mutex mu_;
  absl::flat_hash_map<std::string, std::shared_ptr<MemberLoad>> loads_ ABSL_GUARDED_BY(mu_);
  absl::flat_hash_map<crypto::Digest, std::unique_ptr<Rate>> refusals_ ABSL_GUARDED_BY(mu_);
};

}  // namespace chayan::rpc

#endif  // CHAYAN_GATEWAY_RPC_ADMISSION_H_
