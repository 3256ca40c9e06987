// Samples that nobody can steer. The auditor records H(nonce) first, the log then grows over it,
// and
//   seed   = SHA-256(H(nonce) || root of the first published checkpoint that covers that record)
//   draw k = first 8 bytes of SHA-256(seed || uint64 k), big-endian, mod count; repeats are
//   skipped.
// The auditor cannot choose the root, the operator does not know the nonce, and anyone who knows
// both draws the same again. (The remainder favours low indexes by less than count / 2^64.)
#ifndef CHAYAN_GATEWAY_TLOG_SAMPLE_H_
#define CHAYAN_GATEWAY_TLOG_SAMPLE_H_

#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "gateway/tlog/merkle.h"

namespace chayan::tlog {

// No sample is larger: nobody looks at more files by hand, and a draw stays one message.
inline constexpr uint64_t kSampleSizeMax = 10'000;
// A shorter nonce could be tried out by an operator who wants to know what will be drawn.
inline constexpr size_t kNonceBytesMin = 16;
inline constexpr size_t kNonceBytesMax = 64;

crypto::Digest SampleSeed(const crypto::Digest& nonce_hash, const Hash& root);

// `size` different numbers below `count`, in the order drawn; all of them when `size` is not less.
// REQUIRES: size <= kSampleSizeMax.
std::vector<uint64_t> DrawNumbers(const crypto::Digest& seed, uint64_t count, uint64_t size);

// How many of `count` a share of `percent` is, rounded up, at most kSampleSizeMax.
uint64_t ShareOf(uint64_t count, uint32_t percent);

}  // namespace chayan::tlog

#endif  // CHAYAN_GATEWAY_TLOG_SAMPLE_H_
