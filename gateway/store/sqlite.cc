#include "gateway/store/sqlite.h"

#include <sqlite3.h>

#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "gateway/base/check.h"
#include "gateway/base/status_macros.h"
#include "gateway/store/connection.h"
#include "gateway/store/file_guard.h"
#include "gateway/store/pool.h"
#include "gateway/store/row_eraser.h"
#include "gateway/store/rows.h"
#include "gateway/store/schema.h"
#include "gateway/store/sqlite_notice_writer.h"
#include "gateway/store/sqlite_notices.h"
#include "gateway/store/sqlite_publications.h"
#include "gateway/store/sqlite_reader.h"
#include "gateway/store/sqlite_records.h"
#include "gateway/store/sqlite_search_index.h"
#include "gateway/store/sqlite_tallies.h"

namespace chayan::store {
namespace {

// 64 MiB of pages. Beyond it the write-ahead log is made to start over, which lets the committer
// wait for one sync; below it starts over by itself whenever a checkpoint catches up.
constexpr int kWalPagesMax = 16384;

// Runs of the search index that one call of Maintain builds: it is called every second, and a store
// that is caught up has less than one.
constexpr int kRunsBuiltMax = 8;

// How long Purge waits for readers: as long as a usual one takes.
constexpr int kPurgeBusyMs = 5;

// Sets a pragma and reads it back: SQLite keeps silent about values it does not take.
absl::Status SetPragma(Connection& connection, absl::string_view name, absl::string_view value,
                       absl::string_view expected) {
  CHAYAN_RETURN_IF_ERROR(connection.Run(absl::StrCat("PRAGMA ", name, " = ", value)));
  CHAYAN_ASSIGN_OR_RETURN(const std::string got, connection.Ask(absl::StrCat("PRAGMA ", name)));
  if (absl::string_view(got) == expected) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("store: PRAGMA ", name, " is \"", got,
                                                    "\" in place of \"", expected,
                                                    "\": put the store on a local file system"));
}

absl::Status Configure(Connection& connection) {
  // Before anything else is asked: a file that is no database says so here.
  CHAYAN_RETURN_IF_ERROR(SetPragma(connection, "journal_mode", "WAL", "wal"));
  CHAYAN_RETURN_IF_ERROR(SetPragma(connection, "synchronous", "FULL", "2"));
  CHAYAN_RETURN_IF_ERROR(SetPragma(connection, "wal_autocheckpoint", "0", "0"));
  // What is erased is overwritten.
  CHAYAN_RETURN_IF_ERROR(SetPragma(connection, "secure_delete", "ON", "1"));
  CHAYAN_RETURN_IF_ERROR(SetPragma(connection, "cell_size_check", "ON", "1"));
  return SetPragma(connection, "trusted_schema", "OFF", "0");
}

class OpenSqliteStore final : public Store, public Erasures {
 public:
  static absl::StatusOr<std::unique_ptr<Store>> Create(const std::string& path);
  ~OpenSqliteStore() override;

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
  Publications* publications() override { return publications_.get(); }
  SearchIndex* search_index() override { return search_index_.get(); }
  Records* records() override { return records_.get(); }
  Erasures* erasures() override { return this; }
  Notices* notices() override { return notices_.get(); }
  absl::Status Maintain() override;

  // Erasures.
  absl::StatusOr<bool> EraseSomeOf(absl::string_view key_id) override {
    return search_index_->EraseSomeOf(key_id);
  }
  absl::Status Purge() override;

 private:
  explicit OpenSqliteStore(std::unique_ptr<FileGuard> guard)
      : guard_(std::move(guard)),
        readers_([this] { return SqliteReader::Open(guard_->real_path()); }) {}

  absl::Status OpenWriter();
  absl::Status CheckEntries();
  absl::Status PrepareStatements();

  absl::Status WriteHead(const Head& old, const Head& next);
  absl::Status WriteBatch(const Head& old, const Batch& batch, std::optional<size_t>& conflict);
  absl::Status WriteRegistry(const RegistrySet& set, uint64_t first_index);
  // What an entry erases and changes beside itself.
  absl::Status WriteEffects(const NewEntry& entry, uint64_t index);
  absl::Status CheckpointLog();
  Appended RollBack(const Head& old, absl::Status cause);

  // Nothing is appended, and no head is read, after this.
  absl::Status Lose(absl::Status cause);
  absl::Status CheckNotLost();

  // First, so that the lock goes last.
  const std::unique_ptr<FileGuard> guard_;

  // The committer's alone.
  Connection writer_;
  Statement begin_, commit_, rollback_;
  Statement select_head_, update_head_;
  Statement insert_entry_, insert_vault_, insert_tile_;
  Statement insert_registry_, apply_registry_;
  Statement insert_landmark_;
  RowEraser eraser_;
  RecordWriter record_writer_;
  TallyWriter tally_writer_;
  std::unique_ptr<SqliteNoticeWriter> notice_writer_;

  // One transaction at a time, the committer's, a publication's, the search index's or a lease's:
  // SQLite would make the second one fail or sleep.
  absl::Mutex write_mu_;
  std::unique_ptr<SqlitePublications> publications_;
  std::unique_ptr<SqliteSearchIndex> search_index_;
  std::unique_ptr<SqliteRecords> records_;
  std::unique_ptr<SqliteNotices> notices_;

  absl::Mutex maintain_mu_;  // one Maintain at a time; nothing else waits for it
  Connection maintainer_ ABSL_GUARDED_BY(maintain_mu_);

  Pool<SqliteReader> readers_;

  absl::Mutex mu_;
  absl::Status lost_ ABSL_GUARDED_BY(mu_);
};

absl::StatusOr<std::unique_ptr<Store>> OpenSqliteStore::Create(const std::string& path) {
  CHAYAN_ASSIGN_OR_RETURN(std::unique_ptr<FileGuard> guard, FileGuard::Create(path));
  std::unique_ptr<OpenSqliteStore> store(new OpenSqliteStore(std::move(guard)));
  CHAYAN_RETURN_IF_ERROR(Annotate(store->OpenWriter(), path));
  return store;
}

OpenSqliteStore::~OpenSqliteStore() {
  if (CheckNotLost().ok()) return;
  // The last connection to close would move the write-ahead log into the file and remove it: not
  // when nobody knows what lies at those paths now.
  if (publications_ != nullptr) publications_->KeepLogOnClose();
  if (search_index_ != nullptr) search_index_->KeepLogOnClose();
  if (records_ != nullptr) records_->KeepLogOnClose();
  if (notices_ != nullptr) notices_->KeepLogOnClose();
  absl::MutexLock lock(&maintain_mu_);
  for (sqlite3* const database : {writer_.handle(), maintainer_.handle()}) {
    if (database == nullptr) continue;
    sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  }
}

absl::Status OpenSqliteStore::OpenWriter() {
  const std::string& path = guard_->real_path();
  CHAYAN_ASSIGN_OR_RETURN(writer_, Connection::Open(path, Connection::Mode::kReadWrite));
  if (writer_.read_only()) {
    return absl::FailedPreconditionError(
        "the file may only be read: give the gateway's user write "
        "access to it and to its folder");
  }
  CHAYAN_RETURN_IF_ERROR(Configure(writer_));
  CHAYAN_RETURN_IF_ERROR(Migrate(writer_));
  CHAYAN_RETURN_IF_ERROR(PrepareStatements());
  CHAYAN_RETURN_IF_ERROR(CheckEntries());
  // The first read made the write-ahead log; it stays until the last connection closes.
  CHAYAN_RETURN_IF_ERROR(guard_->Watch(absl::StrCat(path, "-wal")));
  const auto check = [this] {
    CHAYAN_RETURN_IF_ERROR(CheckNotLost());
    return guard_->Check();
  };
  CHAYAN_ASSIGN_OR_RETURN(publications_, SqlitePublications::Open(path, write_mu_, check));
  CHAYAN_ASSIGN_OR_RETURN(search_index_, SqliteSearchIndex::Open(path, write_mu_, check));
  CHAYAN_ASSIGN_OR_RETURN(records_, SqliteRecords::Open(path));
  CHAYAN_ASSIGN_OR_RETURN(notices_, SqliteNotices::Open(path, write_mu_, check));
  absl::MutexLock lock(&maintain_mu_);
  CHAYAN_ASSIGN_OR_RETURN(maintainer_, Connection::Open(path, Connection::Mode::kReadWrite));
  return Configure(maintainer_);
}

absl::Status OpenSqliteStore::CheckEntries() {
  CHAYAN_ASSIGN_OR_RETURN(const Head head, StepHead(select_head_));
  CHAYAN_ASSIGN_OR_RETURN(Statement last, writer_.Prepare("SELECT max(idx) + 1 FROM entry"));
  CHAYAN_ASSIGN_OR_RETURN(const bool row, last.Step());
  const uint64_t entries = row ? static_cast<uint64_t>(last.Integer(0)) : 0;
  return CheckHeadEndsWith(head, entries);
}

absl::Status OpenSqliteStore::PrepareStatements() {
  const std::pair<Statement*, const char*> statements[] = {
      {&begin_, "BEGIN IMMEDIATE"},
      {&commit_, "COMMIT"},
      {&rollback_, "ROLLBACK"},
      {&select_head_, kSelectHead},
      {&update_head_,
       "UPDATE head SET size = ?, peaks = ?, time_ms = ?, batch = ? "
       "WHERE id = 1 AND size = ? AND batch = ?"},
      {&insert_entry_, "INSERT INTO entry (idx, leaf) VALUES (?, ?)"},
      {&insert_vault_,
       "INSERT INTO vault (idx, key_id, wrapped_secret, sealed_detail, tags) "
       "VALUES (?, ?, ?, ?, ?)"},
      {&insert_tile_, "INSERT INTO tile (level, idx, hashes) VALUES (?, ?, ?)"},
      // A set that was in force before keeps its rows: the same digest is the same bytes.
      {&insert_registry_,
       "INSERT INTO registry_set (digest, path, bytes) VALUES (?, ?, ?) "
       "ON CONFLICT (digest, path) DO NOTHING"},
      {&apply_registry_, "INSERT INTO registry_applied (digest, first_idx) VALUES (?, ?)"},
      {&insert_landmark_, "INSERT INTO landmark (idx) VALUES (?)"},
  };
  for (const auto& [statement, sql] : statements) {
    CHAYAN_ASSIGN_OR_RETURN(*statement, writer_.Prepare(sql));
  }
  CHAYAN_ASSIGN_OR_RETURN(eraser_, RowEraser::Prepare(writer_));
  CHAYAN_ASSIGN_OR_RETURN(record_writer_, RecordWriter::Prepare(writer_));
  CHAYAN_ASSIGN_OR_RETURN(tally_writer_, TallyWriter::Prepare(writer_));
  CHAYAN_ASSIGN_OR_RETURN(notice_writer_, SqliteNoticeWriter::Prepare(writer_));
  return absl::OkStatus();
}

absl::Status OpenSqliteStore::WriteHead(const Head& old, const Head& next) {
  const std::string peaks = JoinedPeaks(next);
  update_head_.Bind(1, static_cast<int64_t>(next.size))
      .Bind(2, peaks)
      .Bind(3, next.time_ms)
      .Bind(4, BatchBytes(next))
      .Bind(5, static_cast<int64_t>(old.size))
      .Bind(6, BatchBytes(old));
  CHAYAN_RETURN_IF_ERROR(update_head_.Run());
  if (writer_.changes() == 1) return absl::OkStatus();
  return absl::AbortedError(absl::StrCat("the head of the store is no longer that of ", old.size,
                                         " entries: something else wrote to it"));
}

absl::Status OpenSqliteStore::WriteRegistry(const RegistrySet& set, uint64_t first_index) {
  for (const auto& [path, bytes] : set.files) {
    insert_registry_.Bind(1, set.digest.raw()).Bind(2, path).Bind(3, bytes);
    CHAYAN_RETURN_IF_ERROR(insert_registry_.Run());
  }
  apply_registry_.Bind(1, set.digest.raw()).Bind(2, static_cast<int64_t>(first_index));
  return apply_registry_.Run();
}

absl::Status OpenSqliteStore::WriteBatch(const Head& old, const Batch& batch,
                                         std::optional<size_t>& conflict) {
  auto index = static_cast<int64_t>(old.size);
  for (const NewEntry& entry : batch.entries) {
    CHAYAN_RETURN_IF_ERROR(insert_entry_.Bind(1, index).Bind(2, entry.leaf).Run());
    if (entry.vault.has_value()) {
      const VaultRow& row = *entry.vault;
      insert_vault_.Bind(1, index)
          .Bind(2, row.key_id)
          .Bind(3, row.wrapped_secret)
          .Bind(4, row.sealed_detail)
          .Bind(5, row.tags);
      CHAYAN_RETURN_IF_ERROR(insert_vault_.Run());
    }
    CHAYAN_RETURN_IF_ERROR(WriteEffects(entry, static_cast<uint64_t>(index)));
    if (entry.change != nullptr) {
      const absl::Status applied =
          notice_writer_->Apply(*entry.change, static_cast<uint64_t>(index));
      if (SqliteNoticeWriter::IsConflict(applied)) {
        conflict = static_cast<size_t>(index - static_cast<int64_t>(old.size));
      }
      CHAYAN_RETURN_IF_ERROR(applied);
    }
    ++index;
  }
  CHAYAN_RETURN_IF_ERROR(tally_writer_.Write(TalliesOf(batch)));
  for (const NewTile& tile : batch.tiles) {
    insert_tile_.Bind(1, int64_t{tile.level})
        .Bind(2, static_cast<int64_t>(tile.index))
        .Bind(3, tile.hashes);
    CHAYAN_RETURN_IF_ERROR(insert_tile_.Run());
  }
  for (const uint64_t landmark : batch.landmarks) {
    CHAYAN_RETURN_IF_ERROR(insert_landmark_.Bind(1, static_cast<int64_t>(landmark)).Run());
  }
  if (batch.registry.has_value()) return WriteRegistry(*batch.registry, old.size);
  return absl::OkStatus();
}

absl::Status OpenSqliteStore::WriteEffects(const NewEntry& entry, uint64_t index) {
  for (const uint64_t erased : entry.erasures) {
    CHAYAN_RETURN_IF_ERROR(eraser_.Erase(erased));
  }
  for (const Record& record : entry.records) {
    CHAYAN_RETURN_IF_ERROR(record_writer_.Write(record, index));
  }
  return absl::OkStatus();
}

Appended OpenSqliteStore::Append(const Head& old, const Batch& batch, const Head& next) {
  CHAYAN_CHECK(next.size == old.size + batch.entries.size());
  CHAYAN_CHECK(!batch.entries.empty() && next.batch != old.batch);
  if (absl::Status lost = CheckNotLost(); !lost.ok()) return {AppendResult::kFailed, lost};
  if (absl::Status moved = guard_->Check(); !moved.ok()) {
    return {AppendResult::kFailed, Lose(std::move(moved))};
  }
  absl::MutexLock write_lock(&write_mu_);
  absl::Status status = begin_.Run();
  if (!status.ok()) return {AppendResult::kFailed, std::move(status)};
  status = WriteHead(old, next);
  std::optional<size_t> conflict;
  if (status.ok()) status = WriteBatch(old, batch, conflict);
  if (status.ok()) status = commit_.Run();
  if (!status.ok()) {
    Appended failed = RollBack(old, std::move(status));
    if (failed.result == AppendResult::kFailed) failed.conflict = conflict;
    return failed;
  }
  for (const NewEntry& entry : batch.entries) {
    for (const uint64_t erased : entry.erasures) search_index_->Forget(erased);
  }
  // A file that went away before this line may not hold the commit.
  if (absl::Status moved = guard_->Check(); !moved.ok()) {
    return {AppendResult::kUnknown, Lose(std::move(moved))};
  }
  return {AppendResult::kCommitted, absl::OkStatus()};
}

// kFailed only after the head was seen to be the old one.
Appended OpenSqliteStore::RollBack(const Head& old, absl::Status cause) {
  if (writer_.sync_failed()) {
    // The frames may be on the disk or not, and a second sync would claim success for pages the
    // kernel has dropped: what is true is found out by opening the file anew.
    return {AppendResult::kUnknown, Lose(std::move(cause))};
  }
  // Some errors roll back by themselves.
  if (writer_.in_transaction()) {
    const absl::Status rolled_back = rollback_.Run();
    if (!rolled_back.ok()) return {AppendResult::kUnknown, Lose(rolled_back)};
  }
  if (absl::IsAborted(cause)) return {AppendResult::kFailed, std::move(cause)};
  const absl::StatusOr<Head> head = StepHead(select_head_);
  if (!head.ok()) return {AppendResult::kUnknown, Lose(head.status())};
  const bool unchanged = head->size == old.size && head->batch == old.batch;
  return {unchanged ? AppendResult::kFailed : AppendResult::kUnknown, std::move(cause)};
}

absl::Status OpenSqliteStore::Lose(absl::Status cause) {
  absl::MutexLock lock(&mu_);
  if (lost_.ok()) lost_ = cause;
  return cause;
}

absl::Status OpenSqliteStore::CheckNotLost() {
  absl::MutexLock lock(&mu_);
  return lost_;
}

absl::StatusOr<Head> OpenSqliteStore::ReadHead() {
  CHAYAN_RETURN_IF_ERROR(CheckNotLost());
  CHAYAN_ASSIGN_OR_RETURN(Pool<SqliteReader>::Loan reader, readers_.Borrow());
  return reader->ReadHead();
}

absl::StatusOr<std::vector<std::string>> OpenSqliteStore::ReadLeaves(uint64_t first, uint64_t count,
                                                                     uint64_t bytes_max) {
  CHAYAN_ASSIGN_OR_RETURN(Pool<SqliteReader>::Loan reader, readers_.Borrow());
  return reader->ReadLeaves(first, count, bytes_max);
}

absl::StatusOr<std::string> OpenSqliteStore::ReadTile(uint32_t level, uint64_t index) {
  CHAYAN_ASSIGN_OR_RETURN(Pool<SqliteReader>::Loan reader, readers_.Borrow());
  return reader->ReadTile(level, index);
}

absl::StatusOr<VaultRow> OpenSqliteStore::ReadVault(uint64_t index) {
  CHAYAN_ASSIGN_OR_RETURN(Pool<SqliteReader>::Loan reader, readers_.Borrow());
  return reader->ReadVault(index);
}

absl::StatusOr<std::vector<uint64_t>> OpenSqliteStore::ReadLandmarks() {
  CHAYAN_ASSIGN_OR_RETURN(Pool<SqliteReader>::Loan reader, readers_.Borrow());
  return reader->ReadLandmarks();
}

absl::StatusOr<std::vector<KeptTally>> OpenSqliteStore::ReadTallies(TallyKind kind,
                                                                    absl::string_view after,
                                                                    size_t count_max) {
  CHAYAN_ASSIGN_OR_RETURN(Pool<SqliteReader>::Loan reader, readers_.Borrow());
  return reader->ReadTallies(kind, after, count_max);
}

absl::StatusOr<RegistrySet> OpenSqliteStore::ReadCurrentRegistry() {
  CHAYAN_ASSIGN_OR_RETURN(Pool<SqliteReader>::Loan reader, readers_.Borrow());
  return reader->ReadCurrentRegistry();
}

absl::StatusOr<RegistrySet> OpenSqliteStore::ReadRegistry(const crypto::Digest& digest) {
  CHAYAN_ASSIGN_OR_RETURN(Pool<SqliteReader>::Loan reader, readers_.Borrow());
  return reader->ReadRegistry(digest);
}

absl::Status OpenSqliteStore::Maintain() {
  CHAYAN_RETURN_IF_ERROR(CheckNotLost());
  if (absl::Status moved = guard_->Check(); !moved.ok()) return Lose(std::move(moved));
  CHAYAN_ASSIGN_OR_RETURN(const uint64_t indexed, search_index_->IndexedEnd());
  for (uint64_t end = indexed; end < indexed + kRunsBuiltMax * kRunEntries;) {
    CHAYAN_ASSIGN_OR_RETURN(const bool more, search_index_->BuildSome());
    if (!more) break;
    CHAYAN_ASSIGN_OR_RETURN(end, search_index_->IndexedEnd());
  }
  return CheckpointLog();
}

absl::Status OpenSqliteStore::CheckpointLog() {
  absl::MutexLock lock(&maintain_mu_);
  int pages = 0;
  int moved_pages = 0;
  // PASSIVE waits for nobody and lets nobody wait.
  int code = sqlite3_wal_checkpoint_v2(maintainer_.handle(), "main", SQLITE_CHECKPOINT_PASSIVE,
                                       &pages, &moved_pages);
  if (code == SQLITE_OK && pages > kWalPagesMax) {
    code = sqlite3_wal_checkpoint_v2(maintainer_.handle(), "main", SQLITE_CHECKPOINT_RESTART,
                                     nullptr, nullptr);
  }
  // Busy: a long read holds it; the next second tries again.
  if (code == SQLITE_OK || (code & 0xFF) == SQLITE_BUSY) return absl::OkStatus();
  return Annotate(LastError(maintainer_.handle()), "checkpoint of the store");
}

// The file gets the overwritten pages, then the write-ahead log, which still has the older ones, is
// cut to nothing.
absl::Status OpenSqliteStore::Purge() {
  CHAYAN_RETURN_IF_ERROR(CheckNotLost());
  if (absl::Status moved = guard_->Check(); !moved.ok()) return Lose(std::move(moved));
  // Most of it while appends go on; they wait for the rest alone.
  CHAYAN_RETURN_IF_ERROR(CheckpointLog());
  absl::MutexLock write_lock(&write_mu_);
  absl::MutexLock lock(&maintain_mu_);
  // Appends wait meanwhile: a reader is not waited for, the caller comes again.
  sqlite3_busy_timeout(maintainer_.handle(), kPurgeBusyMs);
  const absl::Cleanup patience = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    sqlite3_busy_timeout(maintainer_.handle(), kBusyTimeoutMs);
  };
  const int code = sqlite3_wal_checkpoint_v2(maintainer_.handle(), "main",
                                             SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  if (code == SQLITE_OK) return absl::OkStatus();
  return Annotate(LastError(maintainer_.handle()), "cut the store's write-ahead log");
}

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> SqliteStore::Open(const std::string& path) {
  return OpenSqliteStore::Create(path);
}

}  // namespace chayan::store
