#include "gateway/tlog/sample.h"

#include <algorithm>
#include <string>
#include <unordered_set>

#include "gateway/base/check.h"
#include "gateway/base/encoding.h"
#include "gateway/crypto/digest.h"

namespace chayan::tlog {

crypto::Digest SampleSeed(const crypto::Digest& nonce_hash, const Hash& root) {
  return crypto::Sha256({nonce_hash.raw(), root.raw()});
}

std::vector<uint64_t> DrawNumbers(const crypto::Digest& seed, uint64_t count, uint64_t size) {
  CHAYAN_CHECK(size <= kSampleSizeMax);
  size = std::min(size, count);
  std::vector<uint64_t> drawn;
  std::unordered_set<uint64_t> seen;
  for (uint64_t k = 0; drawn.size() < size; ++k) {
    std::string counter;
    AppendUint64(counter, k);
    const crypto::Digest digest = crypto::Sha256({seed.raw(), counter});
    uint64_t value = 0;
    for (size_t i = 0; i < sizeof(value); ++i) value = value << 8 | digest.bytes[i];
    if (seen.insert(value % count).second) drawn.push_back(value % count);
  }
  return drawn;
}

uint64_t ShareOf(uint64_t count, uint32_t percent) {
  // In two parts, so that nothing overflows.
  const uint64_t share = count / 100 * percent + (count % 100 * percent + 99) / 100;
  return std::min(share, kSampleSizeMax);
}

}  // namespace chayan::tlog
