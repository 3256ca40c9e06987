#include "gateway/store/sqlite_records.h"

#include <sqlite3.h>

#include <algorithm>
#include <limits>

#include "absl/cleanup/cleanup.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_macros.h"

namespace chayan::store {

std::string RecordKey(uint64_t index) {
  std::string key;
  AppendUint64(key, index);
  return key;
}

absl::StatusOr<std::unique_ptr<SqliteRecords>> SqliteRecords::Open(const std::string& path) {
  std::unique_ptr<SqliteRecords> records(new SqliteRecords);
  absl::MutexLock lock(&records->mu_);
  CHAYAN_ASSIGN_OR_RETURN(records->connection_,
                          Connection::Open(path, Connection::Mode::kReadOnly));
  CHAYAN_RETURN_IF_ERROR(records->connection_.Run("PRAGMA cell_size_check = ON"));
  CHAYAN_ASSIGN_OR_RETURN(records->select_one_,
                          records->connection_.Prepare(
                              "SELECT bytes, idx FROM audit_record WHERE kind = ? AND key = ?"));
  CHAYAN_ASSIGN_OR_RETURN(records->select_many_,
                          records->connection_.Prepare(
                              "SELECT key, bytes, idx FROM audit_record WHERE kind = ? AND key > ? "
                              "ORDER BY key LIMIT ?"));
  return records;
}

absl::StatusOr<KeptRecord> SqliteRecords::Read(RecordKind kind, absl::string_view key) {
  absl::MutexLock lock(&mu_);
  const absl::Cleanup resetter = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { select_one_.Reset(); };
  select_one_.Bind(1, static_cast<int64_t>(kind)).Bind(2, key);
  CHAYAN_ASSIGN_OR_RETURN(const bool row, select_one_.Step());
  if (!row) return absl::NotFoundError("there is no such record");
  return KeptRecord{.key = std::string(key),
                    .bytes = std::string(select_one_.Blob(0)),
                    .index = static_cast<uint64_t>(select_one_.Integer(1))};
}

absl::StatusOr<std::vector<KeptRecord>> SqliteRecords::List(RecordKind kind,
                                                            absl::string_view after,
                                                            size_t count_max) {
  absl::MutexLock lock(&mu_);
  const absl::Cleanup resetter = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { select_many_.Reset(); };
  const auto count =
      static_cast<int64_t>(std::min<size_t>(count_max, std::numeric_limits<int32_t>::max()));
  select_many_.Bind(1, static_cast<int64_t>(kind)).Bind(2, after).Bind(3, count);
  std::vector<KeptRecord> records;
  while (true) {
    CHAYAN_ASSIGN_OR_RETURN(const bool row, select_many_.Step());
    if (!row) return records;
    records.push_back({.key = std::string(select_many_.Blob(0)),
                       .bytes = std::string(select_many_.Blob(1)),
                       .index = static_cast<uint64_t>(select_many_.Integer(2))});
  }
}

void SqliteRecords::KeepLogOnClose() {
  absl::MutexLock lock(&mu_);
  if (connection_.handle() == nullptr) return;
  sqlite3_db_config(connection_.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

absl::StatusOr<RecordWriter> RecordWriter::Prepare(Connection& connection) {
  RecordWriter writer;
  CHAYAN_ASSIGN_OR_RETURN(
      writer.put_,
      connection.Prepare(
          "INSERT OR REPLACE INTO audit_record (kind, key, bytes, idx) VALUES (?, ?, ?, ?)"));
  CHAYAN_ASSIGN_OR_RETURN(
      writer.remove_, connection.Prepare("DELETE FROM audit_record WHERE kind = ? AND key = ?"));
  return writer;
}

absl::Status RecordWriter::Write(const Record& record, uint64_t index) {
  const auto kind = static_cast<int64_t>(record.kind);
  const std::string key = record.key.empty() ? RecordKey(index) : record.key;
  if (record.bytes.empty()) return remove_.Bind(1, kind).Bind(2, key).Run();
  put_.Bind(1, kind).Bind(2, key).Bind(3, record.bytes).Bind(4, static_cast<int64_t>(index));
  return put_.Run();
}

}  // namespace chayan::store
