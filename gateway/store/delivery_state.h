// The states of a delivery and the only arrows between them. Written down here, and once more as
// rows of the store's table delivery_arrow, whose trigger refuses every other; a test compares
// them.
#ifndef CHAYAN_GATEWAY_STORE_DELIVERY_STATE_H_
#define CHAYAN_GATEWAY_STORE_DELIVERY_STATE_H_

#include <cstdint>

namespace chayan::store {

// Numbers of v1::DeliveryState.
enum class DeliveryState : uint8_t {
  kScheduled = 1,
  kDelivered = 2,
  kHandedOver = 3,
  kAcknowledged = 4,
  kRejected = 5,
  kDead = 6,
  kSuperseded = 7,
  kWithdrawn = 8,
};
inline constexpr int kDeliveryStates = 8;

struct Arrow {
  DeliveryState from;
  DeliveryState to;
  friend constexpr bool operator==(const Arrow&, const Arrow&) = default;
};

inline constexpr Arrow kArrows[] = {
    {DeliveryState::kScheduled, DeliveryState::kDelivered},
    {DeliveryState::kScheduled, DeliveryState::kHandedOver},
    {DeliveryState::kScheduled, DeliveryState::kDead},
    {DeliveryState::kScheduled, DeliveryState::kSuperseded},
    {DeliveryState::kScheduled, DeliveryState::kWithdrawn},
    {DeliveryState::kDelivered, DeliveryState::kAcknowledged},
    {DeliveryState::kDelivered, DeliveryState::kRejected},
    {DeliveryState::kHandedOver, DeliveryState::kAcknowledged},
    {DeliveryState::kHandedOver, DeliveryState::kRejected},
    // Replayed, or given up.
    {DeliveryState::kDead, DeliveryState::kScheduled},
    {DeliveryState::kDead, DeliveryState::kWithdrawn},
    // Replayed, or the recipient thought again.
    {DeliveryState::kRejected, DeliveryState::kScheduled},
    {DeliveryState::kRejected, DeliveryState::kAcknowledged},
};

constexpr bool MayStep(DeliveryState from, DeliveryState to) {
  for (const Arrow& arrow : kArrows) {
    if (arrow == Arrow{from, to}) return true;
  }
  return false;
}

}  // namespace chayan::store

#endif  // CHAYAN_GATEWAY_STORE_DELIVERY_STATE_H_
