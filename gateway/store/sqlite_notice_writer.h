// Applies what entries do to notices, inside the committer's transaction. Private to this room.
#ifndef CHAYAN_GATEWAY_STORE_SQLITE_NOTICE_WRITER_H_
#define CHAYAN_GATEWAY_STORE_SQLITE_NOTICE_WRITER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/store/connection.h"
#include "gateway/store/notices.h"

namespace chayan::store {

// Statements on the committer's connection, which outlives it. Not thread-safe.
class SqliteNoticeWriter {
 public:
  static absl::StatusOr<std::unique_ptr<SqliteNoticeWriter>> Prepare(Connection& connection);

  // ALREADY_EXISTS or ABORTED: the change does not apply to what stands, and the transaction must
  // be rolled back. Any other error is the engine's.
  absl::Status Apply(const NoticeChange& change, uint64_t entry);

  // The code is one by which Apply refuses.
  static bool IsConflict(const absl::Status& status) {
    return absl::IsAborted(status) || absl::IsAlreadyExists(status);
  }

 private:
  // Of a delivery, what a step needs.
  struct Place {
    int64_t seq = 0;
    int64_t notice = 0;
    DeliveryState state{};
    bool holds = false;
    bool sent = false;
    int64_t blockers = 0;
    std::string publisher{};
    std::string recipient{};
    std::string subjects{};  // keys, one after the other
  };

  explicit SqliteNoticeWriter(Connection& connection) : connection_(connection) {}

  absl::StatusOr<Place> FindPlace(const Uuid& delivery);
  absl::Status Take(const StateStep& step, uint64_t entry);
  absl::Status KeepStep(const Place& place, const StateStep& step, uint64_t entry);
  absl::Status KeepPayload(const Place& place, const StateStep& step);
  absl::Status MoveInQueues(const Place& place, const StateStep& step);

  absl::Status KeepFrame(const std::vector<crypto::Digest>& items, uint64_t entry);

  absl::Status Add(const NewNotice& notice, uint64_t entry);
  absl::Status Follow(const NewNotice& notice);
  absl::Status AddDelivery(const NewNotice& notice, int64_t ordinal, const NewDelivery& delivery,
                           int64_t seq);
  absl::Status CheckAlone(const NewDelivery& delivery);

  // Puts the delivery at the end of its queues; gives in how many it is not first.
  absl::StatusOr<int64_t> Enter(int64_t seq, absl::string_view recipient,
                                absl::string_view subjects);
  // Takes it out; whoever is first then may leave. `missing`: those behind are told.
  absl::Status Leave(const Place& place, bool missing);
  absl::Status LeaveQueue(const Place& place, absl::string_view subject, bool missing);
  void Count(const std::string& recipient, DeliveryState state, int64_t difference) {
    counts_[{recipient, state}] += difference;
  }
  absl::Status WriteCounts();
  // The first column of the only row; `otherwise` when there is none.
  absl::StatusOr<int64_t> Ask(Statement& statement, int64_t otherwise);

  Connection& connection_;
  // What the change under way does to delivery_count: a frame moves many the same way.
  std::map<std::pair<std::string, DeliveryState>, int64_t> counts_;
  Statement find_request_, next_ordinal_, insert_notice_, follow_;
  Statement next_seq_, insert_delivery_, insert_payload_, in_period_;
  Statement find_place_, move_, schedule_, keep_settlement_, insert_step_, insert_event_, shred_;
  Statement last_turn_, enter_, turn_of_, first_of_, leave_, unblock_, tell_missing_, count_;
  Statement insert_frame_;
};

}  // namespace chayan::store

#endif  // CHAYAN_GATEWAY_STORE_SQLITE_NOTICE_WRITER_H_
