// The adapter's settings: read, checked whole, made ready to use. Every fault is told at once, as
// `file:line: field: what is wrong, what to write instead`.
#ifndef CHAYAN_ADAPTERS_SQL_CONFIG_H_
#define CHAYAN_ADAPTERS_SQL_CONFIG_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "adapters/sql/odbc.h"
#include "adapters/sql/statement.h"
#include "chayan/v1/adapter_config.pb.h"
#include "chayan/v1/registry.pb.h"
#include "gateway/crypto/digest.h"

namespace chayan::sql {

// A kind with the place where its documents stand.
struct KindPlan {
  v1::DocumentKind kind;
  crypto::Digest digest;
  v1::KindSource source;  // column names lower-cased
  Statement query;
  std::optional<Statement> as_of_query;
};

struct AdapterSettings {
  v1::AdapterConfig config;  // paths absolute, defaults filled in
  std::vector<KindPlan> kinds;
  ConnectOptions connect;  // holds secrets: never print it
};

// INVALID_ARGUMENT with one line a fault.
absl::StatusOr<AdapterSettings> LoadSettings(const std::string& path);

}  // namespace chayan::sql

#endif  // CHAYAN_ADAPTERS_SQL_CONFIG_H_
