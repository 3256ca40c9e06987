// The part of AuditService that concerns the log as a whole: checkpoints with their cosignatures,
// growth from one to the next, the findings of witnesses, receipts under the best of them.
#ifndef CHAYAN_GATEWAY_AUDIT_PUBLISHED_LOG_H_
#define CHAYAN_GATEWAY_AUDIT_PUBLISHED_LOG_H_

#include <memory>
#include <string>

#include "gateway/base/clock.h"
#include "gateway/base/random.h"
#include "gateway/base/task_thread.h"
#include "gateway/log/committer.h"
#include "gateway/log/publisher.h"
#include "gateway/rpc/call.h"
#include "gateway/rpc/server.h"
#include "gateway/store/store.h"

namespace chayan::audit {

// Thread-safe. Reads of the store run on a thread of its own.
//
// GetCheckpoint, GetConsistencyProof and AddCosignature make no entry where they succeed: they
// concern no person, and a witness whose every visit made an entry would find a new checkpoint to
// visit for each. They also go on while the log is held for want of the very cosignatures they
// bring.
class PublishedLog {
 public:
  // All arguments outlive it.
  PublishedLog(log::Publisher& publisher, log::Committer& committer, store::Store& store,
               Clock& clock, Random& random);

  void ServeOn(rpc::Server& server);

 private:
  using Call = std::shared_ptr<rpc::UnaryCall>;

  void GetCheckpoint(const Call& call);
  void GetConsistencyProof(const Call& call);
  void AddCosignature(const Call& call);
  void ListPublishedCheckpoints(const Call& call);
  void GetReceipt(const Call& call);
  // Whether the step is of a notice that the caller's member published.
  absl::StatusOr<bool> PublishedWhatIsDelivered(const policy::Caller& caller,
                                                const log::ParsedLeaf& leaf);

  log::Entry NewEntry(const rpc::UnaryCall& call, log::EntryType type);
  void Refuse(const Call& call, policy::Refusal refusal);
  template <typename Request>
  bool Parse(const Call& call, Request& request);

  log::Publisher& publisher_;
  log::Committer& committer_;
  store::Store& store_;
  Clock& clock_;
  Random& random_;
  TaskThread reads_;
};

}  // namespace chayan::audit

#endif  // CHAYAN_GATEWAY_AUDIT_PUBLISHED_LOG_H_
