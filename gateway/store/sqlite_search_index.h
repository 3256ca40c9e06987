// The search index of the SQLite store. A run is kRunEntries consecutive entries; its tags lie in
// blocks by their first byte, `search_block(run * 256 + first byte)`, each about a page; the run
// counts once `search_run` has its row, which also names its vault keys. A search seeks one block a
// run and key. Blocks are appended in the order of their ids, so that building writes each page
// once, and are only ever overwritten in place (see row_eraser.h).
//
// An entry's time never falls below that of the one before, so a span of days is a span of indexes,
// and the index needs no dates. Private to this room.
#ifndef CHAYAN_GATEWAY_STORE_SQLITE_SEARCH_INDEX_H_
#define CHAYAN_GATEWAY_STORE_SQLITE_SEARCH_INDEX_H_

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/btree_set.h"
#include "absl/functional/function_ref.h"
#include "absl/synchronization/mutex.h"
#include "gateway/store/connection.h"
#include "gateway/store/row_eraser.h"
#include "gateway/store/search_index.h"

namespace chayan::store {

// Builds over a connection that does not sync its commits: the next append's sync makes a slice
// durable, and a lost slice is built again.
class SqliteSearchIndex final : public SearchIndex {
 public:
  // `write_mu` orders transactions with those of the committer's connection; `check` gives the
  // store's fault, if it has one. Both outlive the result.
  static absl::StatusOr<std::unique_ptr<SqliteSearchIndex>> Open(
      const std::string& path, absl::Mutex& write_mu, std::function<absl::Status()> check);

  absl::StatusOr<std::vector<uint64_t>> Find(std::span<const KeyedTag> tags, EntryRange range,
                                             size_t count_max) override;
  absl::StatusOr<bool> BuildSome() override;
  absl::StatusOr<uint64_t> IndexedEnd() override;

  // As Erasures::EraseSomeOf.
  absl::StatusOr<bool> EraseSomeOf(absl::string_view key_id);
  // An append has erased this row: a run that is being built forgets it. Under `write_mu`.
  void Forget(uint64_t index);
  // The connections close without touching the write-ahead log.
  void KeepLogOnClose();

 private:
  // A run on its way into the store.
  struct Run {
    uint64_t run = 0;
    std::array<std::string, kRunBlocks> blocks;
    absl::btree_set<std::string> key_ids;
    size_t next_block = 0;
  };

  SqliteSearchIndex(absl::Mutex& write_mu, std::function<absl::Status()> check)
      : write_mu_(write_mu), check_(std::move(check)) {}

  absl::Status OpenConnections(const std::string& path);
  absl::StatusOr<uint64_t> NextRun() ABSL_EXCLUSIVE_LOCKS_REQUIRED(build_mu_);
  absl::StatusOr<bool> BeginRun() ABSL_EXCLUSIVE_LOCKS_REQUIRED(build_mu_);
  absl::Status ReadRun(Run& run) ABSL_EXCLUSIVE_LOCKS_REQUIRED(build_mu_);
  absl::Status WriteSlice() ABSL_EXCLUSIVE_LOCKS_REQUIRED(build_mu_);
  absl::Status WriteBlocks(Run& run) ABSL_EXCLUSIVE_LOCKS_REQUIRED(build_mu_);
  // The rows of a key among entries [first, end), at most kErasedMax.
  absl::StatusOr<std::vector<uint64_t>> RowsOf(absl::string_view key_id, EntryRange range)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(build_mu_);
  absl::Status EraseRows(const std::vector<uint64_t>& rows)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(build_mu_);
  // The first run that names the key, and all its keys.
  absl::StatusOr<std::optional<std::pair<uint64_t, std::vector<std::string>>>> FindRunOf(
      absl::string_view key_id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(build_mu_);
  // Runs `work` as one transaction of the building connection.
  absl::Status Transact(absl::FunctionRef<absl::Status()> work)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(build_mu_);

  absl::Status FindInRuns(std::span<const KeyedTag> tags, EntryRange range, size_t count_max,
                          std::vector<uint64_t>& found) ABSL_EXCLUSIVE_LOCKS_REQUIRED(find_mu_);
  absl::Status FindInTail(std::span<const KeyedTag> tags, EntryRange range, size_t count_max,
                          std::vector<uint64_t>& found) ABSL_EXCLUSIVE_LOCKS_REQUIRED(find_mu_);
  absl::Status FindInBlock(uint64_t run, const SearchTag& tag, EntryRange range,
                           std::vector<uint64_t>& found) ABSL_EXCLUSIVE_LOCKS_REQUIRED(find_mu_);

  absl::Mutex& write_mu_;
  const std::function<absl::Status()> check_;

  absl::Mutex build_mu_;  // taken before write_mu_
  Connection builder_ ABSL_GUARDED_BY(build_mu_);
  Statement select_head_, select_next_run_, select_rows_, select_run_keys_;
  Statement insert_block_, insert_run_, update_run_;
  RowEraser eraser_;
  std::optional<Run> run_ ABSL_GUARDED_BY(build_mu_);

  // Rows erased since the run being built was begun. Guarded by write_mu_, which is not ours to
  // name here.
  std::vector<uint64_t> forgotten_;

  absl::Mutex find_mu_;
  Connection finder_ ABSL_GUARDED_BY(find_mu_);
  Statement select_runs_, select_block_, select_tail_, select_indexed_;
};

}  // namespace chayan::store

#endif  // CHAYAN_GATEWAY_STORE_SQLITE_SEARCH_INDEX_H_
