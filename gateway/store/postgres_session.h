// Sessions of the PostgreSQL store: in one of its roles, on a server that keeps what it
// acknowledges, over a schema that this build knows. Private to this room.
#ifndef CHAYAN_GATEWAY_STORE_POSTGRES_SESSION_H_
#define CHAYAN_GATEWAY_STORE_POSTGRES_SESSION_H_

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateway/store/postgres_connection.h"

namespace chayan::store {

// The schema this build reads and writes: the newest deploy/postgres/schema-N.sql.
inline constexpr int64_t kPostgresSchemaVersion = 3;

// Of deploy/postgres/roles.sql.
inline constexpr char kGatewayRole[] = "chayan_gateway";
inline constexpr char kAuditorRole[] = "chayan_auditor";

// Opens a session and checks it. FAILED_PRECONDITION, with the remedy, when the server would lose
// what it acknowledges, when it is too old, when its schema is not this build's, or when the login
// could rewrite the log.
absl::StatusOr<std::unique_ptr<PostgresConnection>> OpenSession(const PostgresSettings& settings,
                                                                absl::string_view role,
                                                                const Clock& clock);

// True in SQL where a COMMIT of the session means durable. Asked again at each commit, for the
// settings may change while the server runs. A macro, so that statements stay constants.
#define CHAYAN_SQL_IS_DURABLE                                                           \
  "(current_setting('fsync') = 'on' AND current_setting('full_page_writes') = 'on' AND" \
  " current_setting('synchronous_commit') IN ('on', 'remote_apply'))"
// What is to be said where it is not.
absl::Status NotDurable();

}  // namespace chayan::store

#endif  // CHAYAN_GATEWAY_STORE_POSTGRES_SESSION_H_
