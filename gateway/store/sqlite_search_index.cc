#include "gateway/store/sqlite_search_index.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "gateway/base/status_macros.h"
#include "gateway/store/rows.h"

namespace chayan::store {
namespace {

// Blocks a transaction writes, about 120 KiB: a commit waits for one no longer than for itself.
constexpr size_t kSliceBlocks = 32;
// Rows a step of erasing a key erases.
constexpr size_t kErasedMax = 256;

int64_t Signed(uint64_t value) { return static_cast<int64_t>(value); }

bool HasTag(absl::string_view tags, const SearchTag& tag) {
  for (size_t at = 0; at + kTagBytes <= tags.size(); at += kTagBytes) {
    if (std::memcmp(tags.data() + at, tag.data(), kTagBytes) == 0) return true;
  }
  return false;
}

bool IsZero(const SearchTag& tag) { return tag == SearchTag{}; }

void SortUnique(std::vector<uint64_t>& found) {
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteSearchIndex>> SqliteSearchIndex::Open(
    const std::string& path, absl::Mutex& write_mu, std::function<absl::Status()> check) {
  std::unique_ptr<SqliteSearchIndex> index(new SqliteSearchIndex(write_mu, std::move(check)));
  CHAYAN_RETURN_IF_ERROR(index->OpenConnections(path));
  return index;
}

absl::Status SqliteSearchIndex::OpenConnections(const std::string& path) {
  absl::MutexLock build_lock(&build_mu_);
  CHAYAN_ASSIGN_OR_RETURN(builder_, Connection::Open(path, Connection::Mode::kReadWrite));
  for (const char* pragma : {"PRAGMA synchronous = NORMAL", "PRAGMA wal_autocheckpoint = 0",
                             "PRAGMA secure_delete = ON", "PRAGMA cell_size_check = ON"}) {
    CHAYAN_RETURN_IF_ERROR(builder_.Run(pragma));
  }
  const std::pair<Statement*, const char*> builds[] = {
      {&select_head_, "SELECT size FROM head WHERE id = 1"},
      {&select_next_run_, "SELECT max(run) + 1 FROM search_run"},
      {&select_rows_, "SELECT idx, key_id, tags FROM vault WHERE idx >= ? AND idx < ?"},
      {&select_run_keys_, "SELECT run, key_ids FROM search_run ORDER BY run"},
      {&insert_block_, "INSERT INTO search_block (id, tags) VALUES (?, ?)"},
      {&insert_run_, "INSERT INTO search_run (run, key_ids) VALUES (?, ?)"},
      {&update_run_, "UPDATE search_run SET key_ids = ? WHERE run = ?"},
  };
  for (const auto& [statement, sql] : builds) {
    CHAYAN_ASSIGN_OR_RETURN(*statement, builder_.Prepare(sql));
  }
  CHAYAN_ASSIGN_OR_RETURN(eraser_, RowEraser::Prepare(builder_));
  // A run that a process left half built is begun anew.
  CHAYAN_ASSIGN_OR_RETURN(const uint64_t next, NextRun());
  const std::string half_built = absl::StrCat("FROM search_block WHERE id >= ", next * kRunBlocks);
  CHAYAN_ASSIGN_OR_RETURN(const std::string any, builder_.Ask("SELECT 1 " + half_built));
  if (!any.empty()) CHAYAN_RETURN_IF_ERROR(builder_.Run("DELETE " + half_built));

  absl::MutexLock find_lock(&find_mu_);
  CHAYAN_ASSIGN_OR_RETURN(finder_, Connection::Open(path, Connection::Mode::kReadOnly));
  CHAYAN_RETURN_IF_ERROR(finder_.Run("PRAGMA cell_size_check = ON"));
  const std::pair<Statement*, const char*> finds[] = {
      {&select_runs_,
       "SELECT run, key_ids FROM search_run WHERE run >= ? AND run < ? ORDER BY run"},
      {&select_block_, "SELECT tags FROM search_block WHERE id = ?"},
      {&select_tail_,
       "SELECT idx, key_id, tags FROM vault WHERE idx >= ? AND idx < ? ORDER BY idx"},
      {&select_indexed_, "SELECT max(run) + 1 FROM search_run"},
  };
  for (const auto& [statement, sql] : finds) {
    CHAYAN_ASSIGN_OR_RETURN(*statement, finder_.Prepare(sql));
  }
  return absl::OkStatus();
}

// --- building ----------------------------------------------------------------------------------

absl::StatusOr<uint64_t> SqliteSearchIndex::NextRun() {
  const absl::Cleanup resetter = [this] { select_next_run_.Reset(); };
  CHAYAN_ASSIGN_OR_RETURN(const bool row, select_next_run_.Step());
  return row ? static_cast<uint64_t>(select_next_run_.Integer(0)) : 0;
}

absl::StatusOr<bool> SqliteSearchIndex::BuildSome() {
  CHAYAN_RETURN_IF_ERROR(check_());
  absl::MutexLock lock(&build_mu_);
  if (!run_.has_value()) {
    CHAYAN_ASSIGN_OR_RETURN(const bool begun, BeginRun());
    if (!begun) return false;
  }
  if (absl::Status status = WriteSlice(); !status.ok()) {
    // What is in the store of it goes away before it is begun again.
    const uint64_t first_block = run_->run * kRunBlocks;
    run_.reset();
    CHAYAN_RETURN_IF_ERROR(Transact([this, first_block] {
      return builder_.Run(absl::StrCat("DELETE FROM search_block WHERE id >= ", first_block));
    }));
    return status;
  }
  return true;
}

absl::StatusOr<bool> SqliteSearchIndex::BeginRun() {
  CHAYAN_ASSIGN_OR_RETURN(const uint64_t next, NextRun());
  {
    const absl::Cleanup resetter = [this] { select_head_.Reset(); };
    CHAYAN_ASSIGN_OR_RETURN(const bool row, select_head_.Step());
    if (!row || static_cast<uint64_t>(select_head_.Integer(0)) < (next + 1) * kRunEntries) {
      return false;
    }
  }
  {
    // From here on every erasure is remembered; what was erased before is not read any more.
    absl::MutexLock write_lock(&write_mu_);
    forgotten_.clear();
  }
  Run run;
  run.run = next;
  CHAYAN_RETURN_IF_ERROR(ReadRun(run));
  run_ = std::move(run);
  return true;
}

absl::Status SqliteSearchIndex::ReadRun(Run& run) {
  const absl::Cleanup resetter = [this] { select_rows_.Reset(); };
  const uint64_t first = run.run * kRunEntries;
  select_rows_.Bind(1, Signed(first)).Bind(2, Signed(first + kRunEntries));
  while (true) {
    CHAYAN_ASSIGN_OR_RETURN(const bool row, select_rows_.Step());
    if (!row) return absl::OkStatus();
    const auto place = static_cast<uint64_t>(select_rows_.Integer(0)) - first;
    const absl::string_view key_id = select_rows_.Blob(1);
    const absl::string_view tags = select_rows_.Blob(2);
    if (IsErased(key_id)) continue;
    bool has_tags = false;
    for (size_t at = 0; at + kTagBytes <= tags.size(); at += kTagBytes) {
      const absl::string_view tag = tags.substr(at, kTagBytes);
      if (IsNoTag(tag)) continue;
      std::string& block = run.blocks[static_cast<uint8_t>(tag[0])];
      block.append(tag.data(), tag.size());
      block.push_back(static_cast<char>(place >> 8));
      block.push_back(static_cast<char>(place));
      has_tags = true;
    }
    if (has_tags) run.key_ids.emplace(key_id);
  }
}

absl::Status SqliteSearchIndex::WriteSlice() {
  Run& run = *run_;
  CHAYAN_RETURN_IF_ERROR(
      Transact([this, &run]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return WriteBlocks(run); }));
  if (run.next_block == kRunBlocks) run_.reset();
  return absl::OkStatus();
}

absl::Status SqliteSearchIndex::WriteBlocks(Run& run) {
  for (const uint64_t index : std::exchange(forgotten_, {})) {
    if (index / kRunEntries != run.run) continue;
    const uint64_t place = index % kRunEntries;
    // In which blocks its tags stood is not known any more.
    for (std::string& block : run.blocks) {
      for (size_t item = 0; item + kBlockItemBytes <= block.size(); item += kBlockItemBytes) {
        const auto high = static_cast<uint8_t>(block[item + kTagBytes]);
        const auto low = static_cast<uint8_t>(block[item + kTagBytes + 1]);
        if ((uint64_t{high} << 8 | low) != place) continue;
        std::fill_n(block.begin() + static_cast<std::ptrdiff_t>(item), kTagBytes, '\0');
      }
    }
  }
  const size_t end = std::min<size_t>(run.next_block + kSliceBlocks, kRunBlocks);
  for (size_t i = run.next_block; i < end; ++i) {
    if (run.blocks[i].empty()) continue;
    insert_block_.Bind(1, Signed(run.run * kRunBlocks + i)).Bind(2, run.blocks[i]);
    CHAYAN_RETURN_IF_ERROR(insert_block_.Run());
  }
  run.next_block = end;
  if (end < kRunBlocks) return absl::OkStatus();
  // From the commit of this row on the run is searched and the tail begins behind it.
  const std::string key_ids = absl::StrJoin(run.key_ids, "\n");
  return insert_run_.Bind(1, Signed(run.run)).Bind(2, key_ids).Run();
}

absl::Status SqliteSearchIndex::Transact(absl::FunctionRef<absl::Status()> work) {
  absl::MutexLock write_lock(&write_mu_);
  CHAYAN_RETURN_IF_ERROR(builder_.Run("BEGIN IMMEDIATE"));
  absl::Status status = work();
  if (status.ok()) status = builder_.Run("COMMIT");
  if (status.ok()) return status;
  if (builder_.in_transaction()) CHAYAN_RETURN_IF_ERROR(builder_.Run("ROLLBACK"));
  return status;
}

// --- erasing -----------------------------------------------------------------------------------

void SqliteSearchIndex::Forget(uint64_t index) { forgotten_.push_back(index); }

// Which runs have rows of a key stands in search_run, so what is left to do is found without a look
// at the vault: only behind the last run rows are read.
absl::StatusOr<bool> SqliteSearchIndex::EraseSomeOf(absl::string_view key_id) {
  CHAYAN_RETURN_IF_ERROR(check_());
  absl::MutexLock lock(&build_mu_);
  CHAYAN_ASSIGN_OR_RETURN(auto run, FindRunOf(key_id));
  if (!run.has_value()) {
    CHAYAN_ASSIGN_OR_RETURN(const uint64_t next, NextRun());
    CHAYAN_ASSIGN_OR_RETURN(const std::vector<uint64_t> rows,
                            RowsOf(key_id, {next * kRunEntries, kIndexMax}));
    CHAYAN_RETURN_IF_ERROR(EraseRows(rows));
    return !rows.empty();
  }
  auto& [number, key_ids] = *run;
  const uint64_t first = number * kRunEntries;
  CHAYAN_ASSIGN_OR_RETURN(const std::vector<uint64_t> rows,
                          RowsOf(key_id, {first, first + kRunEntries}));
  CHAYAN_RETURN_IF_ERROR(EraseRows(rows));
  if (rows.size() == kErasedMax) return true;
  std::erase(key_ids, key_id);
  const std::string left = absl::StrJoin(key_ids, "\n");
  CHAYAN_RETURN_IF_ERROR(Transact([this, &left, number = number]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return update_run_.Bind(1, left).Bind(2, Signed(number)).Run();
  }));
  return true;
}

absl::StatusOr<std::optional<std::pair<uint64_t, std::vector<std::string>>>>
SqliteSearchIndex::FindRunOf(absl::string_view key_id) {
  const absl::Cleanup resetter = [this] { select_run_keys_.Reset(); };
  while (true) {
    CHAYAN_ASSIGN_OR_RETURN(const bool row, select_run_keys_.Step());
    if (!row) return std::nullopt;
    std::vector<std::string> key_ids = absl::StrSplit(select_run_keys_.Blob(1), '\n');
    if (std::find(key_ids.begin(), key_ids.end(), key_id) == key_ids.end()) continue;
    return std::make_pair(static_cast<uint64_t>(select_run_keys_.Integer(0)), std::move(key_ids));
  }
}

absl::StatusOr<std::vector<uint64_t>> SqliteSearchIndex::RowsOf(absl::string_view key_id,
                                                                EntryRange range) {
  const absl::Cleanup resetter = [this] { select_rows_.Reset(); };
  select_rows_.Bind(1, Signed(range.first)).Bind(2, Signed(range.end));
  std::vector<uint64_t> rows;
  while (rows.size() < kErasedMax) {
    CHAYAN_ASSIGN_OR_RETURN(const bool row, select_rows_.Step());
    if (!row) break;
    if (select_rows_.Blob(1) == key_id) {
      rows.push_back(static_cast<uint64_t>(select_rows_.Integer(0)));
    }
  }
  return rows;
}

absl::Status SqliteSearchIndex::EraseRows(const std::vector<uint64_t>& rows) {
  if (rows.empty()) return absl::OkStatus();
  return Transact([this, &rows]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    for (const uint64_t index : rows) {
      CHAYAN_RETURN_IF_ERROR(eraser_.Erase(index));
      Forget(index);
    }
    return absl::OkStatus();
  });
}

void SqliteSearchIndex::KeepLogOnClose() {
  absl::MutexLock build_lock(&build_mu_);
  absl::MutexLock find_lock(&find_mu_);
  for (sqlite3* const database : {builder_.handle(), finder_.handle()}) {
    if (database == nullptr) continue;
    sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  }
}

// --- finding -----------------------------------------------------------------------------------

absl::StatusOr<uint64_t> SqliteSearchIndex::IndexedEnd() {
  absl::MutexLock lock(&find_mu_);
  const absl::Cleanup resetter = [this] { select_indexed_.Reset(); };
  CHAYAN_ASSIGN_OR_RETURN(const bool row, select_indexed_.Step());
  return row ? static_cast<uint64_t>(select_indexed_.Integer(0)) * kRunEntries : 0;
}

absl::StatusOr<std::vector<uint64_t>> SqliteSearchIndex::Find(std::span<const KeyedTag> tags,
                                                              EntryRange range, size_t count_max) {
  std::vector<uint64_t> found;
  std::vector<KeyedTag> given;
  std::copy_if(tags.begin(), tags.end(), std::back_inserter(given),
               [](const KeyedTag& tag) { return !IsZero(tag.tag); });
  range.end = std::min(range.end, kIndexMax);
  if (given.empty() || range.first >= range.end || count_max == 0) return found;
  absl::MutexLock lock(&find_mu_);
  // Runs and tail as of one moment: a run that is finished meanwhile would be in neither.
  CHAYAN_RETURN_IF_ERROR(finder_.Run("BEGIN"));
  absl::Status status = FindInRuns(given, range, count_max, found);
  if (status.ok() && found.size() < count_max) status = FindInTail(given, range, count_max, found);
  CHAYAN_RETURN_IF_ERROR(finder_.Run("ROLLBACK"));
  CHAYAN_RETURN_IF_ERROR(status);
  if (found.size() > count_max) found.resize(count_max);
  return found;
}

absl::Status SqliteSearchIndex::FindInRuns(std::span<const KeyedTag> tags, EntryRange range,
                                           size_t count_max, std::vector<uint64_t>& found) {
  const absl::Cleanup resetter = [this] { select_runs_.Reset(); };
  select_runs_.Bind(1, Signed(range.first / kRunEntries))
      .Bind(2, Signed((range.end - 1) / kRunEntries + 1));
  while (found.size() < count_max) {
    CHAYAN_ASSIGN_OR_RETURN(const bool row, select_runs_.Step());
    if (!row) break;
    const auto run = static_cast<uint64_t>(select_runs_.Integer(0));
    std::vector<uint64_t> here;
    for (const absl::string_view key_id : absl::StrSplit(select_runs_.Blob(1), '\n')) {
      for (const KeyedTag& tag : tags) {
        if (key_id != tag.key_id) continue;
        CHAYAN_RETURN_IF_ERROR(FindInBlock(run, tag.tag, range, here));
      }
    }
    SortUnique(here);
    found.insert(found.end(), here.begin(), here.end());
  }
  return absl::OkStatus();
}

absl::Status SqliteSearchIndex::FindInBlock(uint64_t run, const SearchTag& tag, EntryRange range,
                                            std::vector<uint64_t>& found) {
  const absl::Cleanup resetter = [this] { select_block_.Reset(); };
  select_block_.Bind(1, Signed(run * kRunBlocks + tag[0]));
  CHAYAN_ASSIGN_OR_RETURN(const bool row, select_block_.Step());
  if (!row) return absl::OkStatus();
  const absl::string_view block = select_block_.Blob(0);
  for (size_t item = 0; item + kBlockItemBytes <= block.size(); item += kBlockItemBytes) {
    if (std::memcmp(block.data() + item, tag.data(), kTagBytes) != 0) continue;
    const auto high = static_cast<uint8_t>(block[item + kTagBytes]);
    const auto low = static_cast<uint8_t>(block[item + kTagBytes + 1]);
    const uint64_t index = run * kRunEntries + (uint64_t{high} << 8 | low);
    if (index >= range.first && index < range.end) found.push_back(index);
  }
  return absl::OkStatus();
}

absl::Status SqliteSearchIndex::FindInTail(std::span<const KeyedTag> tags, EntryRange range,
                                           size_t count_max, std::vector<uint64_t>& found) {
  uint64_t indexed = 0;
  {
    const absl::Cleanup resetter = [this] { select_indexed_.Reset(); };
    CHAYAN_ASSIGN_OR_RETURN(const bool row, select_indexed_.Step());
    if (row) indexed = static_cast<uint64_t>(select_indexed_.Integer(0)) * kRunEntries;
  }
  const absl::Cleanup resetter = [this] { select_tail_.Reset(); };
  select_tail_.Bind(1, Signed(std::max(indexed, range.first))).Bind(2, Signed(range.end));
  while (found.size() < count_max) {
    CHAYAN_ASSIGN_OR_RETURN(const bool row, select_tail_.Step());
    if (!row) break;
    const absl::string_view key_id = select_tail_.Blob(1);
    const absl::string_view row_tags = select_tail_.Blob(2);
    const bool fits = std::any_of(tags.begin(), tags.end(), [&](const KeyedTag& tag) {
      return key_id == tag.key_id && HasTag(row_tags, tag.tag);
    });
    if (fits) found.push_back(static_cast<uint64_t>(select_tail_.Integer(0)));
  }
  return absl::OkStatus();
}

}  // namespace chayan::store
