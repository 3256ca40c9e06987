// Checks holders' signatures off the request path, on one thread of its own.
#ifndef CHAYAN_GATEWAY_LINK_FRAME_CHECKER_H_
#define CHAYAN_GATEWAY_LINK_FRAME_CHECKER_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/synchronization/mutex.h"
#include "gateway/crypto/bytes.h"

namespace chayan::link {

// Thread-safe.
class FrameChecker {
 public:
  struct Check {
    crypto::Ed25519PublicKey key;
    std::string signed_bytes;
    crypto::Ed25519Signature signature;
    // On the checker's thread, if the signature is not the key's.
    absl::AnyInvocable<void()> on_invalid;
  };

  FrameChecker();
  // Finishes the check under way and drops the rest.
  ~FrameChecker();

  // False when the queue is full: a share is checked, and under such load a smaller one.
  bool Submit(Check check);
  uint64_t checked() const { return checked_.load(std::memory_order_relaxed); }

 private:
  void Run();
  bool HasWork() const ABSL_SHARED_LOCKS_REQUIRED(mu_) { return stopping_ || !queue_.empty(); }

  std::atomic<uint64_t> checked_ = 0;
  absl::Mutex mu_;
  std::deque<Check> queue_ ABSL_GUARDED_BY(mu_);
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace chayan::link

#endif  // CHAYAN_GATEWAY_LINK_FRAME_CHECKER_H_
