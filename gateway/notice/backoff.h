// How long a delivery that failed waits for its next attempt.
#ifndef CHAYAN_GATEWAY_NOTICE_BACKOFF_H_
#define CHAYAN_GATEWAY_NOTICE_BACKOFF_H_

#include <cstdint>

#include "absl/time/time.h"
#include "gateway/base/random.h"

namespace chayan::notice {

// A short hiccup costs a second or two.
inline constexpr absl::Duration kBackoffFirst = absl::Seconds(1);
// An agency that comes back in the morning has its notices before the first counter opens.
inline constexpr absl::Duration kBackoffMax = absl::Minutes(15);

// After `failures` attempts, from 1: doubled each time up to kBackoffMax, then a random part of its
// second half, so that what failed together does not come back together.
absl::Duration Backoff(uint32_t failures, Random& random);

}  // namespace chayan::notice

#endif  // CHAYAN_GATEWAY_NOTICE_BACKOFF_H_
