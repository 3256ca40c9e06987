// Bounds of a question and of what is kept about it.
#ifndef CHAYAN_GATEWAY_VERIFY_LIMITS_H_
#define CHAYAN_GATEWAY_VERIFY_LIMITS_H_

#include <cstddef>

#include "absl/time/time.h"

namespace chayan::verify {

// A question, in bytes: ten times the largest that makes sense. What is sealed about it is bounded
// by it too.
inline constexpr size_t kQuestionBytesMax = 64 << 10;
// Text values, in code points: the longest address with room to spare.
inline constexpr size_t kTextCodePointsMax = 500;
// The office's own numbers and names, in code points.
inline constexpr size_t kNumberCharactersMax = 64;

// What is kept back from the caller's deadline, so that "the source is down" is recorded and
// reaches the caller before it gives up: one slow commit and the way back.
inline constexpr absl::Duration kReturnMargin = absl::Milliseconds(150);
// Waiting for a holder when the kind says nothing: what a clerk waits at most (90 % of answers
// within 5 s).
inline constexpr absl::Duration kHolderTimeoutDefault = absl::Seconds(10);
// When a retry can help, not before this: agencies' short outages last that long.
inline constexpr absl::Duration kRetryAdvice = absl::Seconds(30);

// Answers kept for a repeated request_id (design: up to 10 minutes and 32 MiB).
inline constexpr absl::Duration kTwinAgeMax = absl::Minutes(10);
inline constexpr size_t kTwinBytesMax = 32 << 20;

// Questions in flight on one stream; beyond it the stream is not read.
inline constexpr size_t kStreamItemsMax = 256;
// Answers on one stream that its peer has not taken; beyond it the stream ends. Four times what the
// questions in flight can become.
inline constexpr size_t kStreamQueuedBytesMax = 4 << 20;

}  // namespace chayan::verify

#endif  // CHAYAN_GATEWAY_VERIFY_LIMITS_H_
