#include "gateway/notice/notice_service.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>

#include "absl/synchronization/notification.h"
#include "chayan/v1/notice_service.pb.h"
#include "gateway/base/diag.h"
#include "gateway/notice/frame_reads.h"
#include "gateway/notice/notice_metrics.h"
#include "gateway/notice/queries.h"
#include "gateway/notice/recipient_calls.h"
#include "gateway/rpc/recorded.h"

namespace chayan::notice {
namespace {

constexpr char kService[] = "/chayan.v1.NoticeService/";
// The method under which a link's words stand in the log.
constexpr char kLinkMethod[] = "Connect";
// Calls and frames that may wait for the thread: some tenths of a second of work.
constexpr size_t kCallsQueuedMax = 1024;
// One round that runs, and one that sees what came meanwhile.
constexpr size_t kRoundsQueuedMax = 2;

// Deadlines are days: a second is soon enough.
constexpr absl::Duration kDeadlinesInterval = absl::Seconds(1);
// How soon a publisher hears of a step.
constexpr absl::Duration kWatchInterval = absl::Milliseconds(200);

policy::Refusal Overloaded() {
  policy::Refusal refusal =
      policy::Refused(v1::ERROR_REASON_OVERLOADED, "too many notices wait; try again later");
  refusal.retry_delay = absl::Seconds(1);
  return refusal;
}

// Whether saying the same again can come to something else.
bool MayHelpToRepeat(const policy::Refusal& refusal) {
  return refusal.reason == v1::ERROR_REASON_LOG_UNAVAILABLE ||
         refusal.reason == v1::ERROR_REASON_INTERNAL;
}

}  // namespace

class NoticeService::LinkOutlet final : public Outlet {
 public:
  explicit LinkOutlet(link::Links& links) : links_(links) {}
  link::NoticePlace PlaceFor(const std::string& recipient,
                             const std::string& subscription) override {
    return links_.PlaceForNotices(recipient, subscription);
  }
  bool Send(uint64_t place, std::vector<link::OutgoingNotice> notices) override {
    return links_.SendNotices(place, std::move(notices));
  }

 private:
  link::Links& links_;
};

NoticeService::NoticeService(Options options, rpc::RegistrySource registry, link::Links& links,
                             log::Committer& committer, store::Store& store, log::Vault& vault,
                             Clock& clock, Random& random)
    : ordering_(std::move(options.ordering)),
      clock_guard_(clock),
      with_{.registry = std::move(registry),
            .committer = committer,
            .store = store,
            .notices = *store.notices(),
            .vault = vault,
            .ordering = ordering_,
            .clock = clock,
            .clock_guard = clock_guard_,
            .random = random,
            .thread = thread_},
      links_(links),
      link_outlet_(std::make_unique<LinkOutlet>(links)),
      settler_(with_,
               [this](const Uuid& delivery) {
                 deliverer_.Settled(delivery);
                 Wake();
               }),
      pull_(
          with_, settler_, [this] { Wake(); },
          [this](const std::vector<Uuid>& deliveries) {
            std::vector<link::ReturnedNotice> returned;
            for (const Uuid& id : deliveries) {
              returned.push_back({.delivery = id, .reason = "STREAM_CLOSED"});
            }
            PutOff(std::move(returned));
          },
          bulk_settler_, bulk_lane_),
      deliverer_(with_, std::move(options.gateway), {link_outlet_.get(), &pull_}, settler_,
                 bulk_lane_),
      alarms_(clock),
      silences_([this](const Silences::Silence& silence) {
        return pull_.TellNone(silence.recipient, silence.none) ||
               links_.TellNone(silence.recipient, silence.none.subscription(),
                               silence.none.SerializeAsString());
      }),
      deadlines_(with_, settler_, alarms_,
                 [this](const v1::Subscription& subscription, absl::Time end, uint64_t entry) {
                   silences_.Add(subscription, end, entry);
                 }),
      watchers_(with_),
      bulk_settler_(with_, bulk_lane_, deliverer_, [this] { Wake(); }),
      bulk_streams_(with_, bulk_lane_, [this] { Wake(); }),
      thread_(kCallsQueuedMax),
      delivering_(kRoundsQueuedMax),
      bulk_lane_(committer, clock) {
  links_.SetNoticeSink(this);
}

NoticeService::~NoticeService() = default;

void NoticeService::ServeOn(rpc::Server& server) {
  ServePublication(server, "PublishNotice", Publication::How::kPublish);
  ServePublication(server, "SupersedeNotice", Publication::How::kSupersede);
  ServePublication(server, "ReverseNotice", Publication::How::kReverse);
  Serve(server, "GetNotice", [this](Call call) { GetNotice(with_, std::move(call)); });
  Serve(server, "ListDeliveries", [this](Call call) { ListDeliveries(with_, std::move(call)); });
  Serve(server, "AcknowledgeNotice",
        [this](Call call) { AcknowledgeNotice(with_, settler_, std::move(call)); });
  Serve(server, "FetchNoticeDetail",
        [this](Call call) { FetchNoticeDetail(with_, std::move(call)); });
  Serve(server, "ReplayDelivery",
        [this](Call call) { ReplayDelivery(with_, std::move(call), [this] { Wake(); }); });
  Serve(server, "GetFrame", [this](Call call) { GetFrame(with_, std::move(call)); });
  server.HandleStream(kService + std::string("PublishNotices"),
                      [this](std::shared_ptr<rpc::StreamCall> stream) {
                        return bulk_streams_.Serve(std::move(stream));
                      });
  server.HandleStream(kService + std::string("WatchNotices"),
                      [this](std::shared_ptr<rpc::StreamCall> stream) {
                        return watchers_.Watch(std::move(stream));
                      });
  server.HandleStream(
      kService + std::string("ReceiveNotices"),
      [this](std::shared_ptr<rpc::StreamCall> stream) { return pull_.Receive(std::move(stream)); });
  server.HandleUnary(kService + std::string("ListNoticeKinds"),
                     [this](const Call& call) { ListNoticeKinds(*with_.registry(), *call); });
}

void NoticeService::ServePublication(rpc::Server& server, const char* method,
                                     Publication::How how) {
  Serve(server, method, [this, how](Call call) {
    Publication::Start(with_, how, std::move(call), [this] { Wake(); });
  });
}

void NoticeService::Serve(rpc::Server& server, const char* method,
                          std::function<void(Call)> handler) {
  server.HandleUnary(kService + std::string(method),
                     [this, handler = std::move(handler)](const Call& call) {
                       if (thread_.Run([call, handler] { handler(call); })) return;
                       call->Fail(Overloaded());
                     });
}

void NoticeService::Tick() {
  clock_guard_.Look();
  pull_.Tick();
  silences_.Tell();
  Wake();
  RunRound(deadlines_round_, kDeadlinesInterval, [this] { deadlines_.Tick(); });
  if (!watchers_.empty()) {
    RunRound(watchers_round_, kWatchInterval, [this] { watchers_.Tell(); });
  }
}

void NoticeService::RunRound(Round& round, absl::Duration interval, std::function<void()> work) {
  const int64_t now_ns = absl::ToInt64Nanoseconds(with_.clock.Elapsed());
  if (now_ns < round.next_ns || round.waits.exchange(true)) return;
  round.next_ns = now_ns + absl::ToInt64Nanoseconds(interval);
  const bool queued = thread_.Run([&round, work = std::move(work)] {
    work();
    round.waits = false;
  });
  if (!queued) round.waits = false;
}

void NoticeService::AwaitIdle() {
  // Each may give work to the other.
  for (TaskThread* const thread : {&thread_, &delivering_, &thread_}) {
    absl::Notification idle;
    if (thread->Run([&idle] { idle.Notify(); })) idle.WaitForNotification();
  }
}

void NoticeService::AddMetrics(metrics::Page& page) const {
  notice::AddMetrics(with_, deliverer_, page);
}

std::vector<std::string> NoticeService::Alarms() const { return alarms_.All(with_, deliverer_); }

void NoticeService::Wake() {
  if (woken_.exchange(true)) return;
  const bool queued = delivering_.Run([this] {
    woken_ = false;
    deliverer_.Tick();
  });
  if (!queued) woken_ = false;
}

void NoticeService::OnReceipts(const policy::Caller& caller, uint64_t link,
                               std::vector<link::SignedReceipt> receipts) {
  const auto middle = std::stable_partition(
      receipts.begin(), receipts.end(),
      [this](const link::SignedReceipt& one) { return !bulk_settler_.IsFor(one); });
  std::vector<link::SignedReceipt> bulk(std::make_move_iterator(middle),
                                        std::make_move_iterator(receipts.end()));
  receipts.erase(middle, receipts.end());
  if (!receipts.empty()) TakeAlone(caller, link, std::move(receipts));
  if (bulk.empty()) return;
  auto work = [this, caller, link, bulk = std::move(bulk)]() mutable {
    bulk_settler_.Take({.caller = caller,
                        .method = kLinkMethod,
                        .receipts = std::move(bulk),
                        .recorded =
                            [this, link](const Uuid& delivery, uint64_t entry) {
                              links_.ReceiptRecorded(link, {.delivery = delivery, .index = entry});
                            },
                        .alone =
                            [this, caller, link](std::vector<link::SignedReceipt> alone) {
                              TakeAlone(caller, link, std::move(alone));
                            }});
  };
  if (!bulk_lane_.Run(std::move(work))) diag::Warning("notice.receipts_dropped", {});
}

void NoticeService::TakeAlone(const policy::Caller& caller, uint64_t link,
                              std::vector<link::SignedReceipt> receipts) {
  auto work = [this, caller, link, receipts = std::move(receipts)]() mutable {
    for (link::SignedReceipt& receipt : receipts) Take(caller, link, std::move(receipt));
  };
  // Dropped, they are asked for again: what has no receipt is sent again.
  if (!thread_.Run(std::move(work))) diag::Warning("notice.receipts_dropped", {});
}

void NoticeService::Take(const policy::Caller& caller, uint64_t link, link::SignedReceipt receipt) {
  Said said;
  said.caller = caller;
  said.method = kLinkMethod;
  said.receipt = receipt.receipt;
  said.notice_digest = receipt.notice_digest;
  said.signature = std::move(receipt.signature);
  said.done = [this, caller, link,
               bytes = std::move(receipt.receipt)](std::variant<Settled, policy::Refusal> outcome) {
    if (const auto* refusal = std::get_if<policy::Refusal>(&outcome)) {
      return RecordRefusal(caller, link, bytes, *refusal);
    }
    v1::DeliveryReceipt said_before;
    if (!said_before.ParseFromString(bytes)) return;
    if (const auto id = Uuid::FromText(said_before.delivery_id()); id.ok()) {
      const uint64_t index = std::get<Settled>(outcome).taken.committed.index;
      links_.ReceiptRecorded(link, {.delivery = *id, .index = index});
    }
  };
  settler_.Take(std::move(said));
}

void NoticeService::RecordRefusal(const policy::Caller& caller, uint64_t link,
                                  const std::string& receipt, const policy::Refusal& refusal) {
  diag::Warning(
      "notice.receipt_refused",
      {{"member", caller.member}, {"system", caller.system}, {"reason", refusal.reason_name()}});
  if (MayHelpToRepeat(refusal)) return;
  v1::DeliveryReceipt said;
  if (!said.ParseFromString(receipt)) return;
  const absl::StatusOr<Uuid> delivery = Uuid::FromText(said.delivery_id());
  if (!delivery.ok()) return;
  log::Entry entry = rpc::EntryOf(caller, kLinkMethod, log::EntryType::kFailed,
                                  Uuid::Version7(with_.clock.Now(), with_.random));
  entry.reason = refusal.reason_name();
  with_.committer.Submit({.entry = std::move(entry),
                          .vault = std::nullopt,
                          .registry = std::nullopt,
                          .done = [this, link, id = *delivery, refused = refusal.reason_name()](
                                      const absl::StatusOr<log::Committed>& committed) {
                            if (!committed.ok()) return;
                            links_.ReceiptRecorded(
                                link,
                                {.delivery = id, .index = committed->index, .refusal = refused});
                          }});
}

void NoticeService::OnReturned(const policy::Caller&, std::vector<link::ReturnedNotice> notices) {
  PutOff(std::move(notices));
}

void NoticeService::PutOff(std::vector<link::ReturnedNotice> notices) {
  auto work = [this, notices = std::move(notices)] {
    for (const link::ReturnedNotice& notice : notices) {
      deliverer_.Returned(notice.delivery, notice.reason, notice.recipient_down);
    }
  };
  // Dropped, they are put off when their time is over.
  if (!thread_.Run(std::move(work))) diag::Warning("notice.returns_dropped", {});
}

}  // namespace chayan::notice
