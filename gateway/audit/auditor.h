// AuditService: the log and the registry sets that decided, for those who check them. Reads are
// entries.
#ifndef CHAYAN_GATEWAY_AUDIT_AUDITOR_H_
#define CHAYAN_GATEWAY_AUDIT_AUDITOR_H_

#include <memory>

#include "gateway/base/clock.h"
#include "gateway/base/random.h"
#include "gateway/base/task_thread.h"
#include "gateway/log/committer.h"
#include "gateway/rpc/call.h"
#include "gateway/rpc/server.h"
#include "gateway/store/store.h"

namespace chayan::audit {

// Thread-safe. Reads of the store run on a thread of its own.
class Auditor {
 public:
  // All arguments outlive it.
  Auditor(log::Committer& committer, store::Store& store, Clock& clock, Random& random);

  void ServeOn(rpc::Server& server);

 private:
  using Call = std::shared_ptr<rpc::UnaryCall>;

  void ListEntries(Call call);
  void GetEntry(Call call);
  void GetRegistrySet(Call call);

  // Runs `read` on the reading thread, or fails the call OVERLOADED.
  void Read(Call call, void (Auditor::*read)(Call));
  log::Entry NewEntry(const rpc::UnaryCall& call, log::EntryType type);
  void Refuse(Call call, policy::Refusal refusal);
  template <typename Request>
  bool Parse(const Call& call, Request& request);

  log::Committer& committer_;
  store::Store& store_;
  Clock& clock_;
  Random& random_;
  TaskThread reads_;
};

}  // namespace chayan::audit

#endif  // CHAYAN_GATEWAY_AUDIT_AUDITOR_H_
