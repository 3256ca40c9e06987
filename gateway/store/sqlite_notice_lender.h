// What changes of deliveries without an entry: leases, attempts, warnings, and payloads whose time
// is over. Private to this room.
#ifndef CHAYAN_GATEWAY_STORE_SQLITE_NOTICE_LENDER_H_
#define CHAYAN_GATEWAY_STORE_SQLITE_NOTICE_LENDER_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "gateway/store/connection.h"
#include "gateway/store/notices.h"

namespace chayan::store {

// A connection that writes without syncing (synchronous=NORMAL), as that of the publications does.
// notices.h says what each call promises. Thread-safe.
class SqliteNoticeLender {
 public:
  // `write_mu` orders writes with those of the committer's connection; `check` gives the store's
  // fault, if it has one. Both outlive the result.
  static absl::StatusOr<std::unique_ptr<SqliteNoticeLender>> Open(
      const std::string& path, absl::Mutex& write_mu, std::function<absl::Status()> check);

  absl::StatusOr<std::vector<Claimed>> Claim(const ClaimRequest& request);
  absl::Status PutOff(int64_t seq, const std::string& gateway, int64_t ready_ms,
                      absl::string_view failed);
  absl::Status EndLeases(const std::string& gateway, int64_t now_ms);
  absl::StatusOr<int64_t> MakeReady(int64_t first_seq, size_t count, int64_t due_by_ms,
                                    int64_t now_ms);
  absl::Status Warn(int64_t seq, NoticeEventKind warning, int64_t time_ms);
  absl::Status Shred(int64_t seq);

  // The connection closes without touching the write-ahead log.
  void KeepLogOnClose();

 private:
  SqliteNoticeLender(absl::Mutex& write_mu, std::function<absl::Status()> check)
      : write_mu_(write_mu), check_(std::move(check)) {}

  absl::Status Prepare(const std::string& path) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::StatusOr<std::vector<Claimed>> SelectReady(const ClaimRequest& request)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status Lend(const ClaimRequest& request, std::vector<Claimed>& claimed)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  absl::Mutex& write_mu_;
  const std::function<absl::Status()> check_;

  absl::Mutex mu_;  // taken before write_mu_
  Connection connection_ ABSL_GUARDED_BY(mu_);
  Statement begin_ ABSL_GUARDED_BY(mu_), commit_ ABSL_GUARDED_BY(mu_),
      rollback_ ABSL_GUARDED_BY(mu_), ready_ ABSL_GUARDED_BY(mu_), lend_ ABSL_GUARDED_BY(mu_),
      put_off_ ABSL_GUARDED_BY(mu_), shred_ ABSL_GUARDED_BY(mu_), warn_ ABSL_GUARDED_BY(mu_),
      warn_unfetched_ ABSL_GUARDED_BY(mu_), end_leases_ ABSL_GUARDED_BY(mu_),
      insert_warning_ ABSL_GUARDED_BY(mu_),
      make_ready_ ABSL_GUARDED_BY(mu_), last_seq_ ABSL_GUARDED_BY(mu_);
};

}  // namespace chayan::store

#endif  // CHAYAN_GATEWAY_STORE_SQLITE_NOTICE_LENDER_H_
