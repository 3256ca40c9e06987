// The keys that wrap the vault's secrets, one for each month and retention class, so that a class
// can be forgotten month by month: whoever destroys a key file destroys what it wrapped.
#ifndef CHAYAN_GATEWAY_LOG_CLASS_KEYS_H_
#define CHAYAN_GATEWAY_LOG_CLASS_KEYS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "chayan/v1/registry.pb.h"
#include "gateway/base/random.h"
#include "gateway/crypto/hmac_key.h"
#include "gateway/crypto/secret.h"
#include "gateway/crypto/wrapping_key.h"

namespace chayan::log {

// A key in use. Immutable.
struct ClassKey {
  std::string id;  // "2026-11.five-years"
  crypto::Secret32 wrapping;
  crypto::HmacKey index;  // K_index
};

// Thread-safe.
class ClassKeys {
 public:
  // See Vault::Create.
  static absl::StatusOr<std::unique_ptr<ClassKeys>> Create(
      std::unique_ptr<crypto::WrappingKey> kek, std::unique_ptr<crypto::WrappingKey> old_kek,
      const std::string& directory, Random& random);

  // The key of the month of `now` in Taipei; made, and synced, when there is none.
  absl::StatusOr<std::shared_ptr<const ClassKey>> Current(v1::RetentionClass retention_class,
                                                          absl::Time now);
  // Read from its file each time, so that a destroyed key is gone. NOT_FOUND when it is.
  absl::StatusOr<std::shared_ptr<const ClassKey>> Find(absl::string_view id) const;
  // Ids of the keys that there are, sorted: by month, then class.
  absl::StatusOr<std::vector<std::string>> Ids() const;
  // Overwrites and removes a key's file; OK also when there is none.
  // LIMITATION: a disk that writes elsewhere keeps the old blocks until it reuses them. They are
  // wrapped by the key-encryption key.
  absl::Status Destroy(absl::string_view id);

 private:
  ClassKeys(std::unique_ptr<crypto::WrappingKey> kek, std::unique_ptr<crypto::WrappingKey> old_kek,
            std::string directory, Random& random)
      : kek_(std::move(kek)),
        old_kek_(std::move(old_kek)),
        directory_(std::move(directory)),
        random_(random) {}

  absl::Status CheckEnds() const;
  std::string PathOf(absl::string_view id) const;
  absl::Status Make(absl::string_view id);

  const std::unique_ptr<crypto::WrappingKey> kek_;
  const std::unique_ptr<crypto::WrappingKey> old_kek_;  // null, or while files are rewrapped
  const std::string directory_;
  Random& random_;

  absl::Mutex mu_;
  // The last key used of each class. Others are for reading and not kept.
  absl::flat_hash_map<int, std::shared_ptr<const ClassKey>> current_ ABSL_GUARDED_BY(mu_);
  // Which calendar month `current_` is for, and until when that is so.
  absl::Time month_start_ ABSL_GUARDED_BY(mu_) = absl::InfiniteFuture();
  absl::Time month_end_ ABSL_GUARDED_BY(mu_) = absl::InfinitePast();
};

}  // namespace chayan::log

#endif  // CHAYAN_GATEWAY_LOG_CLASS_KEYS_H_
