// The store in a PostgreSQL database (15 or newer): for a log that outlives a machine, by the
// engine's own synchronous replication and failover manager.
//
// Invariants:
// - The head's row is locked once a batch, before anything is written, and until the COMMIT is
//   over. Whoever reads it under the same lock sees no commit come in afterwards.
// - COMMIT is sent only after everything before it was answered. A connection that is lost earlier
//   has failed: nothing is kept. One that is lost later has an unknown outcome.
// - COMMIT is never cancelled, by us or by a timeout of the server. One that was cancelled by
//   others while it waited for a standby gives a warning: unknown as well.
// - After an unknown outcome, and at the start, a head counts only when a later COMMIT, made under
//   its lock, was acknowledged: what is before it in the database's own log is then durable too.
// - What makes a COMMIT durable (fsync and its kin) is asked within each batch, not once.
// - READ COMMITTED and row locks alone: no advisory locks, no LISTEN.
//
// Roles: the batch is written as chayan_gateway, which may append and nothing else; the vault is
// read as chayan_auditor. The tables' owner and superusers are refused. deploy/postgres/README.md
// says how logins are made.
//
// LIMITATION: an erased row is gone from the tables at once, and from the disk when VACUUM has run
// and the write-ahead log and the backups that hold it have expired.
#ifndef CHAYAN_GATEWAY_STORE_POSTGRES_H_
#define CHAYAN_GATEWAY_STORE_POSTGRES_H_

#include <memory>

#include "absl/status/statusor.h"
#include "gateway/base/clock.h"
#include "gateway/store/postgres_settings.h"
#include "gateway/store/store.h"

namespace chayan::store {

class PostgresStore {
 public:
  // The database must hold the schema of this build. FAILED_PRECONDITION names the remedy;
  // UNAVAILABLE when it cannot be reached; DATA_LOSS when it is damaged. The clock outlives the
  // store.
  static absl::StatusOr<std::unique_ptr<Store>> Open(PostgresSettings settings, const Clock& clock);
};

}  // namespace chayan::store

#endif  // CHAYAN_GATEWAY_STORE_POSTGRES_H_
