// Settings of the sql connector: read, checked whole, made ready to use.
#ifndef CHAYAN_ADAPTERS_SQL_CONFIG_H_
#define CHAYAN_ADAPTERS_SQL_CONFIG_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "adapters/connector/config.h"
#include "adapters/connector/pool.h"
#include "adapters/sql/odbc.h"
#include "adapters/sql/statement.h"
#include "chayan/v1/adapter_config.pb.h"

namespace chayan::sql {

// A kind with its statements.
struct KindPlan : connector::KindPlan {
  Statement query;
  std::optional<Statement> as_of_query;
};

struct AdapterSettings {
  v1::AdapterConfig config;  // paths absolute, defaults filled in
  std::vector<KindPlan> kinds;
  ConnectOptions connect;  // holds secrets: never print it
};

// A database that stands at `place`; fills in what `source` leaves out. Faults go to the file.
ConnectOptions LoadSource(connector::ConfigFile& file, const connector::Place& place,
                          v1::OdbcSource& source, bool writable);
// REQUIRES: LoadSource filled it in.
connector::Pool<Connection>::Options PoolOptions(const v1::OdbcSource& source);
// The database's part of a file; faults go to the file. REQUIRES: the file was parsed.
AdapterSettings LoadSettings(connector::ConfigFile& file);
// INVALID_ARGUMENT with one line a fault.
absl::StatusOr<AdapterSettings> LoadSettings(const std::string& path);

}  // namespace chayan::sql

#endif  // CHAYAN_ADAPTERS_SQL_CONFIG_H_
