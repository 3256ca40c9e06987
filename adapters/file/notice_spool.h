// Notices that wait for the day's file, in a SQLite file of the adapter's own. A notice's bytes are
// gone from it once its file is written; its delivery id stays, so that a repeat is known.
//
//   notice(seq, delivery, day, bytes, time_ms)   day 0: of no file yet
//   file(day, written)                           20260115
#ifndef CHAYAN_ADAPTERS_FILE_NOTICE_SPOOL_H_
#define CHAYAN_ADAPTERS_FILE_NOTICE_SPOOL_H_

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "chayan/v1/notice_service.pb.h"
#include "gateway/store/connection.h"

namespace chayan::file {

// Thread-safe. Whatever was done is on the disk when the call returns.
class NoticeSpool {
 public:
  // Ids of written notices are remembered this long: longer than any gateway tries to deliver.
  static constexpr absl::Duration kRememberedFor = absl::Hours(24 * 400);

  // Opens or creates the file, readable for its owner alone.
  static absl::StatusOr<std::unique_ptr<NoticeSpool>> Open(const std::string& path);

  // All or nothing; a delivery that is known changes nothing.
  absl::Status Add(const std::vector<v1::DeliveredNotice>& notices, absl::Time now);
  // Closes the day: what waits belongs to its file. Nothing happens where it was closed before.
  absl::Status CloseDay(absl::CivilDay day);
  // Days that are closed and whose file is not written, oldest first.
  absl::StatusOr<std::vector<absl::CivilDay>> Unwritten();
  // In the order in which they came.
  absl::StatusOr<std::vector<v1::DeliveredNotice>> NoticesOf(absl::CivilDay day);
  absl::Status Written(absl::CivilDay day, absl::Time now);

 private:
  explicit NoticeSpool(store::Connection connection) : connection_(std::move(connection)) {}
  absl::Status Run(const char* sql, std::initializer_list<int64_t> values)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  absl::Mutex mu_;
  store::Connection connection_ ABSL_GUARDED_BY(mu_);
};

}  // namespace chayan::file

#endif  // CHAYAN_ADAPTERS_FILE_NOTICE_SPOOL_H_
