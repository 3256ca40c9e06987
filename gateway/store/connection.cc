#include "gateway/store/connection.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "gateway/base/check.h"
#include "gateway/base/status_macros.h"

namespace chayan::store {
namespace {

absl::Status StatusFromCode(int extended, absl::string_view message) {
  const auto text = [&](absl::string_view what) {
    return absl::StrCat(what, " (SQLite ", extended, ": ", message, ")");
  };
  switch (extended & 0xFF) {
    case SQLITE_FULL:
      return absl::ResourceExhaustedError(
          text("no room for the store: free space on its disk or raise the file size limit"));
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return absl::FailedPreconditionError(
          text("the store may not be written: check owner and mode of the file and its folder"));
    case SQLITE_CANTOPEN:
      return absl::FailedPreconditionError(text("the store cannot be opened"));
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::UnavailableError(text("the store is held by another process"));
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::DataLossError(
          text("the store is damaged: stop, keep the files, restore from a copy"));
    case SQLITE_IOERR:
      return absl::UnavailableError(text("the store's disk failed"));
    default:
      return absl::InternalError(text("store"));
  }
}

}  // namespace

absl::Status LastError(sqlite3* database) {
  return StatusFromCode(sqlite3_extended_errcode(database), sqlite3_errmsg(database));
}

void Statement::Finalizer::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

Statement& Statement::Bind(int parameter, int64_t value) {
  CHAYAN_CHECK(sqlite3_bind_int64(statement_.get(), parameter, value) == SQLITE_OK);
  return *this;
}

Statement& Statement::Bind(int parameter, absl::string_view blob) {
  // A null pointer would bind NULL in place of the empty blob.
  const char* const bytes = blob.data() == nullptr ? "" : blob.data();
  CHAYAN_CHECK(sqlite3_bind_blob64(statement_.get(), parameter, bytes, blob.size(),
                                   SQLITE_STATIC) == SQLITE_OK);
  return *this;
}

absl::StatusOr<bool> Statement::Step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    Reset();
    return false;
  }
  const absl::Status error = LastError(sqlite3_db_handle(statement_.get()));
  Reset();
  return error;
}

absl::Status Statement::Run() {
  CHAYAN_ASSIGN_OR_RETURN(const bool row, Step());
  CHAYAN_CHECK(!row);
  return absl::OkStatus();
}

// The code that reset returns repeats that of Step.
void Statement::Reset() { sqlite3_reset(statement_.get()); }

int64_t Statement::Integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

absl::string_view Statement::Blob(int column) const {
  const void* const bytes = sqlite3_column_blob(statement_.get(), column);
  const int length = sqlite3_column_bytes(statement_.get(), column);
  if (bytes == nullptr) return {};
  return {static_cast<const char*>(bytes), static_cast<size_t>(length)};
}

void Connection::Closer::operator()(sqlite3* database) const {
  // All statements are gone by then: owners declare the connection before them.
  sqlite3_close_v2(database);
}

absl::StatusOr<Connection> Connection::Open(const std::string& path, Mode mode) {
  // Nobody asks SQLite how much memory it uses, and counting takes a lock at each allocation: 2.8
  // us for a verification's rows with it, 2.6 without. Refused, and no loss, if the process has
  // used SQLite before.
  static const int counting = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  static_cast<void>(counting);
  // Each connection is used by one thread at a time, so SQLite's own mutexes are not needed.
  const int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                    (mode == Mode::kReadWrite ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);
  sqlite3* opened = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &opened, flags, /*zVfs=*/nullptr);
  Connection connection;
  connection.database_.reset(opened);
  if (code != SQLITE_OK) {
    CHAYAN_CHECK(opened != nullptr);
    return Annotate(LastError(opened), path);
  }
  sqlite3_busy_timeout(opened, kBusyTimeoutMs);
  return connection;
}

absl::StatusOr<Connection> Connection::OpenOrMake(const std::string& path,
                                                  const std::string& schema) {
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return absl::ErrnoToStatus(errno, path);
  close(file);
  CHAYAN_ASSIGN_OR_RETURN(Connection connection, Open(path, Mode::kReadWrite));
  for (const std::string& sql : {std::string("PRAGMA journal_mode = WAL"),
                                 std::string("PRAGMA synchronous = FULL"), schema}) {
    if (const absl::Status status = connection.Run(sql); !status.ok()) {
      return Annotate(status, path);
    }
  }
  return connection;
}

absl::Status Connection::Transact(absl::FunctionRef<absl::Status()> work) {
  CHAYAN_RETURN_IF_ERROR(Run("BEGIN IMMEDIATE"));
  absl::Status status = work();
  if (status.ok()) status = Run("COMMIT");
  // A failed COMMIT may have ended the transaction already.
  if (!status.ok() && in_transaction()) Run("ROLLBACK").IgnoreError();
  return status;
}

absl::StatusOr<Statement> Connection::Prepare(absl::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(handle(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, /*pzTail=*/nullptr);
  if (code != SQLITE_OK) return LastError(handle());
  return Statement(statement);
}

absl::Status Connection::Run(const std::string& sql) {
  const int code = sqlite3_exec(handle(), sql.c_str(), /*callback=*/nullptr, /*context=*/nullptr,
                                /*errmsg=*/nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : LastError(handle());
}

absl::StatusOr<std::string> Connection::Ask(const std::string& sql) {
  CHAYAN_ASSIGN_OR_RETURN(Statement statement, Prepare(sql));
  CHAYAN_ASSIGN_OR_RETURN(const bool row, statement.Step());
  return row ? std::string(statement.Blob(0)) : std::string();
}

bool Connection::in_transaction() const { return sqlite3_get_autocommit(handle()) == 0; }

bool Connection::read_only() const { return sqlite3_db_readonly(handle(), "main") == 1; }

int64_t Connection::changes() const { return sqlite3_changes64(handle()); }

bool Connection::sync_failed() const {
  const int code = sqlite3_extended_errcode(handle());
  return code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC;
}

}  // namespace chayan::store
