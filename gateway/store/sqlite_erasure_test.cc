// Goal: what was erased is in no file of the store once Purge has returned, after a crash at any
// step too, and an erasure is whole or not at all; an index whose building was ended finds the
// same. Method: rows with marked bytes; the raw bytes of the database, its write-ahead log and the
// shared memory are searched for them. Rows are erased one by one in an order that would make a
// B-tree merge its pages, because a merge leaves copies behind. For crashes a process erases and
// purges and is ended at its first file operation, at its second, and so on.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <numeric>
#include <random>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/check.h"
#include "gateway/base/file.h"
#include "gateway/base/status_matchers.h"
#include "gateway/store/conformance.h"
#include "gateway/store/connection.h"
#include "gateway/store/fault_vfs.h"
#include "gateway/store/sqlite.h"

namespace chayan::store {
namespace {

std::string Marked(absl::string_view what, uint64_t index) {
  return absl::StrCat("<", what, "-of-", index, ">");
}

// 16 bytes that stand nowhere else.
std::string MarkedTag(uint64_t index) {
  const crypto::Digest digest = crypto::Sha256(absl::StrCat("tag ", index));
  return std::string(digest.raw().substr(0, 16));
}

// Entries with vault rows of all lengths, small ones and some that overflow a page.
PlannedBatch MarkedBatch(const Head& old, size_t count) {
  PlannedBatch planned = PlanBatch(old, count);
  for (size_t i = 0; i < count; ++i) {
    const uint64_t index = old.size + i;
    planned.batch.entries[i].leaf = absl::StrCat("leaf ", index);
    planned.batch.entries[i].vault = {
        .key_id = "2026-11.five-years",
        .wrapped_secret = Marked("secret", index),
        .sealed_detail = Marked("detail", index) + std::string(index * 37 % 900, 'x') +
                         (index % 100 == 0 ? std::string(9000, 'y') + Marked("end", index) : ""),
        .tags = MarkedTag(index)};
  }
  return planned;
}

class SqliteErasureTest : public ::testing::Test {
 protected:
  SqliteErasureTest() {
    InstallFaultVfs();
    SetFaultPlan({});
  }
  ~SqliteErasureTest() override { SetFaultPlan({}); }

  void Open() {
    store_.reset();
    absl::StatusOr<std::unique_ptr<Store>> opened = SqliteStore::Open(path_);
    ASSERT_OK(opened);
    store_ = *std::move(opened);
  }
  void Fill(size_t count) {
    const Head head = *store_->ReadHead();
    const PlannedBatch planned = MarkedBatch(head, count);
    ASSERT_EQ(store_->Append(head, planned.batch, planned.head).result, AppendResult::kCommitted);
  }
  static AppendResult Erase(Store& store, std::vector<uint64_t> indexes) {
    const absl::StatusOr<Head> head = store.ReadHead();
    if (!head.ok()) return AppendResult::kFailed;
    PlannedBatch planned = PlanBatch(*head, 1);
    planned.batch.entries[0].vault.reset();
    planned.batch.entries[0].erasures = std::move(indexes);
    return store.Append(*head, planned.batch, planned.head).result;
  }
  // All bytes of the store's files.
  std::string Raw() const {
    std::string bytes;
    for (const char* suffix : {"", "-wal", "-shm"}) {
      const std::string file = path_ + suffix;
      if (!std::filesystem::exists(file)) continue;
      FILE* const opened = fopen(file.c_str(), "rb");
      CHAYAN_CHECK(opened != nullptr);
      char block[1 << 16];
      for (size_t got; (got = fread(block, 1, sizeof(block), opened)) > 0;) {
        bytes.append(block, got);
      }
      fclose(opened);
    }
    return bytes;
  }
  // What is left of an entry's row in the files.
  static std::string Left(absl::string_view raw, uint64_t index) {
    for (const char* what : {"secret", "detail", "end"}) {
      if (absl::StrContains(raw, Marked(what, index))) return what;
    }
    return absl::StrContains(raw, MarkedTag(index)) ? "tag" : "";
  }

  TestFolder folder_{TestFolder::Memory()};
  const std::string path_ = folder_ / "store.db";
  std::unique_ptr<Store> store_;
};

TEST_F(SqliteErasureTest, NothingOfAnErasedRowIsLeftInAnyFile) {
  constexpr uint64_t kEntries = 20'000;
  Open();
  Fill(kEntries);
  while (*store_->search_index()->BuildSome()) continue;
  EXPECT_EQ(Left(Raw(), 4711), "secret") << "the search finds nothing";
  // Most of them, in an order of their own: whole pages become empty between pages that stay.
  std::vector<uint64_t> order(kEntries);
  std::iota(order.begin(), order.end(), 0);
  std::mt19937_64 generator(1);
  std::shuffle(order.begin(), order.end(), generator);
  constexpr size_t kErased = kEntries * 9 / 10;
  for (size_t i = 0; i < kErased; i += 600) {
    ASSERT_EQ(Erase(*store_, {order.begin() + static_cast<std::ptrdiff_t>(i),
                              order.begin() + static_cast<std::ptrdiff_t>(i + 600)}),
              AppendResult::kCommitted);
    // Old pages are in the write-ahead log until it is cut.
    if (i % 3000 == 0) {
      EXPECT_OK(store_->Maintain());
    }
  }
  ASSERT_OK(store_->erasures()->Purge());
  const std::string raw = Raw();
  // One pass over the files: every mark that stands there belongs to a row that stays.
  std::vector<bool> erased(kEntries);
  for (size_t i = 0; i < kErased; ++i) erased[order[i]] = true;
  size_t seen = 0;
  for (size_t at = raw.find("-of-"); at != std::string::npos; at = raw.find("-of-", at + 4)) {
    const uint64_t index = std::strtoull(raw.c_str() + at + 4, nullptr, 10);
    ASSERT_LT(index, kEntries);
    ASSERT_FALSE(erased[index]) << "of " << index;
    ++seen;
  }
  EXPECT_GE(seen, 2 * (kEntries - kErased));
  for (size_t i = 0; i < 20; ++i) {
    ASSERT_FALSE(absl::StrContains(raw, MarkedTag(order[i]))) << "of " << order[i];
  }
  EXPECT_EQ(Left(raw, order.back()), "secret");
  EXPECT_TRUE(absl::StrContains(raw, MarkedTag(order.back())));
}

TEST_F(SqliteErasureTest, NothingOfADestroyedKeysRowsIsLeftInAnyFile) {
  Open();
  Fill(500);
  absl::StatusOr<bool> more = true;
  while (more.ok() && *more) more = store_->erasures()->EraseSomeOf("2026-11.five-years");
  ASSERT_OK(more);
  ASSERT_OK(store_->erasures()->Purge());
  const std::string raw = Raw();
  EXPECT_FALSE(absl::StrContains(raw, "-of-"));
  for (uint64_t i = 0; i < 500; ++i) ASSERT_FALSE(absl::StrContains(raw, MarkedTag(i))) << i;
}

// A reader that is in the middle of something keeps the old pages, and Purge says so.
TEST_F(SqliteErasureTest, PurgeWaitsForNoReaderAndClaimsNothing) {
  Open();
  Fill(10);
  absl::StatusOr<Connection> reader = Connection::Open(path_, Connection::Mode::kReadOnly);
  ASSERT_OK(reader);
  ASSERT_OK(reader->Run("BEGIN"));
  ASSERT_OK(reader->Ask("SELECT count(*) FROM vault"));
  ASSERT_EQ(Erase(*store_, {3}), AppendResult::kCommitted);
  EXPECT_TRUE(absl::IsUnavailable(store_->erasures()->Purge()));
  EXPECT_NE(Left(Raw(), 3), "");
  ASSERT_OK(reader->Run("ROLLBACK"));
  ASSERT_OK(store_->erasures()->Purge());
  EXPECT_EQ(Left(Raw(), 3), "");
  EXPECT_EQ(std::filesystem::file_size(path_ + "-wal"), 0u);
}

// What a process comes to that is ended at a step, as kill -9 or a power cut does.
int RunAndCrash(size_t step, FaultAction action, const std::function<void()>& body) {
  const pid_t child = fork();
  if (child == 0) {
    SetFaultPlan([step, action](const FileStep& at) {
      if (at.number != step) return FaultAction::kPass;
      const bool can_tear = at.operation == FileOperation::kWrite;
      return action == FaultAction::kTear && !can_tear ? FaultAction::kKill : action;
    });
    body();
    _exit(0);
  }
  int status = 0;
  CHAYAN_CHECK(waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

class SqliteErasureCrashTest : public SqliteErasureTest,
                               public ::testing::WithParamInterface<FaultAction> {};

TEST_P(SqliteErasureCrashTest, AnErasureIsWholeOrNotAtAllAndIsFinishedAtTheNextStart) {
  size_t erased_runs = 0;
  for (size_t step = 1;; ++step) {
    SCOPED_TRACE(step);
    for (const char* suffix : {"", "-wal", "-shm", ".lock"}) {
      std::filesystem::remove(path_ + suffix);
    }
    Open();
    Fill(40);
    store_.reset();
    const int code = RunAndCrash(step, GetParam(), [this] {
      absl::StatusOr<std::unique_ptr<Store>> store = SqliteStore::Open(path_);
      if (!store.ok() || Erase(**store, {7}) != AppendResult::kCommitted) _exit(1);
      if (!(*store)->erasures()->Purge().ok()) _exit(2);
      store->reset();
    });
    if (GetParam() == FaultAction::kPowerCut) std::filesystem::remove(path_ + "-shm");
    Open();
    const uint64_t size = store_->ReadHead()->size;
    const bool erased = absl::IsNotFound(store_->ReadVault(7).status());
    // The entry that says so, and the row, go together.
    ASSERT_EQ(erased, size == 41) << size;
    ASSERT_OK(store_->ReadVault(8));
    ASSERT_OK(store_->erasures()->Purge());
    ASSERT_EQ(Left(Raw(), 7).empty(), erased);
    erased_runs += erased ? 1 : 0;
    if (code == 0) break;
    ASSERT_EQ(code, kFaultExit);
  }
  EXPECT_GT(erased_runs, 1u);
}

// A run of the index, and a tail.
constexpr size_t kIndexedEntries = 16384 + 50;
// Building writes hundreds of pages; each way of ending meets others of them.
constexpr size_t kIndexSteps = 9;

TEST_P(SqliteErasureCrashTest, AnIndexThatWasBeingBuiltFindsTheSame) {
  Open();
  Fill(kIndexedEntries);
  store_.reset();
  const std::string copy = folder_ / "filled.db";
  std::filesystem::copy_file(path_, copy);
  const auto finds_each = [this] {
    for (const uint64_t index : {uint64_t{0}, uint64_t{7}, uint64_t{16383}, uint64_t{16400}}) {
      SearchTag tag;
      const std::string bytes = MarkedTag(index);
      std::copy(bytes.begin(), bytes.end(), tag.begin());
      const KeyedTag keyed{.key_id = "2026-11.five-years", .tag = tag};
      const auto found = store_->search_index()->Find({&keyed, 1}, {0, kIndexedEntries}, 10);
      ASSERT_OK(found);
      ASSERT_EQ(*found, std::vector<uint64_t>{index});
    }
  };
  size_t crashes = 0;
  for (size_t step = 1 + static_cast<size_t>(GetParam());; step += kIndexSteps) {
    SCOPED_TRACE(step);
    store_.reset();
    for (const char* suffix : {"", "-wal", "-shm", ".lock"}) {
      std::filesystem::remove(path_ + suffix);
    }
    std::filesystem::copy_file(copy, path_);
    const int code = RunAndCrash(step, GetParam(), [this] {
      absl::StatusOr<std::unique_ptr<Store>> store = SqliteStore::Open(path_);
      if (!store.ok()) _exit(1);
      absl::StatusOr<bool> more = true;
      while (more.ok() && *more) more = (*store)->search_index()->BuildSome();
      if (!more.ok() || !(*store)->Maintain().ok()) _exit(2);
      store->reset();
    });
    if (GetParam() == FaultAction::kPowerCut) std::filesystem::remove(path_ + "-shm");
    Open();
    finds_each();
    if (HasFatalFailure()) return;
    absl::StatusOr<bool> more = true;
    while (more.ok() && *more) more = store_->search_index()->BuildSome();
    ASSERT_OK(more);
    ASSERT_EQ(*store_->search_index()->IndexedEnd(), 16384u);
    finds_each();
    if (HasFatalFailure()) return;
    if (code == 0) break;
    ASSERT_EQ(code, kFaultExit);
    ++crashes;
  }
  EXPECT_GT(crashes, 3u);
}

INSTANTIATE_TEST_SUITE_P(Crash, SqliteErasureCrashTest,
                         ::testing::Values(FaultAction::kKill, FaultAction::kTear,
                                           FaultAction::kPowerCut));

}  // namespace
}  // namespace chayan::store
