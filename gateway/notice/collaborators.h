// What the parts of this room work with. It and all in it outlive them; all are thread-safe.
#ifndef CHAYAN_GATEWAY_NOTICE_COLLABORATORS_H_
#define CHAYAN_GATEWAY_NOTICE_COLLABORATORS_H_

#include <string>

#include "gateway/base/clock.h"
#include "gateway/base/random.h"
#include "gateway/base/task_thread.h"
#include "gateway/log/committer.h"
#include "gateway/log/vault.h"
#include "gateway/notice/clock_guard.h"
#include "gateway/notice/ordering_key.h"
#include "gateway/rpc/server.h"
#include "gateway/store/store.h"

namespace chayan::notice {

struct Collaborators {
  rpc::RegistrySource registry;
  log::Committer& committer;
  store::Store& store;
  store::Notices& notices;  // of that store
  log::Vault& vault;
  const OrderingKey& ordering;
  Clock& clock;
  ClockGuard& clock_guard;
  Random& random;
  TaskThread& thread;  // publishes, settles and lists: what reads the store
};

}  // namespace chayan::notice

#endif  // CHAYAN_GATEWAY_NOTICE_COLLABORATORS_H_
