#include "gateway/base/random.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "gateway/base/check.h"

namespace chayan {
namespace {

// One system call serves many small draws; used bytes are wiped, so a core dump holds no past key.
struct Pool {
  std::array<uint8_t, 1024> bytes;
  size_t used = sizeof(bytes);
};

void FromKernel(std::span<uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t got = getrandom(bytes.data(), bytes.size(), 0);
    if (got < 0) {
      CHAYAN_CHECK(errno == EINTR);
      continue;
    }
    bytes = bytes.subspan(static_cast<size_t>(got));
  }
}

}  // namespace

void SystemRandom::Fill(std::span<uint8_t> bytes) {
  thread_local Pool pool;
  if (bytes.size() > pool.bytes.size()) return FromKernel(bytes);
  if (pool.bytes.size() - pool.used < bytes.size()) {
    FromKernel(pool.bytes);
    pool.used = 0;
  }
  std::memcpy(bytes.data(), pool.bytes.data() + pool.used, bytes.size());
  explicit_bzero(pool.bytes.data() + pool.used, bytes.size());
  pool.used += bytes.size();
}

void SeededRandom::Fill(std::span<uint8_t> bytes) {
  absl::MutexLock lock(&mu_);
  std::generate(bytes.begin(), bytes.end(), [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return static_cast<uint8_t>(engine_());
  });
}

}  // namespace chayan
