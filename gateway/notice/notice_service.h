// The face of NoticeService: which file answers which call, and what links tell. Whatever reads the
// store runs on threads of the room.
#ifndef CHAYAN_GATEWAY_NOTICE_NOTICE_SERVICE_H_
#define CHAYAN_GATEWAY_NOTICE_NOTICE_SERVICE_H_

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gateway/link/links.h"
#include "gateway/metrics/page.h"
#include "gateway/notice/bulk_lane.h"
#include "gateway/notice/bulk_settler.h"
#include "gateway/notice/bulk_streams.h"
#include "gateway/notice/clock_guard.h"
#include "gateway/notice/collaborators.h"
#include "gateway/notice/deadlines.h"
#include "gateway/notice/deliverer.h"
#include "gateway/notice/notice_alarms.h"
#include "gateway/notice/publication.h"
#include "gateway/notice/pull.h"
#include "gateway/notice/settler.h"
#include "gateway/notice/silences.h"
#include "gateway/notice/watch.h"
#include "gateway/rpc/server.h"

namespace chayan::notice {

// Thread-safe. Outlives every call it was given.
class NoticeService final : public link::NoticeSink {
 public:
  struct Options {
    std::string gateway;  // whose leases they are
    OrderingKey ordering;
  };
  // All outlive it. REQUIRES: the store keeps notices.
  NoticeService(Options options, rpc::RegistrySource registry, link::Links& links,
                log::Committer& committer, store::Store& store, log::Vault& vault, Clock& clock,
                Random& random);
  ~NoticeService() override;

  void ServeOn(rpc::Server& server);
  // Looks for what is due. Called several times a second.
  void Tick();
  // Returns when what was given to the room's threads before has run.
  void AwaitIdle();
  void AddMetrics(metrics::Page& page) const;
  // What somebody has to look at now; see notice_alarms.h.
  std::vector<std::string> Alarms() const;

  void OnReceipts(const policy::Caller& caller, uint64_t link,
                  std::vector<link::SignedReceipt> receipts) override;
  void OnReturned(const policy::Caller& caller, std::vector<link::ReturnedNotice> notices) override;
  void OnReachable() override { Wake(); }

 private:
  class LinkOutlet;
  using Call = std::shared_ptr<rpc::UnaryCall>;
  // Of what time alone does, and of telling: one of each under way, at the most.
  struct Round {
    std::atomic<bool> waits = false;
    std::atomic<int64_t> next_ns = 0;  // reading of Elapsed()
  };
  // Runs the handler on the room's thread.
  void Serve(rpc::Server& server, const char* method, std::function<void(Call)> handler);
  void ServePublication(rpc::Server& server, const char* method, Publication::How how);
  // Each word by itself, on the room's thread.
  void TakeAlone(const policy::Caller& caller, uint64_t link,
                 std::vector<link::SignedReceipt> receipts);
  // Runs `work` on the room's thread, if its time has come and the last one is over.
  void RunRound(Round& round, absl::Duration interval, std::function<void()> work);
  // Has the deliverer look, unless it is about to.
  void Wake();
  // Puts off what was sent and is not kept where it went.
  void PutOff(std::vector<link::ReturnedNotice> notices);
  void Take(const policy::Caller& caller, uint64_t link, link::SignedReceipt receipt);
  // Of a word that is refused there is an entry too, so that the adapter need not repeat it.
  void RecordRefusal(const policy::Caller& caller, uint64_t link, const std::string& receipt,
                     const policy::Refusal& refusal);

  const OrderingKey ordering_;
  ClockGuard clock_guard_;
  const Collaborators with_;
  link::Links& links_;
  const std::unique_ptr<LinkOutlet> link_outlet_;
  Settler settler_;
  PullStreams pull_;
  Deliverer deliverer_;
  NoticeAlarms alarms_;
  Silences silences_;
  Deadlines deadlines_;
  Watchers watchers_;
  BulkSettler bulk_settler_;
  BulkStreams bulk_streams_;
  std::atomic<bool> woken_ = false;
  Round deadlines_round_;
  Round watchers_round_;
  // Last: their tasks use the others, and each the one before.
  TaskThread thread_;
  TaskThread delivering_;
  BulkLane bulk_lane_;
};

}  // namespace chayan::notice

#endif  // CHAYAN_GATEWAY_NOTICE_NOTICE_SERVICE_H_
