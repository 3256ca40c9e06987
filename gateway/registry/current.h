// The registry set in force: one pointer, swapped whole.
#ifndef CHAYAN_GATEWAY_REGISTRY_CURRENT_H_
#define CHAYAN_GATEWAY_REGISTRY_CURRENT_H_

#include <atomic>
#include <memory>
#include <utility>

#include "gateway/registry/snapshot.h"

namespace chayan::registry {

// Thread-safe.
class Current {
 public:
  explicit Current(std::shared_ptr<const Snapshot> snapshot) : snapshot_(std::move(snapshot)) {}
  std::shared_ptr<const Snapshot> Get() const { return snapshot_.load(std::memory_order_acquire); }
  void Set(std::shared_ptr<const Snapshot> snapshot) {
    snapshot_.store(std::move(snapshot), std::memory_order_release);
  }

 private:
  std::atomic<std::shared_ptr<const Snapshot>> snapshot_;
};

}  // namespace chayan::registry

#endif  // CHAYAN_GATEWAY_REGISTRY_CURRENT_H_
