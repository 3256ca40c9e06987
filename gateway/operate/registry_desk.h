// How a registry set takes effect: checked, compared with the one in force, approved where that one
// asks for it, and switched as one step when its entry is durable.
#ifndef CHAYAN_GATEWAY_OPERATE_REGISTRY_DESK_H_
#define CHAYAN_GATEWAY_OPERATE_REGISTRY_DESK_H_

#include <atomic>
#include <memory>
#include <optional>

#include "chayan/v1/operator_service.pb.h"
#include "gateway/base/clock.h"
#include "gateway/base/random.h"
#include "gateway/base/task_thread.h"
#include "gateway/log/committer.h"
#include "gateway/log/vault.h"
#include "gateway/operate/desk.h"
#include "gateway/policy/refusal.h"
#include "gateway/registry/current.h"
#include "gateway/rpc/server.h"

namespace chayan::operate {

// Thread-safe.
class RegistryDesk : private Desk {
 public:
  // All arguments outlive it.
  RegistryDesk(log::Committer& committer, log::Vault& vault, registry::Current& registry,
               Clock& clock, Random& random);

  void ServeOn(rpc::Server& server);

 private:
  using Set = std::shared_ptr<const registry::Snapshot>;

  void CheckAndApply(const Call& call);
  // The set of the request; null after the call was refused.
  Set Read(const Call& call, v1::ApplyRegistryRequest& request);
  std::optional<policy::Refusal> CheckApproval(const Call& call,
                                               const v1::ApplyRegistryRequest& request,
                                               const registry::Snapshot& before,
                                               const registry::Snapshot& next, bool required) const;
  // REQUIRES: applying_, which ends with it.
  void Record(const Call& call, const v1::ApplyRegistryRequest& request, Set next,
              v1::ApplyRegistryResponse response);

  log::Vault& vault_;
  registry::Current& registry_;
  std::atomic<bool> applying_ = false;  // a set is between its check and its commit
  TaskThread checks_;                   // checking a set takes milliseconds: not on a worker
};

}  // namespace chayan::operate

#endif  // CHAYAN_GATEWAY_OPERATE_REGISTRY_DESK_H_
