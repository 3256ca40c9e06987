#include "gateway/store/postgres.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/base/check.h"
#include "gateway/base/status_macros.h"
#include "gateway/store/pool.h"
#include "gateway/store/postgres_connection.h"
#include "gateway/store/postgres_reader.h"
#include "gateway/store/postgres_session.h"
#include "gateway/store/rows.h"

namespace chayan::store {
namespace {

constexpr PostgresStatement kBegin = {"begin", "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"};
constexpr PostgresStatement kCommit = {"commit", "COMMIT"};
constexpr PostgresStatement kRollBack = {"roll_back", "ROLLBACK"};
constexpr PostgresStatement kLockHead = {
    "lock_head", "SELECT size, peaks, time_ms, batch, " CHAYAN_SQL_IS_DURABLE
                 " FROM chayan.head WHERE id = 1 FOR UPDATE"};
constexpr PostgresStatement kUpdateHead = {
    "update_head",
    "UPDATE chayan.head SET size = $1::bigint, peaks = $2::bytea, time_ms = $3::bigint,"
    " batch = $4::bytea WHERE id = 1 AND size = $5::bigint AND batch = $6::bytea"};
constexpr PostgresStatement kInsertEntries = {
    "insert_entries",
    "INSERT INTO chayan.entry (idx, leaf) SELECT $1::bigint + place - 1, leaf"
    " FROM unnest($2::bytea[]) WITH ORDINALITY AS new (leaf, place)"};
constexpr PostgresStatement kInsertVault = {
    "insert_vault",
    "INSERT INTO chayan.vault (idx, key_id, wrapped_secret, sealed_detail, tags)"
    " SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bytea[], $4::bytea[], $5::bytea[])"};
constexpr PostgresStatement kInsertTile = {
    "insert_tile",
    "INSERT INTO chayan.tile (level, idx, hashes) VALUES ($1::bigint, $2::bigint, $3::bytea)"};
// A set that was in force before keeps its rows: the same digest is the same bytes.
constexpr PostgresStatement kInsertRegistry = {
    "insert_registry",
    "INSERT INTO chayan.registry_set (digest, path, bytes)"
    " SELECT $1::bytea, path, bytes FROM unnest($2::bytea[], $3::bytea[]) AS new (path, bytes)"
    " ON CONFLICT (digest, path) DO NOTHING"};
constexpr PostgresStatement kApplyRegistry = {
    "apply_registry",
    "INSERT INTO chayan.registry_applied (digest, first_idx) VALUES ($1::bytea, $2::bigint)"};
constexpr PostgresStatement kInsertLandmarks = {
    "insert_landmarks", "INSERT INTO chayan.landmark (idx) SELECT * FROM unnest($1::bigint[])"};

constexpr PostgresStatement kAddTallies = {
    "add_tallies",
    "INSERT INTO chayan.tally AS old (kind, key, day, count, label)"
    " SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bigint[], $4::bigint[], $5::bytea[])"
    " ON CONFLICT (kind, key) DO UPDATE SET"
    " count = excluded.count + CASE WHEN old.day = excluded.day THEN old.count ELSE 0 END,"
    " day = excluded.day, label = excluded.label WHERE excluded.day >= old.day"};
constexpr PostgresStatement kForgetTallies = {
    "forget_tallies", "DELETE FROM chayan.tally WHERE kind <= $1::bigint AND day < $2::bigint"};

PostgresQuery InsertEntries(const Head& old, const Batch& batch) {
  std::vector<absl::string_view> leaves;
  leaves.reserve(batch.entries.size());
  for (const NewEntry& entry : batch.entries) leaves.emplace_back(entry.leaf);
  PostgresQuery query = {.statement = &kInsertEntries};
  query.parameters.Add(static_cast<int64_t>(old.size)).AddArray(leaves);
  return query;
}

PostgresQuery InsertVault(const Head& old, const Batch& batch) {
  std::vector<int64_t> indexes;
  std::vector<absl::string_view> key_ids, secrets, details, tags;
  for (size_t i = 0; i < batch.entries.size(); ++i) {
    const std::optional<VaultRow>& row = batch.entries[i].vault;
    if (!row.has_value()) continue;
    indexes.push_back(static_cast<int64_t>(old.size + i));
    key_ids.emplace_back(row->key_id);
    secrets.emplace_back(row->wrapped_secret);
    details.emplace_back(row->sealed_detail);
    tags.emplace_back(row->tags);
  }
  PostgresQuery query = {.statement = &kInsertVault};
  query.parameters.AddArray(indexes).AddArray(key_ids).AddArray(secrets).AddArray(details).AddArray(
      tags);
  return query;
}

void AddRegistry(const RegistrySet& set, uint64_t first_index,
                 std::vector<PostgresQuery>& queries) {
  std::vector<absl::string_view> paths, bytes;
  for (const auto& [path, content] : set.files) {
    paths.emplace_back(path);
    bytes.emplace_back(content);
  }
  queries.push_back({.statement = &kInsertRegistry});
  queries.back().parameters.Add(set.digest.raw()).AddArray(paths).AddArray(bytes);
  queries.push_back({.statement = &kApplyRegistry});
  queries.back().parameters.Add(set.digest.raw()).Add(static_cast<int64_t>(first_index));
}

PostgresQuery AddTallies(const std::vector<Tally>& tallies) {
  std::vector<int64_t> kinds, days, counts;
  std::vector<absl::string_view> keys, labels;
  for (const Tally& tally : tallies) {
    kinds.push_back(static_cast<int64_t>(tally.kind));
    keys.emplace_back(tally.key);
    days.push_back(tally.day);
    counts.push_back(tally.add);
    labels.emplace_back(tally.label);
  }
  PostgresQuery query = {.statement = &kAddTallies};
  query.parameters.AddArray(kinds).AddArray(keys).AddArray(days).AddArray(counts).AddArray(labels);
  return query;
}

// What belongs to days that are over goes with each change: there is little of it, and a server's
// dead rows are its own business.
PostgresQuery ForgetTallies(const std::vector<Tally>& tallies) {
  int64_t newest = 0;
  for (const Tally& tally : tallies) newest = std::max(newest, tally.day);
  PostgresQuery query = {.statement = &kForgetTallies};
  query.parameters.Add(static_cast<int64_t>(kDailyTallyMax)).Add(newest);
  return query;
}

// All of a batch but its COMMIT. The second locks the head, the last changes it. `tallies` outlive
// the result.
constexpr size_t kLockHeadAt = 1;
std::vector<PostgresQuery> QueriesOf(const Head& old, const Batch& batch, const Head& next,
                                     const std::vector<Tally>& tallies) {
  std::vector<PostgresQuery> queries;
  queries.push_back({.statement = &kBegin});
  queries.push_back({.statement = &kLockHead});
  queries.push_back(InsertEntries(old, batch));
  queries.push_back(InsertVault(old, batch));
  for (const NewTile& tile : batch.tiles) {
    queries.push_back({.statement = &kInsertTile});
    queries.back()
        .parameters.Add(int64_t{tile.level})
        .Add(static_cast<int64_t>(tile.index))
        .Add(tile.hashes);
  }
  if (batch.registry.has_value()) AddRegistry(*batch.registry, old.size, queries);
  if (!batch.landmarks.empty()) {
    queries.push_back({.statement = &kInsertLandmarks});
    queries.back().parameters.AddArray(
        std::vector<int64_t>(batch.landmarks.begin(), batch.landmarks.end()));
  }
  if (!tallies.empty()) {
    queries.push_back(ForgetTallies(tallies));
    queries.push_back(AddTallies(tallies));
  }
  queries.push_back({.statement = &kUpdateHead});
  queries.back()
      .parameters.Add(static_cast<int64_t>(next.size))
      .Add(JoinedPeaks(next))
      .Add(next.time_ms)
      .Add(BatchBytes(next))
      .Add(static_cast<int64_t>(old.size))
      .Add(BatchBytes(old));
  return queries;
}

// Whether the batch may be committed, from the answers to QueriesOf.
absl::Status CheckReply(const PostgresReply& reply, const Head& old) {
  if (reply.results.size() > kLockHeadAt) {
    // First, for entries that others appended make ours fail as well.
    const PostgresResult& locked = reply.results[kLockHeadAt];
    CHAYAN_ASSIGN_OR_RETURN(const Head head, HeadOf(locked));
    if (head.size != old.size || head.batch != old.batch) {
      return absl::AbortedError(absl::StrCat("the head of the store is no longer that of ",
                                             old.size, " entries: something else wrote to it"));
    }
    if (!locked.Boolean(0, 4)) return NotDurable();
  }
  CHAYAN_RETURN_IF_ERROR(reply.status);
  if (reply.results.back().tag() == "UPDATE 1") return absl::OkStatus();
  return absl::InternalError("store: the head was not changed");
}

class OpenPostgresStore final : public Store {
 public:
  OpenPostgresStore(PostgresSettings settings, const Clock& clock)
      : settings_(std::move(settings)),
        clock_(clock),
        readers_([this] { return PostgresReader::Open(settings_, kGatewayRole, clock_); }),
        auditors_([this] { return PostgresReader::Open(settings_, kAuditorRole, clock_); }) {}

  // Everything Open promises.
  absl::Status Start();

  absl::StatusOr<Head> ReadHead() override;
  Appended Append(const Head& old, const Batch& batch, const Head& next) override;
  absl::StatusOr<std::vector<std::string>> ReadLeaves(uint64_t first, uint64_t count,
                                                      uint64_t bytes_max) override;
  absl::StatusOr<std::string> ReadTile(uint32_t level, uint64_t index) override;
  absl::StatusOr<VaultRow> ReadVault(uint64_t index) override;
  absl::StatusOr<std::vector<uint64_t>> ReadLandmarks() override;
  absl::StatusOr<std::vector<KeptTally>> ReadTallies(TallyKind kind, absl::string_view after,
                                                     size_t count_max) override;
  absl::StatusOr<RegistrySet> ReadCurrentRegistry() override;
  absl::StatusOr<RegistrySet> ReadRegistry(const crypto::Digest& digest) override;
  absl::Status Maintain() override;

 private:
  using Readers = Pool<PostgresReader>;

  absl::Status PrepareWriter();
  Appended Commit();
  absl::StatusOr<Head> SettleHead();

  // What `read` gives, on a session that stands. A read that lost its session is tried once more on
  // each that was open, for the server may have been restarted under all of them.
  template <typename Read>
  auto With(Readers& readers, Read read) -> decltype(read(std::declval<PostgresReader&>())) {
    for (size_t attempt = 0;; ++attempt) {
      CHAYAN_ASSIGN_OR_RETURN(Readers::Loan reader, readers.Borrow());
      auto result = read(*reader);
      if (reader->IsAlive()) return result;
      reader.Discard();
      if (attempt == Readers::kReadersMax) return result;
    }
  }

  // Constant after construction.
  const PostgresSettings settings_;
  const Clock& clock_;

  // The committer's alone.
  std::unique_ptr<PostgresConnection> writer_;

  // Thread-safe.
  Readers readers_, auditors_;
  // A COMMIT may still come in: the head counts only when it was read under its lock.
  std::atomic<bool> unsettled_ = true;
};

absl::Status OpenPostgresStore::Start() {
  CHAYAN_RETURN_IF_ERROR(PrepareWriter());
  // Waits for what a gateway that ended in its COMMIT may have left.
  CHAYAN_RETURN_IF_ERROR(SettleHead().status());
  return With(readers_, [](PostgresReader& reader) { return reader.CheckEntries(); });
}

absl::Status OpenPostgresStore::PrepareWriter() {
  if (writer_ != nullptr && writer_->IsAlive()) return absl::OkStatus();
  writer_.reset();
  CHAYAN_ASSIGN_OR_RETURN(writer_, OpenSession(settings_, kGatewayRole, clock_));
  return absl::OkStatus();
}

Appended OpenPostgresStore::Append(const Head& old, const Batch& batch, const Head& next) {
  CHAYAN_CHECK(next.size == old.size + batch.entries.size());
  CHAYAN_CHECK(!batch.entries.empty() && next.batch != old.batch);
  // notices() says that this engine keeps none.
  for (const NewEntry& entry : batch.entries) CHAYAN_CHECK(entry.change == nullptr);
  if (absl::Status status = PrepareWriter(); !status.ok()) {
    return {AppendResult::kFailed, std::move(status)};
  }
  const std::vector<Tally> tallies = TalliesOf(batch);
  const PostgresReply reply =
      writer_->Run(QueriesOf(old, batch, next, tallies), settings_.statement_timeout);
  if (absl::Status status = CheckReply(reply, old); !status.ok()) {
    // Kept by nobody: no COMMIT was sent. A session that cannot even roll back is closed, and the
    // server does it.
    const PostgresQuery roll_back = {.statement = &kRollBack};
    if (!writer_->Run({&roll_back, 1}, settings_.statement_timeout).status.ok()) writer_.reset();
    return {AppendResult::kFailed, std::move(status)};
  }
  return Commit();
}

Appended OpenPostgresStore::Commit() {
  const PostgresQuery commit = {.statement = &kCommit};
  PostgresReply reply = writer_->Run({&commit, 1}, settings_.commit_timeout);
  if (reply.status.ok() && !reply.warned && reply.results[0].tag() == "COMMIT") {
    return {AppendResult::kCommitted, absl::OkStatus()};
  }
  const bool answered = !writer_->broken() && !reply.warned;
  writer_.reset();
  if (answered) {
    // The server says that it rolled back, by an error or by the tag.
    if (reply.status.ok()) reply.status = absl::InternalError("store: the commit rolled back");
    return {AppendResult::kFailed, std::move(reply.status)};
  }
  unsettled_ = true;
  if (reply.status.ok()) {
    reply.status = absl::UnavailableError(
        "the database gave a warning at the commit: it may not be on the synchronous standby");
  }
  return {AppendResult::kUnknown, std::move(reply.status)};
}

// Waits, by the lock, until no COMMIT of ours can come in any more; then makes one, behind which
// all that was read is durable.
absl::StatusOr<Head> OpenPostgresStore::SettleHead() {
  CHAYAN_ASSIGN_OR_RETURN(const std::unique_ptr<PostgresConnection> session,
                          OpenSession(settings_, kGatewayRole, clock_));
  const PostgresQuery lock[] = {{.statement = &kBegin}, {.statement = &kLockHead}};
  PostgresReply locked = session->Run(lock, settings_.statement_timeout);
  CHAYAN_RETURN_IF_ERROR(Annotate(locked.status, "read the head under its lock"));
  CHAYAN_ASSIGN_OR_RETURN(Head head, HeadOf(locked.results[kLockHeadAt]));
  const PostgresQuery commit = {.statement = &kCommit};
  const PostgresReply committed = session->Run({&commit, 1}, settings_.commit_timeout);
  CHAYAN_RETURN_IF_ERROR(Annotate(committed.status, "find out whether the head is durable"));
  if (committed.warned) {
    return absl::UnavailableError("the head of the store may not be on the synchronous standby");
  }
  unsettled_ = false;
  return head;
}

absl::StatusOr<Head> OpenPostgresStore::ReadHead() {
  if (unsettled_) return SettleHead();
  return With(readers_, [](PostgresReader& reader) { return reader.ReadHead(); });
}

absl::StatusOr<std::vector<std::string>> OpenPostgresStore::ReadLeaves(uint64_t first,
                                                                       uint64_t count,
                                                                       uint64_t bytes_max) {
  return With(readers_,
              [=](PostgresReader& reader) { return reader.ReadLeaves(first, count, bytes_max); });
}

absl::StatusOr<std::string> OpenPostgresStore::ReadTile(uint32_t level, uint64_t index) {
  return With(readers_, [=](PostgresReader& reader) { return reader.ReadTile(level, index); });
}

absl::StatusOr<VaultRow> OpenPostgresStore::ReadVault(uint64_t index) {
  return With(auditors_, [=](PostgresReader& reader) { return reader.ReadVault(index); });
}

absl::StatusOr<std::vector<uint64_t>> OpenPostgresStore::ReadLandmarks() {
  return With(readers_, [](PostgresReader& reader) { return reader.ReadLandmarks(); });
}

absl::StatusOr<std::vector<KeptTally>> OpenPostgresStore::ReadTallies(TallyKind kind,
                                                                      absl::string_view after,
                                                                      size_t count_max) {
  return With(readers_,
              [=](PostgresReader& reader) { return reader.ReadTallies(kind, after, count_max); });
}

absl::StatusOr<RegistrySet> OpenPostgresStore::ReadCurrentRegistry() {
  return With(readers_, [](PostgresReader& reader) { return reader.ReadCurrentRegistry(); });
}

absl::StatusOr<RegistrySet> OpenPostgresStore::ReadRegistry(const crypto::Digest& digest) {
  return With(readers_, [&digest](PostgresReader& reader) { return reader.ReadRegistry(digest); });
}

// The server looks after itself; what is looked at is that it still keeps its promises.
absl::Status OpenPostgresStore::Maintain() {
  return With(readers_, [](PostgresReader& reader) { return reader.CheckDurable(); });
}

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> PostgresStore::Open(PostgresSettings settings,
                                                           const Clock& clock) {
  auto store = std::make_unique<OpenPostgresStore>(std::move(settings), clock);
  CHAYAN_RETURN_IF_ERROR(Annotate(store->Start(), "the PostgreSQL store"));
  return store;
}

}  // namespace chayan::store
