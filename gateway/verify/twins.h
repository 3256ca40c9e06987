// Repeated questions: the same request_id from the same system on the same method. A twin of a
// question in flight waits with it; a twin of an answered one gets the same answer and receipt;
// other bytes under the same id are refused. Kept in memory only, bounded by age and bytes, oldest
// out first.
#ifndef CHAYAN_GATEWAY_VERIFY_TWINS_H_
#define CHAYAN_GATEWAY_VERIFY_TWINS_H_

#include <deque>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "gateway/base/clock.h"
#include "gateway/crypto/digest.h"
#include "gateway/verify/asker.h"
#include "gateway/verify/limits.h"

namespace chayan::verify {

// A question in flight, as its twins know it.
class TwinQuestion {
 public:
  virtual ~TwinQuestion() = default;
  // Nobody waits any more; `last` gave up last and is to be told.
  virtual void Abandon(std::shared_ptr<Asker> last) = 0;
};

// Thread-safe.
class Twins {
 public:
  explicit Twins(const Clock& clock, size_t bytes_max = kTwinBytesMax)
      : clock_(clock), bytes_max_(bytes_max) {}

  // Twins are rare.
  using Waiting = absl::InlinedVector<std::shared_ptr<Asker>, 1>;
  // Digest of system, method and request id: of one size and in the table itself. With texts in it
  // each look missed the cache once more: 1.1 us of a verification's samples, not 0.7.
  using Key = crypto::Digest;

  // What became of an asker that came with `key` and a request of digest `request`.
  struct Entered {
    enum class Kind {
      kFirst,   // ask the holder, then call Complete with the ticket
      kJoined,  // it waits with the first and is told together with it
      kKept,    // `response` is the answer
      kReused,  // the id was used with other bytes
    };
    Kind kind;
    uint64_t ticket = 0;
    std::shared_ptr<const std::string> response;
  };
  // `question` is remembered, not kept alive, when it is the first of its key.
  Entered Enter(const Key& key, const crypto::Digest& request, std::shared_ptr<Asker> asker,
                std::weak_ptr<TwinQuestion> question);

  // The question's outcome is known: returns all who still wait. The response is kept if `keep` and
  // anybody does.
  Waiting Complete(const Key& key, uint64_t ticket, std::shared_ptr<const std::string> response,
                   bool keep);

  // What becomes of an asker that gives up.
  struct Left {
    std::shared_ptr<Asker> asker;  // null when it did not wait any more
    // Set for the last one: the question to abandon. Its key is free again.
    std::shared_ptr<TwinQuestion> question;
  };
  Left Leave(const Key& key, uint64_t ticket, const Asker* asker);

 private:
  struct Twin {
    uint64_t ticket = 0;
    crypto::Digest request;
    std::weak_ptr<TwinQuestion> question;  // empty once it is answered
    Waiting waiting;
    std::shared_ptr<const std::string> response;  // null while in flight
  };
  struct Kept {
    Key key;
    absl::Duration since;
    size_t bytes;
  };
  void Evict() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const Clock& clock_;
  const size_t bytes_max_;
  absl::Mutex mu_;
  absl::flat_hash_map<Key, Twin> twins_ ABSL_GUARDED_BY(mu_);
  std::deque<Kept> kept_ ABSL_GUARDED_BY(mu_);  // oldest first
  size_t bytes_ ABSL_GUARDED_BY(mu_) = 0;
  uint64_t tickets_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace chayan::verify

#endif  // CHAYAN_GATEWAY_VERIFY_TWINS_H_
