// Who gets what is scarce: a holder's links, this process's calls. A member may hold so much that a
// multiple of its share is still free for others. Alone it has nearly all; the more others come,
// the less it gets, and whoever comes late finds room at once. No list of who is there is needed.
#ifndef CHAYAN_GATEWAY_POLICY_FAIR_SHARE_H_
#define CHAYAN_GATEWAY_POLICY_FAIR_SHARE_H_

#include <algorithm>
#include <cstdint>

namespace chayan::policy {

// A member alone takes eight ninths; of two that both want all, each takes eight seventeenths.
inline constexpr uint64_t kFairShareFactor = 8;

struct Places {
  uint64_t capacity;
  uint64_t taken;
  uint64_t own;  // of the taken ones, the member's
};

// Whether a member with this share (0 is 1) may take one more.
constexpr bool HasFairShare(const Places& places, uint32_t share) {
  if (places.taken >= places.capacity) return false;
  const uint64_t free = places.capacity - places.taken;
  return places.own < kFairShareFactor * std::max<uint64_t>(share, 1) * free;
}

}  // namespace chayan::policy

#endif  // CHAYAN_GATEWAY_POLICY_FAIR_SHARE_H_
