// ODBC behind our types: one connection, one statement at a time, every value as text or NULL.
//
// Text goes through the narrow functions, as UTF-8: both drivers we use hand four-byte characters
// through unharmed, while the wide ones cut them into surrogates. Errors of statements carry
// SQLSTATE and the driver's number alone: what a driver says may repeat a bound value.
#ifndef CHAYAN_ADAPTERS_SQL_ODBC_H_
#define CHAYAN_ADAPTERS_SQL_ODBC_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "adapters/connector/rows.h"
#include "adapters/sql/statement.h"

namespace chayan::sql {

using connector::kRowsMax;
using connector::kValueBytesMax;
using connector::Rows;
using connector::Value;

struct ConnectOptions {
  std::string connection_string;
  std::vector<std::string> session_statements;
  absl::Duration statement_timeout;
  bool writable = false;  // for notices; questions are answered over connections that cannot write
};

// Not thread-safe: one thread owns it.
class Connection {
 public:
  virtual ~Connection() = default;
  // UNAVAILABLE: the connection is lost, another may do. DEADLINE_EXCEEDED: ended by the timeout.
  // INTERNAL: the statement does not fit the database, a fault of the configuration.
  // REQUIRES: as many values as the statement has parameters.
  virtual absl::StatusOr<Rows> Select(const Statement& statement,
                                      std::span<const Value> values) = 0;
  // The same for a statement that writes; how many rows it touched.
  virtual absl::StatusOr<int64_t> Execute(const Statement& statement,
                                          std::span<const Value> values) = 0;
  // Runs `work` in a transaction that is kept if it succeeds, and only then. An error of its end
  // leaves open whether it was kept. REQUIRES: opened as writable.
  virtual absl::Status Transact(const std::function<absl::Status()>& work) = 0;
};

// Opens a connection. UNAVAILABLE with what the driver said.
absl::StatusOr<std::unique_ptr<Connection>> Connect(const ConnectOptions& options);

// "name=value;" with the value quoted where the syntax asks for it. INVALID_ARGUMENT for a name or
// value that cannot be written.
absl::StatusOr<std::string> ConnectionAttribute(absl::string_view name, absl::string_view value);

}  // namespace chayan::sql

#endif  // CHAYAN_ADAPTERS_SQL_ODBC_H_
