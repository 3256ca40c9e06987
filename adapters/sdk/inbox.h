// What an adapter remembers of the notices it took: which delivery, digests, the receipts it gave.
// So a notice that comes twice is handled once and gets the same receipt, and a receipt that a
// crash kept from being sent is sent when the next link opens. No payload: ids, digests, receipts.
//
//   inbox(delivery, notice, receipt, receipt_entry, settlement, settlement_entry, time_ms)
//   inbox_refused(delivery, reason)
//
// An entry index is NULL until the gateway has said that it is in the log. A settlement
// (acknowledgement or rejection) is not sent before the receipt is recorded: the log's order is
// that of the states. A refusal is of what was recorded last: its entry says that it counts for
// nothing.
//
// LIMITATION: a gateway names the delivery that an entry is of, not which word of it. It is taken
// to be of the first that is unrecorded: where a receipt went over two links and got two entries,
// the second may be taken for the settlement's, whose own is then not waited for.
#ifndef CHAYAN_ADAPTERS_SDK_INBOX_H_
#define CHAYAN_ADAPTERS_SDK_INBOX_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "gateway/base/uuid.h"
#include "gateway/crypto/bytes.h"
#include "gateway/store/connection.h"

namespace chayan::sdk {

// One delivery that was taken.
struct TakenNotice {
  Uuid delivery_id;
  crypto::Digest notice_digest;
  std::string receipt;     // serialized DeliveryReceipt, DELIVERED
  std::string settlement;  // serialized DeliveryReceipt; empty: none yet
  // Indexes of their entries, once the gateway has told them.
  std::optional<uint64_t> receipt_entry{};
  std::optional<uint64_t> settlement_entry{};
  // Why the gateway gave what was recorded last no effect; empty: it has.
  std::string refusal{};

  // The next of the two to be recorded; nullptr when there is none.
  const std::string* Unrecorded() const {
    if (!receipt_entry.has_value()) return &receipt;
    return settlement.empty() || settlement_entry.has_value() ? nullptr : &settlement;
  }
};

// That the log holds what was sent last of a delivery.
struct RecordedWord {
  Uuid delivery_id;
  uint64_t entry = 0;
  std::string refusal{};  // as TakenNotice has it
};

// Thread-safe. Whatever is kept is on the disk when the call returns.
class Inbox {
 public:
  // Deliveries whose receipts are recorded are remembered this long: far longer than any gateway
  // tries to deliver (30 days where the registry says nothing, 366 at most).
  static constexpr absl::Duration kRememberedFor = absl::Hours(24 * 400);

  // Opens or creates the file, readable for its owner alone.
  static absl::StatusOr<std::unique_ptr<Inbox>> Open(const std::string& path);

  absl::StatusOr<std::optional<TakenNotice>> Find(const Uuid& delivery_id);
  // All or nothing. Replaces what is known of the same delivery, but for a settlement that is not
  // recorded and has no successor.
  absl::Status Keep(const std::vector<TakenNotice>& taken, absl::Time now);
  struct Settled {
    TakenNotice notice;
    bool is_new = false;  // false: the same was kept before
  };
  // Keeps what the office did of a notice that was taken: the serialized DeliveryReceipt.
  // NOT_FOUND: no such notice was taken. FAILED_PRECONDITION: something else was said, and not
  // refused.
  absl::StatusOr<Settled> Settle(const Uuid& delivery_id, const std::string& settlement);
  // What is known already changes nothing. Returns the deliveries whose settlement may be sent now.
  absl::StatusOr<std::vector<TakenNotice>> Recorded(const std::vector<RecordedWord>& words);
  // The next of which something is not recorded yet, by id, beginning after `after`.
  absl::StatusOr<std::vector<TakenNotice>> Unrecorded(const Uuid& after, size_t count_max);
  // Removes what is recorded and older than kRememberedFor.
  absl::Status Forget(absl::Time now);

 private:
  explicit Inbox(store::Connection connection) : connection_(std::move(connection)) {}
  absl::Status Prepare() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::StatusOr<std::optional<TakenNotice>> Read(const Uuid& delivery_id)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status RecordOne(const RecordedWord& word, std::vector<TakenNotice>& next)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  absl::Mutex mu_;
  store::Connection connection_ ABSL_GUARDED_BY(mu_);  // before its statements
  store::Statement find_ ABSL_GUARDED_BY(mu_);
  store::Statement keep_ ABSL_GUARDED_BY(mu_);
  store::Statement settle_ ABSL_GUARDED_BY(mu_);
  store::Statement refuse_ ABSL_GUARDED_BY(mu_);
  store::Statement accept_ ABSL_GUARDED_BY(mu_);
  store::Statement receipt_recorded_ ABSL_GUARDED_BY(mu_);
  store::Statement settlement_recorded_ ABSL_GUARDED_BY(mu_);
  store::Statement unrecorded_ ABSL_GUARDED_BY(mu_);
  store::Statement forget_ ABSL_GUARDED_BY(mu_);
};

}  // namespace chayan::sdk

#endif  // CHAYAN_ADAPTERS_SDK_INBOX_H_
