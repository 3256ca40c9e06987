// SQLite's C interface with owners: connections, statements, its error codes as absl::Status. Of
// this room, and of adapters for the small files in which they remember what they took.
#ifndef CHAYAN_GATEWAY_STORE_CONNECTION_H_
#define CHAYAN_GATEWAY_STORE_CONNECTION_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

struct sqlite3;
struct sqlite3_stmt;

namespace chayan::store {

// How long a connection waits for another one's lock: longer than any checkpoint that restarts the
// write-ahead log, shorter than a caller waits.
inline constexpr int kBusyTimeoutMs = 5000;

// A prepared statement. A blob that was bound must outlive the next Step. Not thread-safe.
class Statement {
 public:
  Statement() = default;

  // Parameters count from 1.
  Statement& Bind(int parameter, int64_t value);
  Statement& Bind(int parameter, absl::string_view blob);

  // True: there is a row. Resets itself when there is none and on errors.
  absl::StatusOr<bool> Step();
  // Runs a statement that gives no rows.
  absl::Status Run();
  void Reset();

  // Of the current row; columns count from 0. Views live until the next Step or Reset.
  int64_t Integer(int column) const;
  absl::string_view Blob(int column) const;

 private:
  friend class Connection;
  struct Finalizer {
    void operator()(sqlite3_stmt* statement) const;
  };
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

  std::unique_ptr<sqlite3_stmt, Finalizer> statement_;
};

// Not thread-safe.
class Connection {
 public:
  enum class Mode { kReadWrite, kReadOnly };

  Connection() = default;
  // The file must be there. Errors name the path.
  static absl::StatusOr<Connection> Open(const std::string& path, Mode mode);
  // For the small files of adapters: makes the file where it is missing, for its owner alone, runs
  // `schema`, and syncs every transaction. Errors name the path.
  static absl::StatusOr<Connection> OpenOrMake(const std::string& path, const std::string& schema);

  absl::StatusOr<Statement> Prepare(absl::string_view sql);
  absl::Status Run(const std::string& sql);
  // Runs `work` in a transaction that is kept if it succeeds.
  absl::Status Transact(absl::FunctionRef<absl::Status()> work);
  // The first column of the first row as text; empty when there is none.
  absl::StatusOr<std::string> Ask(const std::string& sql);

  bool in_transaction() const;
  bool read_only() const;
  int64_t changes() const;
  // The extended code of the last error was one of a failed sync: what reached the disk is unknown.
  bool sync_failed() const;

  sqlite3* handle() const { return database_.get(); }

 private:
  struct Closer {
    void operator()(sqlite3* database) const;
  };
  std::unique_ptr<sqlite3, Closer> database_;
};

// The last error of `database` as a status, with a remedy where there is one.
absl::Status LastError(sqlite3* database);

}  // namespace chayan::store

#endif  // CHAYAN_GATEWAY_STORE_CONNECTION_H_
