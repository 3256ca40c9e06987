// The key of locks: 32 random bytes in base64, in a file of their own outside the store and its
// backups. With it and the store one could try numbers against today's counts.
#ifndef CHAYAN_GATEWAY_TALLY_LOCK_KEY_H_
#define CHAYAN_GATEWAY_TALLY_LOCK_KEY_H_

#include <string>

#include "absl/status/statusor.h"
#include "gateway/base/random.h"
#include "gateway/crypto/secret.h"

namespace chayan::tally {

// Made, and synced, when there is none. FAILED_PRECONDITION, with the remedy, when others may read
// it or it is no key.
absl::StatusOr<crypto::Secret32> OpenLockKey(const std::string& path, Random& random);

}  // namespace chayan::tally

#endif  // CHAYAN_GATEWAY_TALLY_LOCK_KEY_H_
