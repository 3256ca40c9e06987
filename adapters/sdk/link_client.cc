#include "adapters/sdk/link_client.h"

#include <grpcpp/security/credentials.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "adapters/sdk/answer_log.h"
#include "adapters/sdk/frame_signer.h"
#include "adapters/sdk/inbox.h"
#include "adapters/sdk/link_connection.h"
#include "adapters/sdk/link_parts.h"
#include "adapters/sdk/recorded_watch.h"
#include "gateway/base/diag.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"

namespace chayan::sdk {
namespace {

// How often links are looked at: small against a heartbeat and against the second within which the
// answer log is synced.
constexpr absl::Duration kWatchInterval = absl::Milliseconds(100);
constexpr absl::Duration kSyncInterval = absl::Seconds(1);
// A link that lived this long was a good one: the next attempt begins with the smallest delay.
constexpr absl::Duration kGoodLife = absl::Seconds(10);
// Links to one gateway that wait for their last answers while a new one is open.
constexpr size_t kDrainingMax = 4;

// Everything a link is dialled with, read from the files as they are now.
struct Credentials {
  std::shared_ptr<grpc::ChannelCredentials> channel;
  FrameSigner signer;
};

absl::StatusOr<Credentials> ReadCredentials(const AdapterOptions& options) {
  grpc::SslCredentialsOptions tls;
  CHAYAN_ASSIGN_OR_RETURN(tls.pem_root_certs, ReadFile(options.ca_file));
  CHAYAN_ASSIGN_OR_RETURN(tls.pem_cert_chain, ReadFile(options.certificate_file));
  CHAYAN_ASSIGN_OR_RETURN(tls.pem_private_key, ReadFile(options.key_file));
  CHAYAN_ASSIGN_OR_RETURN(FrameSigner signer, FrameSigner::FromFile(options.answer_key_file));
  return Credentials{grpc::SslCredentials(tls), std::move(signer)};
}

// Delays between attempts: doubled each time, the later half of each random, so that adapters that
// lost their gateway together do not come back together.
class Backoff {
 public:
  Backoff(absl::Duration min, absl::Duration max, Random& random)
      : min_(min), max_(max), random_(random) {}
  absl::Duration Next() {
    delay_ = delay_ == absl::ZeroDuration() ? min_ : std::min(2 * delay_, max_);
    constexpr double kRange = 18446744073709551616.0;  // 2^64
    const double share = static_cast<double>(random_.Uint64()) / kRange;
    return delay_ / 2 + share * (delay_ / 2);
  }
  void Reset() { delay_ = absl::ZeroDuration(); }

 private:
  const absl::Duration min_;
  const absl::Duration max_;
  Random& random_;
  absl::Duration delay_ = absl::ZeroDuration();
};

// One gateway: its link, those that are draining, and the thread that watches them.
class GatewayKeeper {
 public:
  GatewayKeeper(LinkParts parts, std::string address, Random& random)
      : parts_(parts),
        address_(std::move(address)),
        backoff_(parts.options.backoff_min, parts.options.backoff_max, random),
        thread_([this] { Run(); }) {}

  ~GatewayKeeper() {
    {
      absl::MutexLock lock(&mu_);
      stopping_ = true;
    }
    thread_.join();
  }

  void StartDraining() {
    absl::MutexLock lock(&mu_);
    draining_ = true;
  }
  bool Idle() const {
    absl::MutexLock lock(&mu_);
    return draining_ && idle_;
  }
  LinkClientStatus::Gateway Status() const {
    absl::MutexLock lock(&mu_);
    return status_;
  }

 private:
  void Run() {
    absl::Duration dial_at = parts_.clock.Elapsed();
    while (true) {
      bool draining = false;
      {
        absl::MutexLock lock(&mu_);
        mu_.AwaitWithTimeout(absl::Condition(&stopping_), kWatchInterval);
        if (stopping_) break;
        draining = draining_;
      }
      const absl::Duration now = parts_.clock.Elapsed();
      if (link_ != nullptr && link_->ended()) {
        if (now - dialled_ >= kGoodLife) backoff_.Reset();
        Reap(std::move(link_));
        dial_at = now + backoff_.Next();
      }
      if (link_ != nullptr && draining) link_->Drain();
      // The gateway wants us to dial again; the old link lives until its answers are recorded.
      if (link_ != nullptr && link_->draining() && !draining && old_.size() < kDrainingMax) {
        old_.push_back(std::move(link_));
        dial_at = now + backoff_.Next();
      }
      WatchLinks();
      if (link_ == nullptr && !draining && now >= dial_at && !Dial(now)) {
        dial_at = now + backoff_.Next();
      }
      Report();
    }
    if (link_ != nullptr) old_.push_back(std::move(link_));
    for (const auto& link : old_) link->Cancel();
    for (const auto& link : old_) link->Join();
  }

  bool Dial(absl::Duration now) {
    absl::StatusOr<Credentials> credentials = ReadCredentials(parts_.options);
    if (!credentials.ok()) {
      SetError(credentials.status());
      return false;
    }
    dialled_ = now;
    link_ = std::make_shared<LinkConnection>(parts_, address_, std::move(credentials->signer),
                                             std::move(credentials->channel));
    link_->Start();
    return true;
  }

  void WatchLinks() {
    if (link_ != nullptr) {
      link_->CheckAlive();
      link_->CheckSource();
      if (link_->welcomed()) link_->Say(parts_.backlog.Take());
    }
    for (auto& link : old_) {
      link->CheckAlive();
      if (link->ended()) Reap(std::exchange(link, nullptr));
    }
    std::erase(old_, nullptr);
  }

  void Reap(std::shared_ptr<LinkConnection> link) {
    link->Join();
    // What it carried and was not recorded, another link says again. One that was never welcomed
    // carried nothing.
    if (link->welcomed()) parts_.backlog.AddAll();
    SetError(link->status());
  }

  void SetError(const absl::Status& status) {
    diag::Warning("sdk.link_ended", {{"gateway", address_}, {"error", status.ToString()}});
    absl::MutexLock lock(&mu_);
    status_.last_error = status.ToString();
  }

  void Report() {
    const bool connected = link_ != nullptr && link_->welcomed() && !link_->draining();
    const std::string gateway = link_ == nullptr ? "" : link_->gateway();
    absl::MutexLock lock(&mu_);
    if (connected && !status_.connected) {
      diag::Info("sdk.link_opened", {{"gateway", address_}, {"name", gateway}});
    }
    status_.address = address_;
    status_.connected = connected;
    if (!gateway.empty()) status_.gateway = gateway;
    idle_ = link_ == nullptr && old_.empty();
  }

  // Constant after construction.
  const LinkParts parts_;
  const std::string address_;

  // Of the thread alone.
  Backoff backoff_;
  absl::Duration dialled_;
  std::shared_ptr<LinkConnection> link_;
  std::vector<std::shared_ptr<LinkConnection>> old_;

  mutable absl::Mutex mu_;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  bool draining_ ABSL_GUARDED_BY(mu_) = false;
  bool idle_ ABSL_GUARDED_BY(mu_) = false;
  LinkClientStatus::Gateway status_ ABSL_GUARDED_BY(mu_);

  std::thread thread_;  // last: it uses the others
};

class LinkClientImpl final : public LinkClient {
 public:
  LinkClientImpl(AdapterOptions options, Adapter& adapter, Clock& clock, Random& random,
                 std::unique_ptr<AnswerLog> log, std::unique_ptr<Inbox> inbox)
      : options_(std::move(options)),
        clock_(clock),
        log_(std::move(log)),
        inbox_(std::move(inbox)) {
    const LinkParts parts = {.options = options_,
                             .adapter = adapter,
                             .clock = clock,
                             .log = *log_,
                             .watch = watch_,
                             .counters = counters_,
                             .inbox = inbox_.get(),
                             .open_notices = open_notices_,
                             .backlog = backlog_};
    for (const std::string& address : options_.gateways) {
      keepers_.push_back(std::make_unique<GatewayKeeper>(parts, address, random));
    }
    ticker_ = std::thread([this] { Tick(); });
  }

  ~LinkClientImpl() override {
    {
      absl::MutexLock lock(&mu_);
      stopping_ = true;
    }
    ticker_.join();
    keepers_.clear();
  }

  LinkClientStatus Status() const override {
    LinkClientStatus status;
    for (const auto& keeper : keepers_) status.gateways.push_back(keeper->Status());
    status.questions = counters_.questions;
    status.answers_sent = counters_.answers_sent;
    status.answers_dropped = counters_.answers_dropped;
    status.answers_recorded = counters_.answers_recorded;
    status.notices = counters_.notices;
    status.notices_repeated = counters_.notices_repeated;
    status.notices_not_taken = counters_.notices_not_taken;
    status.receipts_sent = counters_.receipts_sent;
    status.receipts_recorded = counters_.receipts_recorded;
    status.receipts_refused = counters_.receipts_refused;
    status.alarms = counters_.alarms;
    return status;
  }

  absl::StatusOr<std::optional<uint64_t>> Settle(const v1::DeliveryReceipt& settlement) override {
    CHAYAN_RETURN_IF_ERROR(CheckSettlement(settlement));
    const absl::StatusOr<Uuid> id = Uuid::FromText(settlement.delivery_id());
    if (!id.ok() || inbox_ == nullptr) return absl::NotFoundError("no such notice was taken here");
    CHAYAN_ASSIGN_OR_RETURN(Inbox::Settled settled,
                            inbox_->Settle(*id, settlement.SerializeAsString()));
    TakenNotice& notice = settled.notice;
    const std::optional<uint64_t> entry = notice.settlement_entry;
    if (entry.has_value() && !notice.refusal.empty()) {
      return absl::FailedPreconditionError(
          absl::StrCat("the gateway gives it no effect: ", notice.refusal, ", entry ", *entry));
    }
    // Before that, it follows when the receipt's entry is known.
    if (settled.is_new && notice.receipt_entry.has_value()) backlog_.Add(std::move(notice));
    return entry;
  }

  void Drain(absl::Duration grace) override {
    const absl::Duration end = clock_.Elapsed() + grace;
    for (const auto& keeper : keepers_) keeper->StartDraining();
    const auto idle = [](const auto& keeper) { return keeper->Idle(); };
    absl::MutexLock lock(&mu_);
    while (!std::all_of(keepers_.begin(), keepers_.end(), idle) && clock_.Elapsed() < end) {
      mu_.AwaitWithTimeout(absl::Condition(&stopping_), kWatchInterval);
    }
  }

 private:
  // Raises the alarms and makes the answer log durable.
  void Tick() {
    while (true) {
      {
        absl::MutexLock lock(&mu_);
        if (mu_.AwaitWithTimeout(absl::Condition(&stopping_), kSyncInterval)) return;
      }
      for (const Uuid& id : watch_.TakeOverdue(clock_.Elapsed())) {
        counters_.alarms.fetch_add(1, std::memory_order_relaxed);
        diag::Error("sdk.answer_not_recorded", {{"exchange", id.ToText()}});
      }
      if (absl::Status status = log_->Sync(); !status.ok()) {
        diag::Error("sdk.answer_log", {{"error", status.message()}});
      }
    }
  }

  // Constant after construction.
  const AdapterOptions options_;
  Clock& clock_;
  const std::unique_ptr<AnswerLog> log_;
  const std::unique_ptr<Inbox> inbox_;  // null: no notices

  // Own synchronization.
  RecordedWatch watch_;
  LinkCounters counters_;
  OpenNotices open_notices_;
  Backlog backlog_;
  std::vector<std::unique_ptr<GatewayKeeper>> keepers_;

  absl::Mutex mu_;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::thread ticker_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<LinkClient>> LinkClient::Create(AdapterOptions options,
                                                               Adapter& adapter, Clock& clock,
                                                               Random& random) {
  if (options.gateways.empty()) return absl::InvalidArgumentError("gateways: name at least one");
  if (options.kinds.empty() && options.subscriptions.empty()) {
    return absl::InvalidArgumentError("kinds, subscriptions: name at least one");
  }
  absl::flat_hash_set<std::string> seen;
  for (const std::string& address : options.gateways) {
    if (!seen.insert(address).second) {
      return absl::InvalidArgumentError(absl::StrCat("gateways: ", address, " stands there twice"));
    }
  }
  CHAYAN_RETURN_IF_ERROR(ReadCredentials(options).status());
  CHAYAN_ASSIGN_OR_RETURN(std::unique_ptr<AnswerLog> log, AnswerLog::Open(options.answer_log));
  std::unique_ptr<Inbox> inbox;
  if (!options.subscriptions.empty()) {
    CHAYAN_ASSIGN_OR_RETURN(inbox, Inbox::Open(options.inbox_file));
    CHAYAN_RETURN_IF_ERROR(inbox->Forget(clock.Now()));
  }
  return std::make_unique<LinkClientImpl>(std::move(options), adapter, clock, random,
                                          std::move(log), std::move(inbox));
}

}  // namespace chayan::sdk
