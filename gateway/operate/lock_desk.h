// The operator's side of locks: which stand, and how another person lifts one before midnight. Each
// call is an entry; who lifted what, and why, lies sealed with it.
#ifndef CHAYAN_GATEWAY_OPERATE_LOCK_DESK_H_
#define CHAYAN_GATEWAY_OPERATE_LOCK_DESK_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "chayan/v1/entry_detail.pb.h"
#include "chayan/v1/operator_service.pb.h"
#include "gateway/base/clock.h"
#include "gateway/base/random.h"
#include "gateway/log/committer.h"
#include "gateway/log/vault.h"
#include "gateway/operate/desk.h"
#include "gateway/registry/current.h"
#include "gateway/rpc/server.h"
#include "gateway/tally/book.h"

namespace chayan::operate {

// Thread-safe.
class LockDesk : private Desk {
 public:
  // All arguments outlive it.
  LockDesk(log::Committer& committer, log::Vault& vault, tally::Book& book,
           const registry::Current& registry, Clock& clock, Random& random);

  void ServeOn(rpc::Server& server);

 private:
  void ListLocks(const Call& call);
  void ClearLock(const Call& call) ABSL_LOCKS_EXCLUDED(lifting_mu_);
  void Record(Call call, const v1::ClearLockRequest& request, std::shared_ptr<tally::Charge> charge,
              const v1::ClearLockResponse& response);

  log::Vault& vault_;
  tally::Book& book_;
  const registry::Current& registry_;
  absl::Mutex lifting_mu_;  // of two who lift one lock at once, the second finds none
};

}  // namespace chayan::operate

#endif  // CHAYAN_GATEWAY_OPERATE_LOCK_DESK_H_
