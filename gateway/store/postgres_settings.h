// Where the PostgreSQL store is and how long to wait for it.
#ifndef CHAYAN_GATEWAY_STORE_POSTGRES_SETTINGS_H_
#define CHAYAN_GATEWAY_STORE_POSTGRES_SETTINGS_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace chayan::store {

struct PostgresSettings {
  // Takes a libpq connection string, or URI. INVALID_ARGUMENT, with the remedy and without a word
  // of the string, when it cannot be read, holds a password, names no server or no database, or
  // goes over a network without checking who answers.
  static absl::StatusOr<PostgresSettings> Parse(absl::string_view connection_string);

  std::vector<std::pair<std::string, std::string>> keywords;  // as libpq names them

  // For each host of the list: a server that is gone refuses at once, one that is cut off does not.
  absl::Duration connect_timeout = absl::Seconds(5);
  // For all statements before a COMMIT together. Longer than the wait for the head's lock, so that
  // a lock that is held is told as such; shorter than callers wait.
  absl::Duration statement_timeout = absl::Seconds(10);
  absl::Duration lock_timeout = absl::Seconds(5);
  // A COMMIT waits for the synchronous standby. Longer than a standby's restart; what it came to is
  // unknown afterwards.
  absl::Duration commit_timeout = absl::Seconds(15);
};

}  // namespace chayan::store

#endif  // CHAYAN_GATEWAY_STORE_POSTGRES_SETTINGS_H_
