#include "gateway/store/schema.h"

#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/check.h"
#include "gateway/base/status_macros.h"

namespace chayan::store {
namespace {

// Step i takes a file from version i to i + 1. Steps are never changed once released, only added.
constexpr const char* kSteps[kSchemaVersion] = {
    // All that a commit writes to entry and vault is appended at the end; log-format 2.2 says why
    // nothing here is indexed by a random value.
    R"(
CREATE TABLE head (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  size INTEGER NOT NULL,
  peaks BLOB NOT NULL,
  time_ms INTEGER NOT NULL,
  batch BLOB NOT NULL);
INSERT INTO head VALUES (1, 0, x'', 0, zeroblob(16));
CREATE TABLE entry (idx INTEGER PRIMARY KEY, leaf BLOB NOT NULL);
CREATE TABLE vault (
  idx INTEGER PRIMARY KEY,
  key_id BLOB NOT NULL,
  wrapped_secret BLOB NOT NULL,
  sealed_detail BLOB NOT NULL,
  tags BLOB NOT NULL);
CREATE TABLE tile (
  level INTEGER NOT NULL,
  idx INTEGER NOT NULL,
  hashes BLOB NOT NULL,
  PRIMARY KEY (level, idx));
CREATE TABLE registry_set (
  digest BLOB NOT NULL,
  path BLOB NOT NULL,
  bytes BLOB NOT NULL,
  PRIMARY KEY (digest, path));
CREATE TABLE registry_applied (
  ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
  digest BLOB NOT NULL,
  first_idx INTEGER NOT NULL);
)",
    // Checkpoints that went to the witnesses; timestamps come once an hour, so few rows have one.
    R"(
CREATE TABLE published (
  size INTEGER PRIMARY KEY,
  note BLOB NOT NULL,
  time_ms INTEGER NOT NULL,
  witnessed INTEGER NOT NULL,
  timestamp BLOB NOT NULL);
CREATE INDEX published_witnessed ON published (size) WHERE witnessed = 1;
CREATE INDEX published_timestamped ON published (size) WHERE length(timestamp) > 0;
)",
    // The vault's index (sqlite_search_index.h) and the audit's records, each with the entry that
    // last changed it. Rowid tables with rows of fixed size: what is erased is overwritten in
    // place.
    R"(
CREATE TABLE search_run (run INTEGER PRIMARY KEY, key_ids BLOB NOT NULL);
CREATE TABLE search_block (id INTEGER PRIMARY KEY, tags BLOB NOT NULL);
CREATE TABLE audit_record (
  kind INTEGER NOT NULL,
  key BLOB NOT NULL,
  bytes BLOB NOT NULL,
  idx INTEGER NOT NULL,
  PRIMARY KEY (kind, key)) WITHOUT ROWID;
)",
    // Entries that a start must find without reading the whole log.
    R"(
CREATE TABLE landmark (idx INTEGER PRIMARY KEY);
)",
};

absl::StatusOr<int64_t> Integer(Connection& connection, const std::string& sql) {
  CHAYAN_ASSIGN_OR_RETURN(const std::string text, connection.Ask(sql));
  int64_t value = 0;
  if (!absl::SimpleAtoi(text, &value)) {
    return absl::InternalError(absl::StrCat("store: no number for ", sql));
  }
  return value;
}

absl::Status RunStep(Connection& connection, int64_t version) {
  return connection.Run(absl::StrCat("BEGIN IMMEDIATE;", kSteps[version],
                                     "PRAGMA application_id = ", kApplicationId,
                                     "; PRAGMA user_version = ", version + 1, "; COMMIT;"));
}

}  // namespace

absl::Status Migrate(Connection& connection) {
  CHAYAN_ASSIGN_OR_RETURN(int64_t version, Integer(connection, "PRAGMA user_version"));
  CHAYAN_ASSIGN_OR_RETURN(const int64_t application, Integer(connection, "PRAGMA application_id"));
  CHAYAN_ASSIGN_OR_RETURN(const int64_t tables,
                          Integer(connection, "SELECT count(*) FROM sqlite_schema"));
  if (application != kApplicationId && (version != 0 || tables != 0)) {
    return absl::FailedPreconditionError(
        "the file is another program's database: name a store file of this gateway's own");
  }
  if (version > kSchemaVersion) {
    return absl::FailedPreconditionError(
        absl::StrCat("the store has schema ", version, ", this build knows up to ", kSchemaVersion,
                     ": start the newer version of the gateway that wrote it"));
  }
  for (; version < kSchemaVersion; ++version) {
    if (const absl::Status status = RunStep(connection, version); !status.ok()) {
      const absl::Status context =
          Annotate(status, absl::StrCat("bring the store to schema ", version + 1));
      // The failed step left its transaction open; closing the connection would roll back as well.
      if (connection.in_transaction()) CHAYAN_RETURN_IF_ERROR(connection.Run("ROLLBACK"));
      return context;
    }
  }
  return absl::OkStatus();
}

}  // namespace chayan::store
