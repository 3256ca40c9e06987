// The records of the SQLite store as they are read. They are written by appends, on the committer's
// connection. Private to this room.
#ifndef CHAYAN_GATEWAY_STORE_SQLITE_RECORDS_H_
#define CHAYAN_GATEWAY_STORE_SQLITE_RECORDS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "gateway/store/connection.h"
#include "gateway/store/records.h"

namespace chayan::store {

class SqliteRecords final : public Records {
 public:
  static absl::StatusOr<std::unique_ptr<SqliteRecords>> Open(const std::string& path);

  absl::StatusOr<KeptRecord> Read(RecordKind kind, absl::string_view key) override;
  absl::StatusOr<std::vector<KeptRecord>> List(RecordKind kind, absl::string_view after,
                                               size_t count_max) override;

  // The connection closes without touching the write-ahead log.
  void KeepLogOnClose();

 private:
  SqliteRecords() = default;

  absl::Mutex mu_;
  Connection connection_ ABSL_GUARDED_BY(mu_);
  Statement select_one_ ABSL_GUARDED_BY(mu_);
  Statement select_many_ ABSL_GUARDED_BY(mu_);
};

// The writing side, on a connection inside the caller's transaction. Not thread-safe.
class RecordWriter {
 public:
  static absl::StatusOr<RecordWriter> Prepare(Connection& connection);
  RecordWriter() = default;

  absl::Status Write(const Record& record, uint64_t index);

 private:
  Statement put_, remove_;
};

}  // namespace chayan::store

#endif  // CHAYAN_GATEWAY_STORE_SQLITE_RECORDS_H_
