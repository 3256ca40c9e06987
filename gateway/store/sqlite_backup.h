// A copy of a SQLite store while its gateway runs, or does not: by SQLite's own online backup, over
// a connection that only reads. It is the store as one commit left it.
#ifndef CHAYAN_GATEWAY_STORE_SQLITE_BACKUP_H_
#define CHAYAN_GATEWAY_STORE_SQLITE_BACKUP_H_

#include <string>

#include "absl/status/status.h"

namespace chayan::store {

// Writes `to`, mode 0600, whole and synced, with every page checked; it must not be there yet.
absl::Status CopySqliteStore(const std::string& from, const std::string& to);

}  // namespace chayan::store

#endif  // CHAYAN_GATEWAY_STORE_SQLITE_BACKUP_H_
