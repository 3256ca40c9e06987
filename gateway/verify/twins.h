// Repeated questions: the same request_id from the same system on the same method. A twin of a
// question in flight waits with it; a twin of an answered one gets the same answer and receipt;
// other bytes under the same id are refused. Kept in memory only, bounded by age and bytes, oldest
// out first.
#ifndef CHAYAN_GATEWAY_VERIFY_TWINS_H_
#define CHAYAN_GATEWAY_VERIFY_TWINS_H_

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "gateway/base/clock.h"
#include "gateway/crypto/digest.h"
#include "gateway/verify/asker.h"
#include "gateway/verify/limits.h"

namespace chayan::verify {

// Thread-safe.
class Twins {
 public:
  explicit Twins(const Clock& clock, size_t bytes_max = kTwinBytesMax)
      : clock_(clock), bytes_max_(bytes_max) {}

  // What became of an asker that came with `key` and a request of digest `request`.
  struct Entered {
    enum class Kind {
      kFirst,   // ask the holder, then call Complete or Fail
      kJoined,  // it waits with the first and is told together with it
      kKept,    // `response` is the answer
      kReused,  // the id was used with other bytes
    };
    Kind kind;
    std::shared_ptr<const std::string> response;
  };
  Entered Enter(const std::string& key, const crypto::Digest& request,
                std::shared_ptr<Asker> asker);

  // The question's outcome is known: returns all who wait. The response is kept if `keep`.
  std::vector<std::shared_ptr<Asker>> Complete(const std::string& key,
                                               std::shared_ptr<const std::string> response,
                                               bool keep);
  // The asker gave up. True when nobody else waits: the question may be cancelled. It then stays
  // until Complete.
  bool Leave(const std::string& key, const Asker* asker);

 private:
  struct Twin {
    crypto::Digest request;
    std::vector<std::shared_ptr<Asker>> waiting;
    std::shared_ptr<const std::string> response;  // null while in flight
  };
  struct Kept {
    std::string key;
    absl::Duration since;
    size_t bytes;
  };
  void Evict() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const Clock& clock_;
  const size_t bytes_max_;
  absl::Mutex mu_;
  absl::flat_hash_map<std::string, Twin> twins_ ABSL_GUARDED_BY(mu_);
  std::deque<Kept> kept_ ABSL_GUARDED_BY(mu_);  // oldest first
  size_t bytes_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace chayan::verify

#endif  // CHAYAN_GATEWAY_VERIFY_TWINS_H_
