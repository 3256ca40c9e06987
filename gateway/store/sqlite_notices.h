// Notices of the SQLite store: what is read of them. Private to this room.
#ifndef CHAYAN_GATEWAY_STORE_SQLITE_NOTICES_H_
#define CHAYAN_GATEWAY_STORE_SQLITE_NOTICES_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "gateway/store/connection.h"
#include "gateway/store/notices.h"
#include "gateway/store/sqlite_notice_lender.h"

namespace chayan::store {

// A connection that reads only, and that of sqlite_notice_lender.h, so that who lists never makes a
// delivery wait.
class SqliteNotices final : public Notices {
 public:
  // `write_mu` orders writes with those of the committer's connection; `check` gives the store's
  // fault, if it has one. Both outlive the result.
  static absl::StatusOr<std::unique_ptr<SqliteNotices>> Open(const std::string& path,
                                                             absl::Mutex& write_mu,
                                                             std::function<absl::Status()> check);

  absl::StatusOr<StoredNotice> FindRequest(const RequestKey& key) override;
  absl::StatusOr<StoredNotice> FindNotice(const Uuid& id) override;
  absl::StatusOr<StoredNotice> ReadNotice(int64_t ordinal) override;
  absl::StatusOr<StoredDelivery> FindDelivery(const Uuid& id) override;
  absl::StatusOr<StoredDelivery> ReadDelivery(int64_t seq) override;
  absl::StatusOr<SealedPayload> ReadPayload(int64_t seq) override;
  absl::StatusOr<std::vector<StoredDelivery>> DeliveriesOf(int64_t notice,
                                                           int64_t after_seq) override;
  absl::StatusOr<std::vector<StoredStep>> Steps(int64_t seq) override;
  absl::StatusOr<std::vector<StoredDelivery>> List(const DeliveryQuery& query) override;
  absl::StatusOr<std::vector<NoticeEvent>> Events(const std::string& publisher, int64_t after_event,
                                                  size_t count) override;
  absl::StatusOr<int64_t> LastEvent() override;
  absl::StatusOr<std::vector<StoredNotice>> Exceptions(const std::string& owner,
                                                       int64_t after_ordinal,
                                                       size_t count) override;
  absl::StatusOr<std::vector<DeliveryCount>> Count(const std::string& recipient) override;
  absl::StatusOr<StoredDelivery> FindInPeriod(const std::string& recipient,
                                              const std::string& subscription,
                                              const SubjectKey& first_subject,
                                              int64_t due_ms) override;
  absl::StatusOr<std::vector<StoredFrame>> Frames(uint64_t first, uint64_t end,
                                                  size_t count) override;
  absl::StatusOr<std::vector<DueLane>> Due(int64_t now_ms) override;
  absl::StatusOr<int64_t> OldestDue(const std::string& recipient) override;
  absl::StatusOr<std::vector<StoredDelivery>> Expired(int64_t now_ms, size_t count) override;
  absl::StatusOr<std::vector<StoredDelivery>> Unsettled(NoticeEventKind warning, int64_t until_ms,
                                                        size_t count) override;
  absl::StatusOr<std::vector<StoredDelivery>> Unfetched(int64_t now_ms, size_t count) override;
  absl::StatusOr<bool> HadInPeriod(const std::string& subscription, int64_t due_ms) override;
  absl::StatusOr<std::vector<int64_t>> DueToShred(int64_t now_ms, size_t count) override;

  absl::StatusOr<std::vector<Claimed>> Claim(const ClaimRequest& request) override {
    return lender_->Claim(request);
  }
  absl::Status PutOff(int64_t seq, const std::string& gateway, int64_t ready_ms,
                      absl::string_view failed) override {
    return lender_->PutOff(seq, gateway, ready_ms, failed);
  }
  absl::Status EndLeases(const std::string& gateway, int64_t now_ms) override {
    return lender_->EndLeases(gateway, now_ms);
  }
  absl::StatusOr<int64_t> MakeReady(int64_t first_seq, size_t count, int64_t due_by_ms,
                                    int64_t now_ms) override {
    return lender_->MakeReady(first_seq, count, due_by_ms, now_ms);
  }
  absl::Status Warn(int64_t seq, NoticeEventKind warning, int64_t time_ms) override {
    return lender_->Warn(seq, warning, time_ms);
  }
  absl::Status Shred(int64_t seq) override { return lender_->Shred(seq); }

  // The connections close without touching the write-ahead log.
  void KeepLogOnClose();

 private:
  explicit SqliteNotices(std::unique_ptr<SqliteNoticeLender> lender) : lender_(std::move(lender)) {}

  absl::Status OpenReader(const std::string& path) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Numbers of the member's deliveries in one state, in order.
  absl::Status AddSeqs(const DeliveryQuery& query, DeliveryState state, size_t count,
                       std::vector<int64_t>& seqs) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const std::unique_ptr<SqliteNoticeLender> lender_;

  absl::Mutex mu_;
  Connection reader_ ABSL_GUARDED_BY(mu_);
  Statement by_request_ ABSL_GUARDED_BY(mu_), by_id_ ABSL_GUARDED_BY(mu_),
      by_ordinal_ ABSL_GUARDED_BY(mu_), delivery_by_id_ ABSL_GUARDED_BY(mu_),
      delivery_by_seq_ ABSL_GUARDED_BY(mu_), payload_ ABSL_GUARDED_BY(mu_),
      of_notice_ ABSL_GUARDED_BY(mu_), steps_ ABSL_GUARDED_BY(mu_),
      of_recipient_ ABSL_GUARDED_BY(mu_), of_publisher_ ABSL_GUARDED_BY(mu_),
      events_ ABSL_GUARDED_BY(mu_), count_ ABSL_GUARDED_BY(mu_), in_period_ ABSL_GUARDED_BY(mu_),
      next_lane_ ABSL_GUARDED_BY(mu_), to_shred_ ABSL_GUARDED_BY(mu_),
      last_event_ ABSL_GUARDED_BY(mu_), exceptions_ ABSL_GUARDED_BY(mu_),
      oldest_due_ ABSL_GUARDED_BY(mu_), expired_ ABSL_GUARDED_BY(mu_),
      unsettled_ ABSL_GUARDED_BY(mu_), unfetched_ ABSL_GUARDED_BY(mu_),
      in_ended_period_ ABSL_GUARDED_BY(mu_), frames_ ABSL_GUARDED_BY(mu_);
};

}  // namespace chayan::store

#endif  // CHAYAN_GATEWAY_STORE_SQLITE_NOTICES_H_
