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
    // Notices and their deliveries; notices.h says what holds. A notice's deliveries
    // have consecutive numbers. Ids are of version 7, so their indexes grow at the end.
    R"(
CREATE TABLE notice (
  ordinal INTEGER PRIMARY KEY,
  entry INTEGER NOT NULL,
  id BLOB NOT NULL UNIQUE,
  request_key BLOB NOT NULL UNIQUE,
  request_digest BLOB NOT NULL,
  kind BLOB NOT NULL,
  publisher BLOB NOT NULL,
  system BLOB NOT NULL,
  acting_for BLOB NOT NULL,
  time_ms INTEGER NOT NULL,
  test INTEGER NOT NULL,
  follows BLOB NOT NULL,
  followed_by BLOB NOT NULL,
  exception_owner BLOB NOT NULL,
  answer BLOB NOT NULL,
  first_seq INTEGER NOT NULL,
  deliveries INTEGER NOT NULL);
CREATE TABLE delivery (
  seq INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  notice INTEGER NOT NULL,
  publisher BLOB NOT NULL,
  recipient BLOB NOT NULL,
  subscription BLOB NOT NULL,
  subjects BLOB NOT NULL,
  state INTEGER NOT NULL,
  bulk INTEGER NOT NULL,
  hosted INTEGER NOT NULL,
  holds INTEGER NOT NULL,
  due_ms INTEGER NOT NULL,
  ready_ms INTEGER NOT NULL,
  expire_ms INTEGER NOT NULL,
  acknowledge_by_ms INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  blockers INTEGER NOT NULL CHECK (blockers >= 0),
  earlier_missing INTEGER NOT NULL,
  lease BLOB NOT NULL,
  reason BLOB NOT NULL,
  settlement BLOB NOT NULL);
CREATE INDEX delivery_ready ON delivery (recipient, subscription, bulk, ready_ms)
  WHERE state = 1 AND blockers = 0;
CREATE INDEX delivery_of_recipient ON delivery (recipient, state, seq);
CREATE INDEX delivery_of_publisher ON delivery (publisher, state, seq);
CREATE TABLE delivery_payload (
  seq INTEGER PRIMARY KEY,
  key_id BLOB NOT NULL,
  wrapped_secret BLOB NOT NULL,
  sealed BLOB NOT NULL,
  shred_ms INTEGER NOT NULL);
CREATE INDEX delivery_payload_to_shred ON delivery_payload (shred_ms) WHERE shred_ms > 0;
CREATE TABLE delivery_queue (
  recipient BLOB NOT NULL,
  subject BLOB NOT NULL,
  turn INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (recipient, subject, turn)) WITHOUT ROWID;
CREATE TABLE delivery_step (
  seq INTEGER NOT NULL,
  step INTEGER NOT NULL,
  time_ms INTEGER NOT NULL,
  state INTEGER NOT NULL,
  reason BLOB NOT NULL,
  entry INTEGER NOT NULL,
  PRIMARY KEY (seq, step)) WITHOUT ROWID;
CREATE TABLE delivery_count (
  recipient BLOB NOT NULL,
  state INTEGER NOT NULL,
  count INTEGER NOT NULL CHECK (count >= 0),
  PRIMARY KEY (recipient, state)) WITHOUT ROWID;
CREATE TABLE notice_event (
  event INTEGER PRIMARY KEY,
  publisher BLOB NOT NULL,
  time_ms INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  state INTEGER NOT NULL);
CREATE INDEX notice_event_of_publisher ON notice_event (publisher, event);
CREATE TABLE delivery_arrow (
  from_state INTEGER NOT NULL,
  to_state INTEGER NOT NULL,
  PRIMARY KEY (from_state, to_state)) WITHOUT ROWID;
INSERT INTO delivery_arrow VALUES
  (1, 2), (1, 3), (1, 6), (1, 7), (1, 8), (2, 4), (2, 5), (3, 4), (3, 5), (5, 1), (5, 4), (6, 1), (6, 8);
CREATE TRIGGER delivery_begins BEFORE INSERT ON delivery WHEN NEW.state <> 1
BEGIN SELECT RAISE(ABORT, 'a delivery begins scheduled'); END;
CREATE TRIGGER delivery_steps BEFORE UPDATE OF state ON delivery
WHEN NOT EXISTS (
  SELECT 1 FROM delivery_arrow WHERE from_state = OLD.state AND to_state = NEW.state)
BEGIN SELECT RAISE(ABORT, 'no arrow of the delivery states'); END;
)",
    // Counts; tallies.h says what holds.
    R"(
CREATE TABLE tally (
  kind INTEGER NOT NULL,
  key BLOB NOT NULL,
  day INTEGER NOT NULL,
  count INTEGER NOT NULL,
  label BLOB NOT NULL,
  PRIMARY KEY (kind, key)) WITHOUT ROWID;
)",
    // What time alone does to deliveries. `warned`: the number of the last warning; `scheduled`: it
    // waits for the end of a period.
    R"(
ALTER TABLE notice_event ADD COLUMN kind INTEGER NOT NULL DEFAULT 1;
ALTER TABLE delivery ADD COLUMN warned INTEGER NOT NULL DEFAULT 0;
ALTER TABLE delivery ADD COLUMN scheduled INTEGER NOT NULL DEFAULT 0;
CREATE INDEX delivery_expiring ON delivery (expire_ms) WHERE state = 1;
CREATE INDEX delivery_waiting ON delivery (recipient, due_ms) WHERE state = 1;
CREATE INDEX delivery_open ON delivery (warned, acknowledge_by_ms) WHERE state IN (1, 2, 3);
CREATE INDEX delivery_of_period ON delivery (subscription, due_ms) WHERE scheduled = 1;
CREATE INDEX delivery_leased ON delivery (lease) WHERE lease <> x'';
CREATE INDEX notice_exception ON notice (exception_owner, ordinal) WHERE exception_owner <> x'';
)",
    // Items of the frames that bulk entries cover, 32 bytes each.
    R"(
CREATE TABLE frame (entry INTEGER PRIMARY KEY, items BLOB NOT NULL);
)",
    // `sent`: it was under way, so that its recipient may have it. `fetch_by_ms`: when it is warned
    // that nobody fetched it; 0: never, or it was.
    R"(
ALTER TABLE delivery ADD COLUMN sent INTEGER NOT NULL DEFAULT 0;
ALTER TABLE delivery ADD COLUMN fetch_by_ms INTEGER NOT NULL DEFAULT 0;
UPDATE delivery SET sent = 1 WHERE state = 1 AND (attempts > 0 OR lease <> x'');
CREATE INDEX delivery_unfetched ON delivery (fetch_by_ms) WHERE state = 1 AND fetch_by_ms > 0;
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
