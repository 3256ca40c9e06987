// libpq with owners and deadlines: connections, statements, results, its errors as absl::Status.
// Private to this room.
//
// Deadlines are ours: a server that hangs becomes an error here, and its connection is closed. No
// statement is ever cancelled at the server, for a cancelled COMMIT may be kept without being
// durable.
#ifndef CHAYAN_GATEWAY_STORE_POSTGRES_CONNECTION_H_
#define CHAYAN_GATEWAY_STORE_POSTGRES_CONNECTION_H_

#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gateway/base/clock.h"
#include "gateway/store/postgres_settings.h"

struct pg_conn;
struct pg_result;

namespace chayan::store {

// Both have static lifetime; the name is unique in the process.
struct PostgresStatement {
  const char* name;
  const char* sql;
};

// Values of $1, $2, … in binary form.
class PostgresParameters {
 public:
  PostgresParameters& Add(int64_t value);
  PostgresParameters& Add(absl::string_view bytes);
  // As bigint[] and bytea[].
  PostgresParameters& AddArray(const std::vector<int64_t>& values);
  PostgresParameters& AddArray(const std::vector<absl::string_view>& blobs);

  const std::vector<std::string>& values() const { return values_; }

 private:
  std::vector<std::string> values_;
};

struct PostgresQuery {
  const PostgresStatement* statement;
  PostgresParameters parameters = {};
};

// Rows and columns count from 0. REQUIRES: the column has the type that is asked for.
class PostgresResult {
 public:
  explicit PostgresResult(pg_result* result) : result_(result) {}

  int rows() const;
  int64_t Integer(int row, int column) const;
  bool Boolean(int row, int column) const;
  // Bytes, or text. A view of this result.
  absl::string_view Blob(int row, int column) const;
  // What the statement did: "UPDATE 1".
  absl::string_view tag() const;

 private:
  struct Clearer {
    void operator()(pg_result* result) const;
  };
  std::unique_ptr<pg_result, Clearer> result_;
};

// What several statements gave: the results of all, or those before the first that failed.
struct PostgresReply {
  absl::Status status;
  std::vector<PostgresResult> results;
  // The server had something to remark. At a COMMIT that is: it may not be durable.
  bool warned = false;
};

// Not thread-safe.
class PostgresConnection {
 public:
  // Opens a session in which only what `role` may do can be done. FAILED_PRECONDITION names the
  // remedy when the login is not a member of the role.
  static absl::StatusOr<std::unique_ptr<PostgresConnection>> Open(const PostgresSettings& settings,
                                                                  absl::string_view role,
                                                                  const Clock& clock);

  // Sends all the queries at once, and waits for all their results. Without BEGIN among them they
  // are one transaction. After a lost connection or a missed deadline the connection is broken.
  PostgresReply Run(std::span<const PostgresQuery> queries, absl::Duration timeout);
  // One statement; its result.
  absl::StatusOr<PostgresResult> Ask(const PostgresStatement& statement,
                                     PostgresParameters parameters, absl::Duration timeout);
  bool broken() const { return database_ == nullptr; }
  // Finds out, without asking the server anything, whether an idle connection still stands.
  bool IsAlive();

 private:
  struct Closer {
    void operator()(pg_conn* database) const;
  };
  struct Sent;
  PostgresConnection(pg_conn* database, const Clock& clock) : database_(database), clock_(clock) {}

  absl::Status BeginSession(const PostgresSettings& settings, absl::string_view role);
  absl::Status Send(std::span<const PostgresQuery> queries, std::vector<Sent>& sent);
  void Collect(const std::vector<Sent>& sent, absl::Duration deadline, PostgresReply& reply);
  // Until a result can be taken without waiting.
  absl::Status AwaitResult(absl::Duration deadline);
  // Closes the connection.
  absl::Status Lose(absl::string_view what);

  std::unique_ptr<pg_conn, Closer> database_;
  const Clock& clock_;
  std::set<absl::string_view> prepared_;
  bool warned_ = false;
};

}  // namespace chayan::store

#endif  // CHAYAN_GATEWAY_STORE_POSTGRES_CONNECTION_H_
