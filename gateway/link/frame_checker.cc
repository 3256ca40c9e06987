#include "gateway/link/frame_checker.h"

#include <utility>

#include "gateway/crypto/signing_key.h"
#include "gateway/link/bounds.h"

namespace chayan::link {

FrameChecker::FrameChecker() : thread_([this] { Run(); }) {}

FrameChecker::~FrameChecker() {
  {
    absl::MutexLock lock(&mu_);
    stopping_ = true;
  }
  thread_.join();
}

bool FrameChecker::Submit(Check check) {
  absl::MutexLock lock(&mu_);
  if (stopping_ || queue_.size() >= kCheckQueueMax) return false;
  queue_.push_back(std::move(check));
  return true;
}

void FrameChecker::Run() {
  while (true) {
    mu_.LockWhen(absl::Condition(this, &FrameChecker::HasWork));
    if (stopping_) {
      // Checks hold links: let go of them outside the lock.
      std::deque<Check> dropped = std::move(queue_);
      queue_.clear();
      mu_.Unlock();
      return;
    }
    Check check = std::move(queue_.front());
    queue_.pop_front();
    mu_.Unlock();
    checked_.fetch_add(1, std::memory_order_relaxed);
    if (!crypto::VerifyEd25519(check.key, check.signed_bytes, check.signature.raw())) {
      check.on_invalid();
    }
  }
}

}  // namespace chayan::link
