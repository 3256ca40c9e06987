#include "gateway/store/sqlite_publications.h"

#include <sqlite3.h>

#include <limits>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/status_macros.h"

namespace chayan::store {
namespace {

constexpr uint64_t kSizeMax = std::numeric_limits<int64_t>::max();

// By PublicationKind. Each walks an index of its own: the primary key, or a partial one.
constexpr const char* kConditions[] = {"TRUE", "witnessed = 1", "length(timestamp) > 0"};

constexpr char kPut[] =
    "INSERT INTO published (size, note, time_ms, witnessed, timestamp) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT (size) DO UPDATE SET note = excluded.note, time_ms = excluded.time_ms, "
    "witnessed = excluded.witnessed, timestamp = excluded.timestamp";

absl::StatusOr<Publication> ReadRow(Statement& statement) {
  const absl::Cleanup resetter = [&statement] { statement.Reset(); };
  CHAYAN_ASSIGN_OR_RETURN(const bool row, statement.Step());
  if (!row) return absl::NotFoundError("no such checkpoint was published");
  return Publication{.size = static_cast<uint64_t>(statement.Integer(0)),
                     .note = std::string(statement.Blob(1)),
                     .time_ms = statement.Integer(2),
                     .witnessed = statement.Integer(3) != 0,
                     .timestamp = std::string(statement.Blob(4))};
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqlitePublications>> SqlitePublications::Open(
    const std::string& path, absl::Mutex& write_mu, std::function<absl::Status()> check) {
  std::unique_ptr<SqlitePublications> result(new SqlitePublications(write_mu, std::move(check)));
  absl::MutexLock lock(&result->mu_);
  Connection& connection = result->connection_;
  CHAYAN_ASSIGN_OR_RETURN(connection, Connection::Open(path, Connection::Mode::kReadWrite));
  CHAYAN_RETURN_IF_ERROR(
      connection.Run("PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0; "
                     "PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF"));
  CHAYAN_ASSIGN_OR_RETURN(result->put_, connection.Prepare(kPut));
  for (size_t kind = 0; kind < kPublicationKinds; ++kind) {
    const std::string select =
        absl::StrCat("SELECT size, note, time_ms, witnessed, timestamp FROM published WHERE ",
                     kConditions[kind]);
    CHAYAN_ASSIGN_OR_RETURN(result->newest_[kind], connection.Prepare(absl::StrCat(
                                                       select, " ORDER BY size DESC LIMIT 1")));
    CHAYAN_ASSIGN_OR_RETURN(
        result->first_[kind],
        connection.Prepare(absl::StrCat(select, " AND size >= ? ORDER BY size LIMIT 1")));
  }
  return result;
}

absl::Status SqlitePublications::Put(const Publication& publication) {
  if (publication.size > kSizeMax) return absl::InvalidArgumentError("no log has this size");
  CHAYAN_RETURN_IF_ERROR(check_());
  absl::MutexLock lock(&mu_);
  put_.Bind(1, static_cast<int64_t>(publication.size))
      .Bind(2, publication.note)
      .Bind(3, publication.time_ms)
      .Bind(4, int64_t{publication.witnessed})
      .Bind(5, publication.timestamp);
  absl::MutexLock write_lock(&write_mu_);
  return Annotate(put_.Run(), "store a published checkpoint");
}

absl::StatusOr<Publication> SqlitePublications::ReadNewest(PublicationKind kind) {
  absl::MutexLock lock(&mu_);
  return ReadRow(newest_[static_cast<size_t>(kind)]);
}

absl::StatusOr<Publication> SqlitePublications::ReadFirst(uint64_t size_min, PublicationKind kind) {
  if (size_min > kSizeMax) return absl::NotFoundError("no such checkpoint was published");
  absl::MutexLock lock(&mu_);
  Statement& first = first_[static_cast<size_t>(kind)];
  first.Bind(1, static_cast<int64_t>(size_min));
  return ReadRow(first);
}

void SqlitePublications::KeepLogOnClose() {
  absl::MutexLock lock(&mu_);
  sqlite3_db_config(connection_.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

}  // namespace chayan::store
