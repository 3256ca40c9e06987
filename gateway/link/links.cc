// The table of links: which link answers what, and which question waits where.
//
// Lock order: routes_mu_ before a link's own lock. links_mu_ is taken alone.
#include "gateway/link/links.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "gateway/link/bounds.h"
#include "gateway/link/exchange.h"
#include "gateway/link/frame_checker.h"
#include "gateway/link/frames.h"
#include "gateway/link/link.h"

namespace chayan::link {
namespace {

// Registry ids hold no line feed.
std::string RouteKey(absl::string_view holder, absl::string_view kind, absl::string_view area) {
  return absl::StrCat(holder, "\n", kind, "\n", area);
}

// No kind is empty, so these stand apart.
std::string NoticeKey(absl::string_view recipient, absl::string_view subscription) {
  return absl::StrCat(recipient, "\n\n", subscription);
}

using Replicas = std::vector<std::shared_ptr<Link>>;

class LinkTable final : public Links, private LinkObserver {
 public:
  LinkTable(Options options, rpc::RegistrySource registry, log::Committer& committer, Clock& clock,
            Random& random)
      : options_(std::move(options)),
        registry_(std::move(registry)),
        committer_(committer),
        clock_(clock),
        random_(random) {}

  rpc::StreamEvents Connect(std::shared_ptr<rpc::StreamCall> stream) override;
  void Ask(struct Ask ask) override;
  bool Cancel(const Uuid& exchange_id) override;
  void Recorded(uint64_t link, const Uuid& exchange_id, uint64_t index) override;
  void SetNoticeSink(NoticeSink* sink) override { notices_ = sink; }
  NoticePlace PlaceForNotices(absl::string_view recipient,
                              absl::string_view subscription) const override;
  bool SendNotices(uint64_t link, std::vector<OutgoingNotice> notices) override;
  bool TellNone(absl::string_view recipient, absl::string_view subscription,
                const std::string& none_today) override;
  void ReceiptRecorded(uint64_t link, const RecordedReceipt& receipt) override;
  void Tick() override;
  std::vector<LinkInfo> List() const override;
  LinkCounts Counts() const override;
  bool Drain(absl::string_view link_id) override;
  void DrainAll() override;

 private:
  void OnServedChanged(Link& link) override;
  void OnClosed(Link& link) override;
  void OnTaken(const Uuid& id) override { exchanges_.Erase(id); }
  void OnLost(std::unique_ptr<Exchange> exchange, const Link& link) override;
  // Puts the link where what it serves is looked for. True when it takes notices.
  bool Route(Link& link) ABSL_EXCLUSIVE_LOCKS_REQUIRED(routes_mu_);

  // Puts the question on the replica with the least in flight; true when one took it.
  struct Placement {
    bool placed = false;
    bool full = false;  // a replica serves, but is at its bound
  };
  Placement Place(std::unique_ptr<Exchange>& exchange, const Link* except);
  std::shared_ptr<const Replicas> Find(const std::string& route) const;
  // nullptr when it is gone.
  std::shared_ptr<Link> FindLink(uint64_t number) const;
  std::shared_ptr<Link> Choose(const Replicas& replicas, const Link* except, bool& full);
  std::vector<std::shared_ptr<Link>> Snapshot() const;

  // Constant after construction.
  const Options options_;
  const rpc::RegistrySource registry_;
  log::Committer& committer_;
  Clock& clock_;
  Random& random_;
  NoticeSink* notices_ = nullptr;

  // Own synchronization.
  ExchangeIndex exchanges_;
  LinkContext::Counters counters_;
  std::atomic<uint64_t> turn_ = 0;
  std::atomic<uint64_t> next_number_ = 1;
  std::atomic<bool> draining_ = false;

  mutable absl::Mutex routes_mu_;
  absl::flat_hash_map<std::string, std::shared_ptr<const Replicas>> routes_
      ABSL_GUARDED_BY(routes_mu_);
  absl::flat_hash_map<uint64_t, std::vector<std::string>> routes_of_ ABSL_GUARDED_BY(routes_mu_);

  mutable absl::Mutex links_mu_;
  absl::flat_hash_map<uint64_t, std::shared_ptr<Link>> links_ ABSL_GUARDED_BY(links_mu_);

  FrameChecker checker_;  // last: its thread uses the others through links
};

rpc::StreamEvents LinkTable::Connect(std::shared_ptr<rpc::StreamCall> stream) {
  if (draining_) {
    stream->Finish(Refuse(v1::ERROR_REASON_DRAINING, "The gateway is stopping; call another one."));
    return {.on_message = [](absl::string_view) {}, .on_half_close = [] {}, .on_end = [] {}};
  }
  const LinkContext context = {.options = options_,
                               .registry = registry_,
                               .committer = committer_,
                               .clock = clock_,
                               .random = random_,
                               .checker = checker_,
                               .observer = *this,
                               .counters = counters_,
                               .notices = notices_};
  const uint64_t number = next_number_++;
  auto link = std::make_shared<Link>(context, number, std::move(stream));
  {
    absl::MutexLock lock(&links_mu_);
    links_.emplace(number, link);
  }
  return {.on_message = [link](absl::string_view message) { link->OnMessage(message); },
          .on_half_close = [link] { link->OnHalfClose(); },
          .on_end = [link] { link->OnEnd(); }};
}

void LinkTable::Ask(struct Ask ask) {
  auto exchange = std::make_unique<Exchange>();
  exchange->id = ask.exchange_id;
  exchange->done = std::move(ask.done);
  if (ask.request.size() > kRequestBytesMax) {  // the front takes no message of this size
    exchange->End(Reply::Kind::kOverloaded);
    return;
  }
  exchange->route = RouteKey(ask.holder, ask.kind, ask.area);
  exchange->member = ask.caller->member;
  exchange->share = ask.share;
  exchange->request_digest = ask.request_digest;
  exchange->question = std::make_shared<const std::string>(EncodeQuestion(ask));
  exchange->deadline = clock_.Elapsed() + ask.timeout;
  exchange->repeatable = ask.repeatable;
  exchange->check_signature = ask.check_signature;
  const Placement placement = Place(exchange, /*except=*/nullptr);
  if (placement.placed) return;
  exchange->End(placement.full ? Reply::Kind::kOverloaded : Reply::Kind::kNoLink);
}

LinkTable::Placement LinkTable::Place(std::unique_ptr<Exchange>& exchange, const Link* except) {
  const std::shared_ptr<const Replicas> replicas = Find(exchange->route);
  Placement placement;
  if (replicas == nullptr) return placement;
  const Uuid id = exchange->id;
  // Another question may take a link's last place between the choice and the attempt: choose again.
  for (size_t attempt = 0; attempt <= replicas->size(); ++attempt) {
    std::shared_ptr<Link> link = Choose(*replicas, except, placement.full);
    if (link == nullptr) return placement;
    // First, since the answer may come before Carry returns.
    exchanges_.Insert(id, link);
    if (link->Carry(exchange)) {
      placement.placed = true;
      return placement;
    }
    exchanges_.Erase(id);
    placement.full = true;
  }
  return placement;
}

std::shared_ptr<const Replicas> LinkTable::Find(const std::string& route) const {
  absl::ReaderMutexLock lock(&routes_mu_);
  auto it = routes_.find(route);
  return it == routes_.end() ? nullptr : it->second;
}

std::shared_ptr<Link> LinkTable::FindLink(uint64_t number) const {
  absl::MutexLock lock(&links_mu_);
  auto it = links_.find(number);
  return it == links_.end() ? nullptr : it->second;
}

std::shared_ptr<Link> LinkTable::Choose(const Replicas& replicas, const Link* except, bool& full) {
  full = false;
  const std::shared_ptr<Link>* best = nullptr;
  uint32_t best_load = std::numeric_limits<uint32_t>::max();
  const size_t start = turn_.fetch_add(1, std::memory_order_relaxed) % replicas.size();
  for (size_t i = 0; i < replicas.size(); ++i) {
    const std::shared_ptr<Link>& link = replicas[(start + i) % replicas.size()];
    if (link.get() == except) continue;
    full |= link->full();
    if (const uint32_t load = link->load(); load < best_load) {
      best = &link;
      best_load = load;
    }
  }
  return best == nullptr ? nullptr : *best;
}

void LinkTable::OnLost(std::unique_ptr<Exchange> exchange, const Link& link) {
  Placement placement;
  if ((!exchange->forwarded || exchange->repeatable) && exchange->places < kPlacesMax) {
    placement = Place(exchange, &link);
    if (placement.placed) return;
  }
  exchange->End(exchange->forwarded ? Reply::Kind::kLinkLost
                : placement.full    ? Reply::Kind::kOverloaded
                                    : Reply::Kind::kNoLink);
}

bool LinkTable::Cancel(const Uuid& exchange_id) {
  std::shared_ptr<Link> link = exchanges_.Find(exchange_id);
  return link != nullptr && link->GiveUp(exchange_id) != nullptr;
}

void LinkTable::Recorded(uint64_t number, const Uuid& exchange_id, uint64_t index) {
  // Gone meanwhile: the adapter's alarm is meant for this.
  if (const auto link = FindLink(number)) link->Recorded(exchange_id, index);
}

NoticePlace LinkTable::PlaceForNotices(absl::string_view recipient,
                                       absl::string_view subscription) const {
  NoticePlace best;
  const std::shared_ptr<const Replicas> replicas = Find(NoticeKey(recipient, subscription));
  if (replicas == nullptr) return best;
  for (const std::shared_ptr<Link>& link : *replicas) {
    if (const size_t room = link->NoticeRoom(); room > best.room) best = {link->number(), room};
  }
  return best;
}

bool LinkTable::SendNotices(uint64_t number, std::vector<OutgoingNotice> notices) {
  const auto link = FindLink(number);
  return link != nullptr && link->SendNotices(std::move(notices));
}

bool LinkTable::TellNone(absl::string_view recipient, absl::string_view subscription,
                         const std::string& none_today) {
  const std::shared_ptr<const Replicas> replicas = Find(NoticeKey(recipient, subscription));
  if (replicas == nullptr) return false;
  return std::any_of(replicas->begin(), replicas->end(),
                     [&](const std::shared_ptr<Link>& link) { return link->TellNone(none_today); });
}

void LinkTable::ReceiptRecorded(uint64_t number, const RecordedReceipt& receipt) {
  // Gone meanwhile: the adapter says it again on its next link, and hears the same index.
  if (const auto link = FindLink(number)) link->ReceiptRecorded(receipt);
}

std::vector<std::shared_ptr<Link>> LinkTable::Snapshot() const {
  std::vector<std::shared_ptr<Link>> links;
  absl::MutexLock lock(&links_mu_);
  links.reserve(links_.size());
  for (const auto& [number, link] : links_) links.push_back(link);
  return links;
}

void LinkTable::Tick() {
  for (const std::shared_ptr<Link>& link : Snapshot()) link->Tick();
}

std::vector<LinkInfo> LinkTable::List() const {
  std::vector<LinkInfo> infos;
  for (const std::shared_ptr<Link>& link : Snapshot()) {
    LinkInfo info = link->Info();
    // It has said its hello.
    if (!info.kinds.empty() || !info.subscriptions.empty()) infos.push_back(std::move(info));
  }
  std::sort(infos.begin(), infos.end(),
            [](const LinkInfo& a, const LinkInfo& b) { return a.id < b.id; });
  return infos;
}

LinkCounts LinkTable::Counts() const {
  return {.answers_late = counters_.answers_late,
          .answers_unexpected = counters_.answers_unexpected,
          .frames_malformed = counters_.frames_malformed,
          .signatures_invalid = counters_.signatures_invalid,
          .signatures_checked = counters_.signatures_checked + checker_.checked(),
          .checks_skipped = counters_.checks_skipped};
}

bool LinkTable::Drain(absl::string_view link_id) {
  for (const std::shared_ptr<Link>& link : Snapshot()) {
    if (link->id() == link_id) return link->Drain();
  }
  return false;
}

void LinkTable::DrainAll() {
  draining_ = true;
  for (const std::shared_ptr<Link>& link : Snapshot()) link->Drain();
}

void LinkTable::OnServedChanged(Link& link) {
  bool reachable = false;
  {
    absl::MutexLock lock(&routes_mu_);
    reachable = Route(link);
  }
  if (reachable && notices_ != nullptr) notices_->OnReachable();
}

bool LinkTable::Route(Link& link) {
  // Asked under the lock: of two changes, the later one to come here sees the later state.
  std::vector<std::string> keys;
  for (const auto& [kind, area] : link.Served()) {
    keys.push_back(RouteKey(link.caller().member, kind, area));
  }
  const std::vector<std::string> subscriptions = link.Subscriptions();
  for (const std::string& subscription : subscriptions) {
    keys.push_back(NoticeKey(link.caller().member, subscription));
  }
  for (const std::string& key : routes_of_[link.number()]) {
    auto it = routes_.find(key);
    auto replicas = std::make_shared<Replicas>(*it->second);
    std::erase_if(*replicas, [&link](const auto& replica) { return replica.get() == &link; });
    if (replicas->empty()) {
      routes_.erase(it);
    } else {
      it->second = std::move(replicas);
    }
  }
  for (const std::string& key : keys) {
    std::shared_ptr<const Replicas>& route = routes_[key];
    auto replicas =
        route == nullptr ? std::make_shared<Replicas>() : std::make_shared<Replicas>(*route);
    replicas->push_back(link.shared_from_this());
    route = std::move(replicas);
  }
  if (keys.empty()) {
    routes_of_.erase(link.number());
  } else {
    routes_of_[link.number()] = std::move(keys);
  }
  return !subscriptions.empty();
}

void LinkTable::OnClosed(Link& link) {
  absl::MutexLock lock(&links_mu_);
  links_.erase(link.number());
}

}  // namespace

std::unique_ptr<Links> Links::Create(Options options, rpc::RegistrySource registry,
                                     log::Committer& committer, Clock& clock, Random& random) {
  return std::make_unique<LinkTable>(std::move(options), std::move(registry), committer, clock,
                                     random);
}

}  // namespace chayan::link
