// AuditService: the log and the registry sets that decided, for those who check them, and what the
// vault says of people, for those who may ask it. Reads are entries.
#ifndef CHAYAN_GATEWAY_AUDIT_AUDITOR_H_
#define CHAYAN_GATEWAY_AUDIT_AUDITOR_H_

#include <atomic>
#include <functional>
#include <memory>

#include "gateway/audit/audit_call.h"
#include "gateway/audit/collaborators.h"
#include "gateway/audit/erasures.h"
#include "gateway/audit/retention.h"
#include "gateway/base/task_thread.h"
#include "gateway/rpc/call.h"
#include "gateway/rpc/server.h"

namespace chayan::audit {

// Thread-safe.
class Auditor {
 public:
  using RegistrySource = std::function<std::shared_ptr<const registry::Snapshot>()>;

  // All arguments outlive it.
  Auditor(RegistrySource registry, FirstPublished first_published, log::Committer& committer,
          store::Store& store, log::Vault& vault, Clock& clock, Random& random);

  void ServeOn(rpc::Server& server);

  // Drives what happens by itself: retention, and the purge of what was erased. About once a
  // second.
  void Tick();

 private:
  using Call = std::shared_ptr<rpc::UnaryCall>;
  using Handler = std::function<void(AuditCall)>;

  void Serve(rpc::Server& server, const char* method, TaskThread& thread, Handler handler);

  const PageTokens page_tokens_;
  const Collaborators with_;
  Erasures erasures_;
  Retention retention_;
  std::atomic<bool> tick_waits_ = false;
  // Reads and changes of state, each quick; one at a time, so that no two changes cross.
  TaskThread reads_;
  // Searches, which may take some tenths of a second.
  TaskThread searches_;
  // Reports, which may take seconds.
  TaskThread reports_;
};

}  // namespace chayan::audit

#endif  // CHAYAN_GATEWAY_AUDIT_AUDITOR_H_
