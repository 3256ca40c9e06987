#include "gateway/link/link.h"

#include <algorithm>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gateway/base/diag.h"
#include "gateway/link/bounds.h"
#include "gateway/link/frames.h"

namespace chayan::link {
namespace {

// How a link that nobody refused came to its end, as its entry says it.
constexpr char kOpened[] = "OPENED";
constexpr char kClosed[] = "CLOSED";              // the adapter closed it
constexpr char kDrained[] = "DRAINED";            // the adapter closed it, as announced
constexpr char kDisconnected[] = "DISCONNECTED";  // the stream broke

policy::Refusal DrainingRefusal() {
  return Refuse(v1::ERROR_REASON_DRAINING, "This link is being closed; open another.");
}

}  // namespace

Link::Link(LinkContext context, uint64_t number, std::shared_ptr<rpc::StreamCall> stream)
    : context_(context),
      number_(number),
      id_(Uuid::Version7(context.clock.Now(), context.random)),
      caller_(stream->caller()),
      opened_(context.clock.Now()),
      opened_elapsed_(context.clock.Elapsed()),
      last_heard_ns_(absl::ToInt64Nanoseconds(opened_elapsed_)),
      stream_(std::move(stream)) {}

void Link::OnMessage(absl::string_view message) {
  Phase phase;
  {
    absl::MutexLock lock(&mu_);
    phase = phase_;
  }
  if (phase == Phase::kClosed) return;
  last_heard_ns_ = absl::ToInt64Nanoseconds(context_.clock.Elapsed());
  v1::FromAdapter frame;
  if (!frame.ParseFromArray(message.data(), static_cast<int>(message.size()))) {
    CloseMalformed("A message is not a FromAdapter.");
    return;
  }
  if (phase == Phase::kHello && !frame.has_hello()) {
    Close(Refuse(v1::ERROR_REASON_HELLO_INVALID, "The first message of a link is its hello."));
    return;
  }
  switch (frame.frame_case()) {
    case v1::FromAdapter::kHello:
      OnHello(std::move(*frame.mutable_hello()));
      return;
    case v1::FromAdapter::kAnswers:
      OnAnswers(*frame.mutable_answers());
      return;
    case v1::FromAdapter::kHeartbeat:
      return;
    case v1::FromAdapter::kDraining:
      OnDraining();
      return;
    case v1::FromAdapter::kNoticeReceipts:
      OnNoticeReceipts(*frame.mutable_notice_receipts());
      return;
    case v1::FromAdapter::kNoticesNotTaken:
      OnNoticesNotTaken(frame.notices_not_taken());
      return;
    case v1::FromAdapter::kSourceHealth:
      OnSourceHealth(frame.source_health());
      return;
    case v1::FromAdapter::FRAME_NOT_SET:
      CloseMalformed("A message holds no frame that this version knows.");
      return;
  }
}

void Link::OnHello(v1::Hello hello) {
  std::shared_ptr<const registry::Snapshot> snapshot = context_.registry();
  std::variant<Offer, policy::Refusal> checked =
      CheckHello(hello, caller_, *snapshot, context_.clock.Now());
  {
    absl::MutexLock lock(&mu_);
    if (phase_ == Phase::kClosed) return;
    if (phase_ != Phase::kHello) {
      checked = Refuse(v1::ERROR_REASON_HELLO_INVALID, "A link has one hello.");
    } else {
      hello_ = std::move(hello);
      snapshot_ = std::move(snapshot);
      right_checked_ = context_.clock.Elapsed();
      if (Offer* offer = std::get_if<Offer>(&checked)) {
        offer_ = std::move(*offer);
        phase_ = Phase::kOpening;
      }
    }
  }
  if (auto* refusal = std::get_if<policy::Refusal>(&checked)) {
    Close(std::move(*refusal));
    return;
  }
  Record(kOpened, [self = shared_from_this()](absl::StatusOr<log::Committed> committed) {
    if (auto stream = self->stream()) {
      stream->Post([self, committed = std::move(committed)]() mutable {
        self->OnOpened(std::move(committed));
      });
    }
  });
}

void Link::OnOpened(absl::StatusOr<log::Committed> committed) {
  if (!committed.ok()) {
    Close(Refuse(v1::ERROR_REASON_LOG_UNAVAILABLE,
                 "The log cannot be written, so no link is opened."));
    return;
  }
  std::shared_ptr<rpc::StreamCall> stream;
  std::string welcome;
  std::string software;
  std::vector<std::string> other_versions;
  bool flush = false;
  {
    absl::MutexLock lock(&mu_);
    open_index_ = committed->index;
    if (phase_ != Phase::kOpening) return;
    phase_ = Phase::kServing;
    last_sent_ = context_.clock.Elapsed();
    stream = stream_;
    welcome = EncodeWelcome(offer_.in_flight_max, context_.options.gateway);
    software = offer_.software;
    other_versions = offer_.other_versions;
    if (draining_) {
      send_draining_ = true;
      flush = ClaimFlush();
    }
    UpdateLoad();
  }
  if (stream != nullptr) stream->Write(std::move(welcome));
  diag::Info("link.opened", {{"link", id()},
                             {"member", caller_.member},
                             {"system", caller_.system},
                             {"software", software},
                             {"other_versions", absl::StrJoin(other_versions, " ")}});
  context_.observer.OnServedChanged(*this);
  if (flush) PostFlush();
}

void Link::OnDraining() {
  {
    absl::MutexLock lock(&mu_);
    if (phase_ == Phase::kClosed) return;
    peer_draining_ = true;
    drain_deadline_ = std::min(drain_deadline_, context_.clock.Elapsed() + kDrainTimeout);
    UpdateLoad();
  }
  context_.observer.OnServedChanged(*this);
}

void Link::OnSourceHealth(const v1::SourceHealth& health) {
  std::vector<std::string> down(health.down_kinds().begin(), health.down_kinds().end());
  std::sort(down.begin(), down.end());
  down.erase(std::unique(down.begin(), down.end()), down.end());
  bool known = false;
  {
    absl::MutexLock lock(&mu_);
    if (phase_ != Phase::kServing) return;
    const std::vector<std::string> offered = offer_.Kinds();
    known = std::includes(offered.begin(), offered.end(), down.begin(), down.end());
    if (known && down == down_kinds_) return;
    if (known) down_kinds_ = down;
  }
  if (!known) {
    CloseMalformed("A kind is said to be down that is not of this link.");
    return;
  }
  diag::Write(down.empty() ? diag::Level::kInfo : diag::Level::kWarning, "link.source_health",
              {{"link", id()}, {"member", caller_.member}, {"down", absl::StrJoin(down, " ")}});
  context_.observer.OnServedChanged(*this);
}

void Link::OnHalfClose() {
  bool announced = false;
  {
    absl::MutexLock lock(&mu_);
    announced = peer_draining_ || draining_;
  }
  End(announced ? kDrained : kClosed, std::nullopt);
}

void Link::OnEnd() {
  End(kDisconnected, std::nullopt);
  std::shared_ptr<rpc::StreamCall> ended;  // let go of outside the lock
  absl::MutexLock lock(&mu_);
  ended = std::move(stream_);
  stream_ = nullptr;
}

std::vector<std::pair<std::string, std::string>> Link::Served() const {
  absl::MutexLock lock(&mu_);
  if (!serving()) return {};
  std::vector<std::pair<std::string, std::string>> served;
  absl::c_copy_if(offer_.served, std::back_inserter(served), [this](const auto& kind_and_area) {
    mu_.AssertReaderHeld();
    return !absl::c_binary_search(down_kinds_, kind_and_area.first);
  });
  return served;
}

void Link::Tick() {
  const absl::Duration now = context_.clock.Elapsed();
  const absl::Duration silent = now - absl::Nanoseconds(last_heard_ns_.load());
  Phase phase;
  bool drain_over = false;
  bool flush = false;
  {
    absl::MutexLock lock(&mu_);
    phase = phase_;
    drain_over = now >= drain_deadline_;
    if (now - last_sent_ >= kHeartbeatInterval) send_heartbeat_ = true;
    // A full transport is looked at again, or its link would stay full.
    if (send_heartbeat_ || queued_bytes_ > kQueuedBytesMax) flush = ClaimFlush();
  }
  switch (phase) {
    case Phase::kClosed:
    case Phase::kOpening:
      return;
    case Phase::kHello:
      if (now - opened_elapsed_ >= kHelloTimeout) {
        Close(Refuse(v1::ERROR_REASON_HELLO_INVALID, "No hello came in time.",
                     {{"timeout", absl::FormatDuration(kHelloTimeout)}}));
      }
      return;
    case Phase::kServing:
      break;
  }
  if (flush) PostFlush();
  if (silent >= kHeartbeatsMissedMax * kHeartbeatInterval) {
    Close(Refuse(v1::ERROR_REASON_HEARTBEAT_MISSED, "Nothing was heard on the link for too long."));
    return;
  }
  if (drain_over) {
    Close(DrainingRefusal());
    return;
  }
  GiveUpExpired();
  CheckRight();
}

void Link::CheckRight() {
  std::shared_ptr<const registry::Snapshot> snapshot = context_.registry();
  const absl::Duration now = context_.clock.Elapsed();
  v1::Hello hello;
  {
    absl::MutexLock lock(&mu_);
    if (snapshot == snapshot_ && now - right_checked_ < kRightInterval) return;
    hello = hello_;
  }
  std::variant<Offer, policy::Refusal> checked =
      CheckHello(hello, caller_, *snapshot, context_.clock.Now());
  if (auto* refusal = std::get_if<policy::Refusal>(&checked)) {
    Close(std::move(*refusal));
    return;
  }
  bool changed = false;
  {
    absl::MutexLock lock(&mu_);
    Offer& offer = std::get<Offer>(checked);
    changed = offer.served != offer_.served || offer.subscriptions != offer_.subscriptions;
    offer_ = std::move(offer);
    snapshot_ = std::move(snapshot);
    right_checked_ = now;
    UpdateLoad();
  }
  if (changed) context_.observer.OnServedChanged(*this);
}

bool Link::Drain() {
  bool hello = false;
  bool flush = false;
  {
    absl::MutexLock lock(&mu_);
    if (phase_ == Phase::kClosed) return false;
    hello = phase_ == Phase::kHello;
    if (!hello && !draining_) {
      draining_ = true;
      drain_deadline_ = std::min(drain_deadline_, context_.clock.Elapsed() + kDrainTimeout);
      send_draining_ = true;
      UpdateLoad();
      flush = ClaimFlush();
    }
  }
  if (hello) {
    Close(DrainingRefusal());
    return true;
  }
  context_.observer.OnServedChanged(*this);
  if (flush) PostFlush();
  return true;
}

void Link::Close(policy::Refusal refusal) {
  const std::string reason = refusal.reason_name();
  End(reason, std::move(refusal));
}

void Link::CloseMalformed(absl::string_view what) {
  context_.counters.frames_malformed.fetch_add(1, std::memory_order_relaxed);
  Close(Refuse(v1::ERROR_REASON_MESSAGE_MALFORMED, std::string(what)));
}

void Link::End(absl::string_view reason, std::optional<policy::Refusal> refusal) {
  absl::flat_hash_map<Uuid, std::unique_ptr<Exchange>> lost;
  absl::flat_hash_set<Uuid> returned;
  bool record = false;
  {
    absl::MutexLock lock(&mu_);
    if (phase_ == Phase::kClosed) return;
    // A stream that said nothing and went away is not a link; one that was refused is recorded.
    // Where the log did not take the open entry, it will not take this one.
    record = phase_ == Phase::kHello
                 ? refusal.has_value()
                 : !(refusal && refusal->reason == v1::ERROR_REASON_LOG_UNAVAILABLE);
    phase_ = Phase::kClosed;
    lost.swap(open_);
    returned.swap(notices_);
    held_by_.clear();
    UpdateLoad();
  }
  context_.observer.OnServedChanged(*this);
  context_.observer.OnClosed(*this);
  diag::Write(
      refusal ? diag::Level::kWarning : diag::Level::kInfo, "link.closed",
      {{"link", id()}, {"member", caller_.member}, {"system", caller_.system}, {"reason", reason}});
  auto finish = [self = shared_from_this(), refusal = std::move(refusal)](bool recorded) mutable {
    if (auto stream = self->stream()) {
      if (!recorded) {
        refusal = Refuse(v1::ERROR_REASON_LOG_UNAVAILABLE, "The log cannot be written.");
      }
      stream->Finish(std::move(refusal));
    }
  };
  if (record) {
    Record(reason, [finish = std::move(finish)](absl::StatusOr<log::Committed> committed) mutable {
      finish(committed.ok());
    });
  } else {
    finish(/*recorded=*/true);
  }
  for (auto& [id, exchange] : lost) {
    context_.observer.OnTaken(id);
    context_.observer.OnLost(std::move(exchange), *this);
  }
  if (returned.empty()) return;
  std::vector<ReturnedNotice> notices;
  for (const Uuid& id : returned) notices.push_back({.delivery = id, .reason = "LINK_LOST"});
  context_.notices->OnReturned(caller_, std::move(notices));
}

void Link::Record(absl::string_view reason,
                  absl::AnyInvocable<void(absl::StatusOr<log::Committed>)> done) {
  log::Submission submission;
  log::Entry& entry = submission.entry;
  entry.type = log::EntryType::kLink;
  entry.id = id_;
  entry.member = caller_.member;
  entry.system = caller_.system;
  entry.cert = caller_.certificate;
  entry.registry = context_.registry()->digest();
  entry.reason = std::string(reason);
  {
    absl::MutexLock lock(&mu_);
    entry.ref = open_index_;
    if (auto key = crypto::Digest::FromRaw(hello_.answer_key_id()); key.ok()) entry.key = *key;
  }
  submission.done = std::move(done);
  context_.committer.Submit(std::move(submission));
}

LinkInfo Link::Info() const {
  absl::MutexLock lock(&mu_);
  return {.id = id(),
          .member = caller_.member,
          .system = caller_.system,
          .software = offer_.software,
          .kinds = offer_.Kinds(),
          .subscriptions = offer_.subscriptions,
          .down_kinds = down_kinds_,
          .in_flight = static_cast<uint32_t>(open_.size()),
          .opened = opened_,
          .draining = draining_ || peer_draining_,
          .answers = answers_.load(std::memory_order_relaxed)};
}

}  // namespace chayan::link
