// One link: the stream of one adapter process, from its hello to its close entry.
//
// Invariants:
// - It takes questions only between the commit of its open entry and its close, and never more than
//   its bound.
// - Every open entry is followed by one close entry. A refused hello is one entry.
// - An answer ends the exchange it belongs to only if that exchange stands in this link's table;
//   after that it stands there no more. A frame with any other answer ends the link and counts for
//   nothing, but for answers to questions that were given up: those are dropped.
// - What is to be written is gathered under the lock and written on the stream's worker, with at
//   most one wake-up under way.
// - No collaborator is called under the lock.
#ifndef CHAYAN_GATEWAY_LINK_LINK_H_
#define CHAYAN_GATEWAY_LINK_LINK_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/synchronization/mutex.h"
#include "chayan/v1/adapter_link_service.pb.h"
#include "gateway/base/clock.h"
#include "gateway/base/random.h"
#include "gateway/base/uuid.h"
#include "gateway/link/exchange.h"
#include "gateway/link/frame_checker.h"
#include "gateway/link/frames.h"
#include "gateway/link/hello.h"
#include "gateway/link/links.h"
#include "gateway/log/committer.h"
#include "gateway/rpc/call.h"
#include "gateway/tlog/frame.h"

namespace chayan::link {

// What a link tells the table of links. Called without the link's lock, from any thread.
class LinkObserver {
 public:
  virtual ~LinkObserver() = default;
  // What Served() gives has changed.
  virtual void OnServedChanged(Link& link) = 0;
  // It is over.
  virtual void OnClosed(Link& link) = 0;
  // The exchange is in no table any more.
  virtual void OnTaken(const Uuid& id) = 0;
  // The link went away under this exchange.
  virtual void OnLost(std::unique_ptr<Exchange> exchange, const Link& link) = 0;
};

// What all links share. References outlive the links.
struct LinkContext {
  const Links::Options& options;
  const rpc::RegistrySource& registry;
  log::Committer& committer;
  Clock& clock;
  Random& random;
  FrameChecker& checker;
  LinkObserver& observer;
  struct Counters {
    std::atomic<uint64_t> answers_late = 0;
    std::atomic<uint64_t> answers_unexpected = 0;
    std::atomic<uint64_t> frames_malformed = 0;
    std::atomic<uint64_t> signatures_invalid = 0;
    std::atomic<uint64_t> signatures_checked = 0;
    std::atomic<uint64_t> checks_skipped = 0;
  };
  Counters& counters;
  NoticeSink* notices;  // null: this gateway delivers none
};

// Thread-safe, but for the methods of the worker.
class Link : public std::enable_shared_from_this<Link> {
 public:
  Link(LinkContext context, uint64_t number, std::shared_ptr<rpc::StreamCall> stream);

  // On the stream's worker.
  void OnMessage(absl::string_view message);
  void OnHalfClose();
  void OnEnd();

  uint64_t number() const { return number_; }
  std::string id() const { return id_.ToText(); }
  const policy::Caller& caller() const { return caller_; }
  // Questions in flight; the largest value when it takes none.
  uint32_t load() const { return load_.load(std::memory_order_relaxed); }
  // Whether it serves but is at its bound.
  bool full() const { return full_.load(std::memory_order_relaxed); }

  // Kinds and areas it answers now, but for those whose source is down; nothing before it opens and
  // after it drains or ends.
  std::vector<std::pair<std::string, std::string>> Served() const;
  // Takes the exchange and sends its question; false, leaving it, when the link does not serve or
  // is full.
  bool Carry(std::unique_ptr<Exchange>& exchange);
  // Gives up a question: it is told to the adapter. nullptr when it is not open here.
  std::unique_ptr<Exchange> GiveUp(const Uuid& exchange_id);
  void Recorded(const Uuid& exchange_id, uint64_t index);

  // Subscriptions it takes notices of now, as Served().
  std::vector<std::string> Subscriptions() const;
  // How many notices it takes now.
  size_t NoticeRoom() const;
  bool SendNotices(std::vector<OutgoingNotice> notices);
  // False: it serves no more.
  bool TellNone(const std::string& none_today);
  void ReceiptRecorded(const RecordedReceipt& receipt);

  void Tick();
  // Asks the adapter to open another link and close this one. False when it is over.
  bool Drain();
  void Close(policy::Refusal refusal);
  LinkInfo Info() const;

 private:
  enum class Phase { kHello, kOpening, kServing, kClosed };

  void OnHello(v1::Hello hello);
  void OnOpened(absl::StatusOr<log::Committed> committed);
  void OnAnswers(v1::AnswerFrame& frame);
  void OnNoticeReceipts(v1::NoticeReceiptFrame& frame);
  void OnNoticesNotTaken(const v1::NoticesNotTaken& message);
  // A frame's key, in force for this system, and its signature; nothing after the link was closed.
  struct FrameKey {
    std::shared_ptr<const registry::Snapshot> snapshot;  // keeps the key alive
    const registry::AnswerKey* key;
    crypto::Digest id;
    crypto::Ed25519Signature signature;
  };
  std::optional<FrameKey> TakeFrameKey(const std::string& key_id, const std::string& signature);
  void OnDraining();
  void OnSourceHealth(const v1::SourceHealth& health);
  // The exchanges of a frame's answers, nullptr where a question had been given up; nothing, after
  // the link was closed, when an answer is unexpected.
  struct Matched {
    std::vector<std::unique_ptr<Exchange>> exchanges;
    std::vector<crypto::Digest> answers;  // the leaves of the frame's tree
  };
  std::optional<Matched> Match(const v1::AnswerFrame& frame);
  // Whether the answers may be passed on; closes the link if the signature was checked and is bad.
  bool CheckSignature(const tlog::Frame& tree, const registry::AnswerKey& key,
                      const crypto::Ed25519Signature& signature, bool now);
  void PassOn(v1::AnswerFrame& frame, Matched matched, const tlog::Frame& tree,
              const crypto::Digest& key_id, const crypto::Ed25519Signature& signature);
  void CloseUnexpected(const Uuid& exchange_id,
                       std::vector<std::unique_ptr<Exchange>> of_the_frame);
  void CloseInvalidSignature();
  void CloseMalformed(absl::string_view what);

  // Ends the link: records it, then finishes the stream with the refusal, or well without one.
  void End(absl::string_view reason, std::optional<policy::Refusal> refusal);
  void Record(absl::string_view reason,
              absl::AnyInvocable<void(absl::StatusOr<log::Committed>)> done);
  void CheckRight();
  void GiveUpExpired();

  // Whoever adds something to be written asks this under the lock; true: PostFlush after it.
  bool ClaimFlush() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void PostFlush();
  void Flush();
  std::unique_ptr<Exchange> Take(const Uuid& id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Tells the adapter, if the question was sent, and expects its late answer.
  void Abandon(const Exchange& exchange) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void UpdateLoad() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool serving() const ABSL_SHARED_LOCKS_REQUIRED(mu_) {
    return phase_ == Phase::kServing && !draining_ && !peer_draining_;
  }
  std::shared_ptr<rpc::StreamCall> stream() const {
    absl::MutexLock lock(&mu_);
    return stream_;
  }

  // Constant after construction.
  const LinkContext context_;
  const uint64_t number_;
  const Uuid id_;
  const policy::Caller caller_;
  const absl::Time opened_;
  const absl::Duration opened_elapsed_;

  // Own synchronization.
  std::atomic<uint32_t> load_ = std::numeric_limits<uint32_t>::max();
  std::atomic<bool> full_ = false;
  std::atomic<int64_t> last_heard_ns_;  // reading of Elapsed()
  std::atomic<uint64_t> answers_ = 0;

  // Of the worker alone.
  bool first_frame_ = true;

  mutable absl::Mutex mu_;
  std::shared_ptr<rpc::StreamCall> stream_ ABSL_GUARDED_BY(mu_);  // empty once it has ended
  Phase phase_ ABSL_GUARDED_BY(mu_) = Phase::kHello;
  v1::Hello hello_ ABSL_GUARDED_BY(mu_);
  Offer offer_ ABSL_GUARDED_BY(mu_);
  std::shared_ptr<const registry::Snapshot> snapshot_ ABSL_GUARDED_BY(mu_);  // last checked
  absl::Duration right_checked_ ABSL_GUARDED_BY(mu_);
  std::optional<uint64_t> open_index_ ABSL_GUARDED_BY(mu_);
  bool draining_ ABSL_GUARDED_BY(mu_) = false;
  bool peer_draining_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<std::string> down_kinds_ ABSL_GUARDED_BY(mu_);  // sorted
  absl::Duration drain_deadline_ ABSL_GUARDED_BY(mu_) = absl::InfiniteDuration();
  absl::Duration last_sent_ ABSL_GUARDED_BY(mu_);

  absl::flat_hash_map<Uuid, std::unique_ptr<Exchange>> open_ ABSL_GUARDED_BY(mu_);
  // How many of them each member has: none takes all places of a holder that is slow.
  absl::flat_hash_map<std::string, uint32_t> held_by_ ABSL_GUARDED_BY(mu_);
  // With the digests of their requests: a late answer is a leaf of its frame's tree all the same.
  absl::flat_hash_map<Uuid, crypto::Digest> given_up_ ABSL_GUARDED_BY(mu_);
  std::deque<Uuid> given_up_order_ ABSL_GUARDED_BY(mu_);

  // Notices without a receipt.
  absl::flat_hash_set<Uuid> notices_ ABSL_GUARDED_BY(mu_);

  // What waits to be written.
  bool flush_posted_ ABSL_GUARDED_BY(mu_) = false;
  size_t queued_bytes_ ABSL_GUARDED_BY(mu_) = 0;  // in the transport after the last flush
  std::vector<Uuid> to_ask_ ABSL_GUARDED_BY(mu_);
  std::vector<Uuid> to_cancel_ ABSL_GUARDED_BY(mu_);
  RecordedIds to_record_ ABSL_GUARDED_BY(mu_);
  std::vector<RecordedReceipt> receipts_to_record_ ABSL_GUARDED_BY(mu_);
  std::vector<OutgoingNotice> to_notify_ ABSL_GUARDED_BY(mu_);
  std::vector<std::string> none_today_ ABSL_GUARDED_BY(mu_);
  bool send_draining_ ABSL_GUARDED_BY(mu_) = false;
  bool send_heartbeat_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace chayan::link

#endif  // CHAYAN_GATEWAY_LINK_LINK_H_
