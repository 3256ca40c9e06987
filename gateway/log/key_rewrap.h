// A new key-encryption key for the vault: each class key's file is opened with the old one and
// wrapped with the new one. The gateway may run meanwhile, if its settings name both: it opens each
// file with whichever fits, and wraps new months with the new one.
//
// Steps a file, each of which may be the last before a crash: the newly wrapped key is written
// beside it and synced; the two files exchange their names in one step; the old one is removed. At
// every moment the key's own name leads to a whole file that one of the two opens. Exchanging fails
// if the file is gone, so a class key that is destroyed meanwhile does not come back.
#ifndef CHAYAN_GATEWAY_LOG_KEY_REWRAP_H_
#define CHAYAN_GATEWAY_LOG_KEY_REWRAP_H_

#include <cstddef>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/base/random.h"
#include "gateway/crypto/wrapping_key.h"

namespace chayan::log {

// What a key's file is called while it waits beside the one it replaces, or is replaced.
inline constexpr char kRewrapSuffix[] = ".rewrap";

struct RewrapReport {
  size_t rewrapped = 0;
  size_t wrapped_before = 0;  // with the new key already
};

// What is done to a file, told before it is done.
enum class RewrapStep { kWrite, kExchange, kRemove };

// All files of `directory`; a repeated run does what is left. FAILED_PRECONDITION names a file that
// neither key opens; the files before it are rewrapped then. `step`, which may be empty, is for
// tests that stop there.
absl::StatusOr<RewrapReport> RewrapClassKeys(
    const std::string& directory, const crypto::WrappingKey& old_key,
    const crypto::WrappingKey& new_key, Random& random,
    const std::function<void(RewrapStep, absl::string_view id)>& step = {});

}  // namespace chayan::log

#endif  // CHAYAN_GATEWAY_LOG_KEY_REWRAP_H_
