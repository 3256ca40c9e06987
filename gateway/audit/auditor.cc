#include "gateway/audit/auditor.h"

#include <utility>

#include "gateway/audit/frames.h"
#include "gateway/audit/holds.h"
#include "gateway/audit/log_reads.h"
#include "gateway/audit/reports.h"
#include "gateway/audit/samples.h"
#include "gateway/audit/search.h"

namespace chayan::audit {
namespace {

constexpr char kService[] = "/chayan.v1.AuditService/";
// Calls that may wait for each of the threads.
constexpr size_t kReadsQueuedMax = 256;
constexpr size_t kSearchesQueuedMax = 32;
constexpr size_t kReportsQueuedMax = 4;

}  // namespace

Auditor::Auditor(RegistrySource registry, FirstPublished first_published, log::Committer& committer,
                 store::Store& store, log::Vault& vault, Clock& clock, Random& random)
    : page_tokens_(random),
      with_{.committer = committer,
            .store = store,
            .vault = vault,
            .registry = std::move(registry),
            .first_published = std::move(first_published),
            .clock = clock,
            .random = random,
            .page_tokens = page_tokens_},
      erasures_(with_),
      retention_(with_, erasures_),
      reads_(kReadsQueuedMax),
      searches_(kSearchesQueuedMax),
      reports_(kReportsQueuedMax) {}

void Auditor::ServeOn(rpc::Server& server) {
  const auto plain = [this](void (*handler)(const Collaborators&, AuditCall)) {
    return [this, handler](AuditCall call) { handler(with_, std::move(call)); };
  };
  Serve(server, "ListEntries", reads_, plain(ListEntries));
  Serve(server, "GetEntry", reads_, plain(GetEntry));
  Serve(server, "ListFrames", reads_, plain(ListFrames));
  Serve(server, "GetRegistrySet", reads_, plain(GetRegistrySet));
  Serve(server, "SearchEntries", searches_, plain(SearchEntries));
  Serve(server, "ListAccesses", searches_, plain(ListAccesses));
  Serve(server, "ExportReport", reports_, plain(ExportReport));
  // What follows stands on records and erasures, which not every engine keeps.
  if (with_.store.records() == nullptr || with_.store.erasures() == nullptr) return;
  Serve(server, "PlaceHold", reads_, plain(PlaceHold));
  Serve(server, "LiftHold", reads_, plain(LiftHold));
  Serve(server, "ListHolds", reads_, plain(ListHolds));
  Serve(server, "EraseDetail", reads_,
        [this](AuditCall call) { erasures_.EraseDetail(std::move(call)); });
  Serve(server, "ListErasures", reads_,
        [this](AuditCall call) { erasures_.ListErasures(std::move(call)); });
  Serve(server, "ListRetention", reads_,
        [this](AuditCall call) { retention_.ListRetention(std::move(call)); });
  if (!with_.first_published) return;
  Serve(server, "DrawSample", reads_, plain(DrawSample));
  Serve(server, "RevealSample", reads_, plain(RevealSample));
  Serve(server, "ListDraws", reads_, plain(ListDraws));
  Serve(server, "RecordFindings", reads_, plain(RecordFindings));
}

void Auditor::Serve(rpc::Server& server, const char* method, TaskThread& thread, Handler handler) {
  server.HandleUnary(kService + std::string(method),
                     [this, &thread, handler = std::move(handler)](const Call& call) {
                       if (thread.Run([this, call, handler] { handler(AuditCall(with_, call)); })) {
                         return;
                       }
                       policy::Refusal refusal = policy::Refused(
                           v1::ERROR_REASON_OVERLOADED, "too many reads wait; try again later");
                       refusal.retry_delay = absl::Seconds(1);
                       call->Fail(refusal);
                     });
}

void Auditor::Tick() {
  if (with_.store.records() == nullptr || with_.store.erasures() == nullptr) return;
  // One at a time; a full queue of reads is no fault: the next tick comes in a second.
  if (tick_waits_.exchange(true)) return;
  const bool queued = reads_.Run([this] {
    retention_.Tick();
    erasures_.Tick();
    tick_waits_ = false;
  });
  if (!queued) tick_waits_ = false;
}

}  // namespace chayan::audit
