// The live links to agencies' adapters, and the questions in flight on them.
#ifndef CHAYAN_GATEWAY_LINK_LINKS_H_
#define CHAYAN_GATEWAY_LINK_LINKS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gateway/base/clock.h"
#include "gateway/base/uuid.h"
#include "gateway/crypto/bytes.h"
#include "gateway/link/notice_sink.h"
#include "gateway/log/committer.h"
#include "gateway/policy/decide.h"
#include "gateway/rpc/call.h"
#include "gateway/rpc/server.h"
#include "gateway/tlog/frame.h"

namespace chayan::link {

// How asking ended.
struct Reply {
  enum class Kind {
    kAnswered,    // `answer` holds the holder's bytes
    kNoLink,      // nothing was forwarded
    kTimedOut,    // forwarded, no answer in time
    kLinkLost,    // forwarded, then the link closed
    kOverloaded,  // every link of the holder is at its bound, or the member at its share of them;
                  // nothing was forwarded
  };
  Kind kind;
  std::string answer;
  bool restricted = false;
  tlog::HolderSignature signature;
  uint64_t link = 0;  // to tell the adapter its index: Links::Recorded
};

struct Ask {
  Uuid exchange_id;
  std::string holder;  // member id
  std::string kind;
  std::string area;               // normalised routing value, or empty
  absl::string_view request;      // bytes; copied
  crypto::Digest request_digest;  // their SHA-256
  const policy::Caller* caller;
  absl::string_view acting_for;
  const policy::Permit* permit;
  uint32_t share = 1;  // of the caller's member, of the holder's links
  absl::Duration timeout;
  bool repeatable;       // may go to another replica when its link is lost
  bool check_signature;  // before the answer is passed on
  // Once, from any thread.
  absl::AnyInvocable<void(Reply)> done;
};

// A notice on its way, and where it can go.
struct OutgoingNotice {
  Uuid delivery{};
  std::shared_ptr<const std::string> notice{};  // serialized DeliveredNotice
};
struct NoticePlace {
  uint64_t link = 0;
  size_t room = 0;  // how many it takes now; 0: no link takes any
};
// What became of a receipt.
struct RecordedReceipt {
  Uuid delivery{};
  uint64_t index = 0;     // of its entry
  std::string refusal{};  // why it counts for nothing, by name; empty: it counts
};

struct LinkInfo {
  std::string id;
  std::string member, system, software;
  std::vector<std::string> kinds;
  std::vector<std::string> subscriptions;
  std::vector<std::string> down_kinds;  // of these, as the adapter says
  uint32_t in_flight;
  absl::Time opened;
  bool draining;
  uint64_t answers;
};

// What was refused or dropped since the start.
struct LinkCounts {
  uint64_t answers_late = 0;        // to a question that had been given up: dropped
  uint64_t answers_unexpected = 0;  // to no question of their link: the link was closed
  uint64_t frames_malformed = 0;
  uint64_t signatures_invalid = 0;
  uint64_t signatures_checked = 0;
  uint64_t checks_skipped = 0;  // drawn for a check while the checker's queue was full
};

// Thread-safe. Outlives the server whose streams it handles; the committer outlives it.
class Links {
 public:
  struct Options {
    std::string gateway;
    double signature_share = 0.02;  // of frames checked off the path
  };
  static std::unique_ptr<Links> Create(Options options, rpc::RegistrySource registry,
                                       log::Committer& committer, Clock& clock, Random& random);
  virtual ~Links() = default;

  // Handler of /chayan.v1.AdapterLinkService/Connect.
  virtual rpc::StreamEvents Connect(std::shared_ptr<rpc::StreamCall> stream) = 0;
  virtual void Ask(struct Ask ask) = 0;
  // The answer is no longer wanted; `done` is not called after this returns true, false: it was or
  // is being called, or will be because the question is moving to another replica.
  virtual bool Cancel(const Uuid& exchange_id) = 0;
  // The entry is committed: tell the adapter.
  virtual void Recorded(uint64_t link, const Uuid& exchange_id, uint64_t index) = 0;

  // Who is told of receipts; outlives the links. Before the first Connect; without one, links take
  // none.
  virtual void SetNoticeSink(NoticeSink* sink) = 0;
  // The link with the most room among those of the recipient that offer the subscription.
  virtual NoticePlace PlaceForNotices(absl::string_view recipient,
                                      absl::string_view subscription) const = 0;
  // Sends them, in order. False: the link is gone or has less room, and none was sent.
  virtual bool SendNotices(uint64_t link, std::vector<OutgoingNotice> notices) = 0;
  // Tells a link of the recipient that offers the subscription of a period without notices:
  // `none_today` is a serialized NoneToday. False: there is no such link.
  virtual bool TellNone(absl::string_view recipient, absl::string_view subscription,
                        const std::string& none_today) = 0;
  // The receipt's entry is committed: tell the adapter.
  virtual void ReceiptRecorded(uint64_t link, const RecordedReceipt& receipt) = 0;

  // Deadlines, heartbeats, links whose right is gone. Called every 50 ms with the clock's reading.
  virtual void Tick() = 0;
  // By id.
  virtual std::vector<LinkInfo> List() const = 0;
  virtual LinkCounts Counts() const = 0;
  virtual bool Drain(absl::string_view link_id) = 0;
  virtual void DrainAll() = 0;
};

}  // namespace chayan::link

#endif  // CHAYAN_GATEWAY_LINK_LINKS_H_
