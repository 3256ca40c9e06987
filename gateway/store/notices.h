// Notices and their deliveries as they stand in the store. They change with the log's entries alone
// (NoticeChange in a Batch); here they are read, and lent to whoever delivers.
//
// Order: a delivery waits in a queue for each (recipient, subject). It may leave when it is first
// in all of them; that any other was delivered is refused. It leaves its queues with the state
// kScheduled; a dead one that holds stays in its place until it is replayed or withdrawn. A
// replayed one that left goes to the end of its queues.
//
// A lease is no state: it says who has a delivery under way, and until when nobody else takes it.
// Like the time of the next attempt it is not synced by itself: what a crash loses of it is one
// repeat of the same delivery.
#ifndef CHAYAN_GATEWAY_STORE_NOTICES_H_
#define CHAYAN_GATEWAY_STORE_NOTICES_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/base/uuid.h"
#include "gateway/crypto/digest.h"
#include "gateway/store/delivery_state.h"
#include "gateway/store/notice_change.h"

namespace chayan::store {

// A page of anything here, so that no call holds a reader for long.
inline constexpr size_t kNoticePageMax = 1000;

struct StoredNotice {
  int64_t ordinal = 0;
  uint64_t entry = 0;
  Uuid id{};
  crypto::Digest request_digest{};
  std::string kind{};
  std::string publisher{};
  std::string system{};
  std::string acting_for{};
  int64_t time_ms = 0;
  bool test = false;
  std::optional<Uuid> follows{};
  std::optional<Uuid> followed_by{};
  std::string exception_owner{};
  std::string answer{};
};

struct StoredDelivery {
  int64_t seq = 0;
  Uuid id{};
  int64_t notice = 0;  // ordinal
  std::string recipient{};
  std::string subscription{};
  DeliveryState state{};
  std::vector<SubjectKey> subjects{};  // whose queues it waits, or waited, in
  bool bulk = false;
  bool hosted = false;
  bool holds = false;
  int64_t due_ms = 0;
  int64_t ready_ms = 0;  // of the next attempt, or when the lease ends
  int64_t expire_ms = 0;
  int64_t acknowledge_by_ms = 0;
  uint32_t attempts = 0;
  uint32_t blockers = 0;         // queues in which it is not first
  bool earlier_missing = false;  // an earlier one of a subject died and did not hold
  std::string lease{};           // gateway; empty: nobody's
  bool sent = false;             // it was lent: its recipient may have it, whatever became of it
  int64_t fetch_by_ms = 0;       // see NewDelivery; 0 after the warning
  std::string reason{};          // of the last step or the last failed attempt
  std::string settlement{};
};

struct StoredStep {
  int64_t time_ms = 0;
  DeliveryState state{};
  std::string reason{};
  uint64_t entry = 0;

  bool operator==(const StoredStep&) const = default;
};

// Numbers of v1::NoticeEventKind. Each warning is given once; that the office is late, after that
// it will be.
enum class NoticeEventKind : uint8_t { kStep = 1, kDueSoon = 2, kOverdue = 3, kNotFetched = 4 };

// A delivery that took a step, or that one should look at, for those who watch. Numbers grow.
struct NoticeEvent {
  int64_t event = 0;
  int64_t time_ms = 0;
  int64_t seq = 0;
  DeliveryState state{};
  NoticeEventKind kind = NoticeEventKind::kStep;
};

// The items that a bulk entry covers (tlog/bulk_frame.h).
struct StoredFrame {
  uint64_t entry = 0;
  std::vector<crypto::Digest> items{};
};

enum class DeliverySide { kPublisher, kRecipient };

// Deliveries of one member, oldest first.
struct DeliveryQuery {
  DeliverySide side = DeliverySide::kRecipient;
  std::string member{};
  std::vector<DeliveryState> states{};  // empty: all
  int64_t after_seq = 0;
  size_t count = kNoticePageMax;
};

// How many deliveries of a recipient stand in a state.
struct DeliveryCount {
  DeliveryState state{};
  uint64_t count = 0;
};

// What a lane of a subscription has ready.
struct DueLane {
  std::string recipient{};
  std::string subscription{};
  bool bulk = false;
};

struct ClaimRequest {
  DueLane lane{};
  int64_t now_ms = 0;
  std::string gateway{};  // whose lease it becomes; not empty
  int64_t until_ms = 0;
  size_t count = 1;
};

struct Claimed {
  StoredDelivery delivery{};
  SealedPayload payload{};
};

// Thread-safe.
class Notices {
 public:
  virtual ~Notices() = default;

  // NOT_FOUND when there is none.
  virtual absl::StatusOr<StoredNotice> FindRequest(const RequestKey& key) = 0;
  virtual absl::StatusOr<StoredNotice> FindNotice(const Uuid& id) = 0;
  virtual absl::StatusOr<StoredNotice> ReadNotice(int64_t ordinal) = 0;
  virtual absl::StatusOr<StoredDelivery> FindDelivery(const Uuid& id) = 0;
  virtual absl::StatusOr<StoredDelivery> ReadDelivery(int64_t seq) = 0;
  // NOT_FOUND also when it was shredded.
  virtual absl::StatusOr<SealedPayload> ReadPayload(int64_t seq) = 0;

  // In the order of their coming, after `after_seq`.
  virtual absl::StatusOr<std::vector<StoredDelivery>> DeliveriesOf(int64_t notice,
                                                                   int64_t after_seq) = 0;
  // Oldest first, without the first: that a delivery was scheduled follows from its notice.
  virtual absl::StatusOr<std::vector<StoredStep>> Steps(int64_t seq) = 0;
  virtual absl::StatusOr<std::vector<StoredDelivery>> List(const DeliveryQuery& query) = 0;
  virtual absl::StatusOr<std::vector<NoticeEvent>> Events(const std::string& publisher,
                                                          int64_t after_event, size_t count) = 0;
  // The number of the last event of anybody; 0: there is none.
  virtual absl::StatusOr<int64_t> LastEvent() = 0;
  // Notices that nobody was to get, oldest first, after `after_ordinal`.
  virtual absl::StatusOr<std::vector<StoredNotice>> Exceptions(const std::string& owner,
                                                               int64_t after_ordinal,
                                                               size_t count) = 0;
  // States with none are left out.
  virtual absl::StatusOr<std::vector<DeliveryCount>> Count(const std::string& recipient) = 0;
  // The delivery whose place a new one of this subject would take. NOT_FOUND when there is none.
  virtual absl::StatusOr<StoredDelivery> FindInPeriod(const std::string& recipient,
                                                      const std::string& subscription,
                                                      const SubjectKey& first_subject,
                                                      int64_t due_ms) = 0;

  // Frames of the entries first .. end - 1, in their order; at most `count`.
  virtual absl::StatusOr<std::vector<StoredFrame>> Frames(uint64_t first, uint64_t end,
                                                          size_t count) = 0;

  // Lanes with a delivery that may leave now.
  virtual absl::StatusOr<std::vector<DueLane>> Due(int64_t now_ms) = 0;
  // Those that may leave now, oldest first, leased from here on. Never two of one subject of a
  // recipient: the second is not first in its queue.
  virtual absl::StatusOr<std::vector<Claimed>> Claim(const ClaimRequest& request) = 0;
  // Ends a lease: the next attempt is at `ready_ms`. `failed`, unless empty, is a code, and the
  // attempt is counted. NOT_FOUND when the delivery is no longer under this lease.
  virtual absl::Status PutOff(int64_t seq, const std::string& gateway, int64_t ready_ms,
                              absl::string_view failed) = 0;

  // Ends all leases of the gateway: for its start, when nothing of it is under way any more.
  virtual absl::Status EndLeases(const std::string& gateway, int64_t now_ms) = 0;
  // The wall clock was set back: of `count` deliveries from `first_seq` on, those that had been due
  // by `due_by_ms` and would wait beyond `now_ms` are ready now. Where to go on; 0: at the end.
  virtual absl::StatusOr<int64_t> MakeReady(int64_t first_seq, size_t count, int64_t due_by_ms,
                                            int64_t now_ms) = 0;
  // When the delivery of the recipient that waits the longest was due. NOT_FOUND: none waits.
  virtual absl::StatusOr<int64_t> OldestDue(const std::string& recipient) = 0;
  // Deliveries that wait though they expired, the longest first.
  virtual absl::StatusOr<std::vector<StoredDelivery>> Expired(int64_t now_ms, size_t count) = 0;
  // Deliveries on which nobody has acted and of which it was not warned in this way, nor that the
  // office is late, whose office should have acted by `until_ms`.
  virtual absl::StatusOr<std::vector<StoredDelivery>> Unsettled(NoticeEventKind warning,
                                                                int64_t until_ms, size_t count) = 0;
  // Deliveries that wait though they should have been fetched, the longest first.
  virtual absl::StatusOr<std::vector<StoredDelivery>> Unfetched(int64_t now_ms, size_t count) = 0;
  // Keeps the warning and makes it an event. Not synced by itself: after a crash it may come again.
  virtual absl::Status Warn(int64_t seq, NoticeEventKind warning, int64_t time_ms) = 0;
  // Whether the subscription ever had a delivery for the period that ended at `due_ms`.
  virtual absl::StatusOr<bool> HadInPeriod(const std::string& subscription, int64_t due_ms) = 0;

  // Deliveries whose payload may go.
  virtual absl::StatusOr<std::vector<int64_t>> DueToShred(int64_t now_ms, size_t count) = 0;
  // Overwrites it. OK also when it is gone.
  virtual absl::Status Shred(int64_t seq) = 0;
};

}  // namespace chayan::store

#endif  // CHAYAN_GATEWAY_STORE_NOTICES_H_
