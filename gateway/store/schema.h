// The tables, and the one path by which an older file becomes a newer one.
#ifndef CHAYAN_GATEWAY_STORE_SCHEMA_H_
#define CHAYAN_GATEWAY_STORE_SCHEMA_H_

#include <cstdint>

#include "absl/status/status.h"
#include "gateway/store/connection.h"

namespace chayan::store {

// The schema this build reads and writes.
inline constexpr int64_t kSchemaVersion = 9;
// In the file's header, so that no other program's database is taken for ours: "Chay".
inline constexpr int64_t kApplicationId = 0x43686179;

// Brings the file to kSchemaVersion, one step a transaction. FAILED_PRECONDITION for a file that is
// newer, or not ours.
absl::Status Migrate(Connection& connection);

}  // namespace chayan::store

#endif  // CHAYAN_GATEWAY_STORE_SCHEMA_H_
