// Goal: the SQLite store keeps the contract, and where its disk or its file betrays it, it fails
// closed with a cause that names the remedy.
// Method: the conformance suite; then real files (removed, exchanged, damaged, read-only, bounded
// in size, locked by another process), and a fault layer under SQLite for what files cannot do.
#include "gateway/store/sqlite.h"

#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/status_matchers.h"
#include "gateway/store/conformance.h"
#include "gateway/store/connection.h"
#include "gateway/store/fault_vfs.h"

namespace chayan::store {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

StoreFactory SqliteFactory() {
  return {"sqlite",
          [](const std::string& folder) { return SqliteStore::Open(folder + "/store.db"); }};
}
std::string NameOf(const ::testing::TestParamInfo<StoreFactory>& parameter) {
  return parameter.param.name;
}
INSTANTIATE_TEST_SUITE_P(Sqlite, StoreConformance, ::testing::Values(SqliteFactory()), NameOf);
INSTANTIATE_TEST_SUITE_P(Sqlite, SearchConformance, ::testing::Values(SqliteFactory()), NameOf);

class SqliteTest : public ::testing::Test {
 protected:
  SqliteTest() {
    InstallFaultVfs();
    SetFaultPlan({});
  }
  ~SqliteTest() override { SetFaultPlan({}); }

  void OpenWith(size_t entries) {
    absl::StatusOr<std::unique_ptr<Store>> opened = SqliteStore::Open(path_);
    ASSERT_OK(opened);
    store_ = *std::move(opened);
    if (entries == 0) return;
    ASSERT_EQ(Append(entries).result, AppendResult::kCommitted);
  }
  Appended Append(size_t count) {
    const absl::StatusOr<Head> head = store_->ReadHead();
    if (!head.ok()) return {AppendResult::kFailed, head.status()};
    return AppendTo(*head, count);
  }
  Appended AppendTo(const Head& head, size_t count) {
    const PlannedBatch planned = PlanBatch(head, count);
    return store_->Append(head, planned.batch, planned.head);
  }
  // Runs `body` in a process of its own; 0 is what it returns when all is well.
  int RunInChild(const std::function<int()>& body) {
    const pid_t child = fork();
    if (child == 0) _exit(body());
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  TestFolder folder_;
  const std::string path_ = folder_ / "store.db";
  std::unique_ptr<Store> store_;
};

TEST_F(SqliteTest, ACommitIsSyncedBeforeAppendReturns) {
  OpenWith(1);
  std::vector<FileOperation> log_steps;
  SetFaultPlan([&log_steps](const FileStep& step) {
    if (absl::EndsWith(step.path, "-wal")) log_steps.push_back(step.operation);
    return FaultAction::kPass;
  });
  for (const size_t count : {1, 100, 512}) {
    log_steps.clear();
    ASSERT_EQ(Append(count).result, AppendResult::kCommitted);
    ASSERT_FALSE(log_steps.empty());
    EXPECT_EQ(log_steps.front(), FileOperation::kWrite);
    EXPECT_EQ(log_steps.back(), FileOperation::kSync);
    EXPECT_EQ(UnsyncedWrites(path_ + "-wal"), 0u);
  }
}

TEST_F(SqliteTest, ACommitNeverWaitsForACheckpoint) {
  OpenWith(1);
  SetFaultPlan([](const FileStep& step) {
    EXPECT_TRUE(absl::EndsWith(step.path, "-wal")) << step.path;
    return FaultAction::kPass;
  });
  // More than SQLite's own limit of 1000 pages, at which it would checkpoint inside a commit.
  for (int i = 0; i < 10; ++i) ASSERT_EQ(Append(512).result, AppendResult::kCommitted);
}

TEST_F(SqliteTest, TheWriteAheadLogStartsOverAfterMaintenance) {
  OpenWith(1);
  uintmax_t largest = 0;
  for (int i = 0; i < 40; ++i) {
    ASSERT_EQ(Append(50).result, AppendResult::kCommitted);
    ASSERT_OK(store_->Maintain());
    largest = std::max(largest, fs::file_size(path_ + "-wal"));
  }
  EXPECT_LT(largest, 512u << 10);
  EXPECT_OK(CheckPlanned(*store_));
}

TEST_F(SqliteTest, AFullDiskFailsTheBatchAndTheNextGoesOnWhenThereIsRoom) {
  OpenWith(3);
  // At every step of the commit.
  for (size_t full_at = 1; full_at < 100; ++full_at) {
    bool was_full = false;
    SetFaultPlan([&was_full, full_at](const FileStep& step) {
      if (step.operation != FileOperation::kWrite || step.number < full_at) {
        return FaultAction::kPass;
      }
      was_full = true;
      return FaultAction::kFull;
    });
    const Appended appended = Append(5);
    SetFaultPlan({});
    if (!was_full) break;
    EXPECT_EQ(appended.result, AppendResult::kFailed) << full_at;
    EXPECT_THAT(appended.cause,
                StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("free space")));
    ASSERT_EQ(store_->ReadHead()->size, 3u);
    ASSERT_OK(CheckPlanned(*store_));
    ASSERT_LT(full_at, 99u);
  }
  EXPECT_GT(store_->ReadHead()->size, 3u);
  EXPECT_EQ(Append(5).result, AppendResult::kCommitted);
  EXPECT_OK(CheckPlanned(*store_));
}

// The kernel's own refusal: a file may not grow beyond RLIMIT_FSIZE. (Mounting a small file system
// needs rights that a test has not.)
TEST_F(SqliteTest, AFileThatMayNotGrowFailsTheBatchAndLosesNothing) {
  const int code = RunInChild([this] {
    OpenWith(3);
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{.rlim_cur = 256 << 10, .rlim_max = 256 << 10};
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) return 2;
    for (int i = 0; i < 1000; ++i) {
      const absl::StatusOr<Head> head = store_->ReadHead();
      if (!head.ok()) return 3;
      const Appended appended = AppendTo(*head, 20);
      if (appended.result == AppendResult::kCommitted) continue;
      const absl::StatusOr<Head> after = store_->ReadHead();
      const bool kept = after.ok() && after->size == head->size && CheckPlanned(*store_).ok();
      return appended.result == AppendResult::kFailed && !appended.cause.ok() && kept ? 0 : 4;
    }
    return 5;
  });
  EXPECT_EQ(code, 0);
  OpenWith(1);
  EXPECT_OK(CheckPlanned(*store_));
}

TEST_F(SqliteTest, AFailedWriteFailsTheBatch) {
  OpenWith(3);
  SetFaultPlan([](const FileStep& step) {
    return step.operation == FileOperation::kWrite ? FaultAction::kFail : FaultAction::kPass;
  });
  const Appended appended = Append(5);
  SetFaultPlan({});
  EXPECT_EQ(appended.result, AppendResult::kFailed);
  EXPECT_THAT(appended.cause, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("disk failed")));
  EXPECT_EQ(Append(5).result, AppendResult::kCommitted);
  EXPECT_OK(CheckPlanned(*store_));
}

// What a failed sync left on the disk is not known, and a second sync would claim success.
TEST_F(SqliteTest, AfterAFailedSyncNothingIsKnownUntilReopened) {
  OpenWith(3);
  const Head head = *store_->ReadHead();
  SetFaultPlan([](const FileStep& step) {
    return step.operation == FileOperation::kSync ? FaultAction::kFail : FaultAction::kPass;
  });
  const Appended appended = Append(5);
  SetFaultPlan({});
  EXPECT_EQ(appended.result, AppendResult::kUnknown);
  EXPECT_FALSE(store_->ReadHead().ok());
  EXPECT_EQ(AppendTo(head, 1).result, AppendResult::kFailed);
  EXPECT_FALSE(store_->Maintain().ok());
  store_.reset();
  OpenWith(0);
  const uint64_t size = store_->ReadHead()->size;
  EXPECT_TRUE(size == 3 || size == 8) << size;
  EXPECT_OK(CheckPlanned(*store_));
}

class LostFileTest : public SqliteTest {
 protected:
  void ExpectLost(const std::string& what) {
    const Head head = head_;
    const Appended appended = AppendTo(head, 1);
    EXPECT_EQ(appended.result, AppendResult::kFailed);
    EXPECT_THAT(appended.cause, StatusIs(absl::StatusCode::kDataLoss, HasSubstr(what)));
    EXPECT_THAT(store_->ReadHead(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr(what)));
    EXPECT_THAT(store_->Maintain(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr(what)));
  }
  void SetUp() override {
    OpenWith(3);
    head_ = *store_->ReadHead();
  }
  Head head_;
};

TEST_F(LostFileTest, AStoreThatWasRemovedFailsClosed) {
  fs::remove(path_);
  ExpectLost("store.db was removed");
}

TEST_F(LostFileTest, AStoreThatWasReplacedFailsClosed) {
  fs::copy_file(path_, path_ + ".copy");
  fs::rename(path_ + ".copy", path_);
  ExpectLost("store.db was replaced");
}

TEST_F(LostFileTest, ARemovedWriteAheadLogFailsClosed) {
  fs::remove(path_ + "-wal");
  ExpectLost("store.db-wal was removed");
}

TEST_F(LostFileTest, ARemovedLockFailsClosed) {
  fs::remove(path_ + ".lock");
  ExpectLost("store.db.lock was removed");
}

TEST_F(LostFileTest, MaintenanceNoticesItToo) {
  fs::remove(path_);
  EXPECT_THAT(store_->Maintain(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("removed")));
  EXPECT_FALSE(store_->ReadHead().ok());
}

// The file goes while the commit runs: it is on no path any more when the answer would be released.
TEST_F(LostFileTest, AStoreThatGoesDuringACommitHasAnUnknownOutcome) {
  SetFaultPlan([this](const FileStep& step) {
    if (step.operation == FileOperation::kSync) fs::remove(path_);
    return FaultAction::kPass;
  });
  const Appended appended = AppendTo(head_, 1);
  SetFaultPlan({});
  EXPECT_EQ(appended.result, AppendResult::kUnknown);
  EXPECT_THAT(store_->ReadHead(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("removed")));
}

// A store that was lost leaves the paths to whoever puts the right file back.
TEST_F(LostFileTest, ALostStoreTouchesNothingWhenItCloses) {
  fs::rename(path_ + "-wal", path_ + "-wal.kept");
  std::ofstream(path_ + "-wal") << "another";
  ExpectLost("store.db-wal was replaced");
  store_.reset();
  std::ifstream wal(path_ + "-wal");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(wal), {}), "another");
}

TEST_F(SqliteTest, ASecondGatewayIsRefusedAndNamesTheFirst) {
  OpenWith(1);
  EXPECT_THAT(SqliteStore::Open(path_),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr(absl::StrCat("another gateway (process ", getpid(), ")"))));
  const int code = RunInChild([this] {
    const auto second = SqliteStore::Open(path_);
    return absl::IsFailedPrecondition(second.status()) ? 0 : 1;
  });
  EXPECT_EQ(code, 0);
  fs::create_symlink(path_, folder_ / "other-name.db");
  EXPECT_THAT(SqliteStore::Open(folder_ / "other-name.db"),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("another gateway")));
  EXPECT_EQ(Append(1).result, AppendResult::kCommitted);
  store_.reset();
  OpenWith(1);
}

TEST_F(SqliteTest, AFileWithTwoNamesIsRefused) {
  OpenWith(1);
  store_.reset();
  fs::create_hard_link(path_, folder_ / "other-name.db");
  EXPECT_THAT(SqliteStore::Open(path_),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("hard links")));
}

TEST_F(SqliteTest, AReadOnlyFileIsRefused) {
  OpenWith(1);
  store_.reset();
  fs::permissions(path_, fs::perms::owner_read);
  fs::permissions(folder_.path(), fs::perms::all);
  const int code = RunInChild([this] {
    constexpr uid_t kNobody = 65534;  // root may write what is read-only
    if (getuid() == 0) {
      fs::permissions(path_, fs::perms::owner_read | fs::perms::others_read);
      if (setgid(kNobody) != 0 || setuid(kNobody) != 0) return 2;
    }
    const absl::Status status = SqliteStore::Open(path_).status();
    return !status.ok() && absl::StrContains(status.message(), "store.db") ? 0 : 1;
  });
  EXPECT_EQ(code, 0);
}

TEST_F(SqliteTest, ANewerSchemaIsRefused) {
  OpenWith(1);
  store_.reset();
  {
    absl::StatusOr<Connection> connection = Connection::Open(path_, Connection::Mode::kReadWrite);
    ASSERT_OK(connection);
    ASSERT_OK(connection->Run("PRAGMA user_version = 1000"));
  }
  EXPECT_THAT(SqliteStore::Open(path_), StatusIs(absl::StatusCode::kFailedPrecondition,
                                                 HasSubstr("start the newer version")));
}

TEST_F(SqliteTest, AnotherProgramsDatabaseIsRefused) {
  { std::ofstream create(path_); }
  {
    absl::StatusOr<Connection> connection = Connection::Open(path_, Connection::Mode::kReadWrite);
    ASSERT_OK(connection);
    ASSERT_OK(connection->Run("CREATE TABLE other (x)"));
  }
  EXPECT_THAT(SqliteStore::Open(path_),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("another program")));
}

TEST_F(SqliteTest, AFileThatIsNoDatabaseIsRefused) {
  std::ofstream(path_) << std::string(5000, 'x');
  EXPECT_THAT(SqliteStore::Open(path_), StatusIs(absl::StatusCode::kDataLoss, HasSubstr(path_)));
}

TEST_F(SqliteTest, ADamagedPageIsAnErrorAndNoAnswer) {
  OpenWith(0);
  for (int i = 0; i < 10; ++i) ASSERT_EQ(Append(100).result, AppendResult::kCommitted);
  store_.reset();
  const auto size = static_cast<std::streamoff>(fs::file_size(path_));
  {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    for (std::streamoff at = 16384; at + 4096 <= size; at += 4096) {
      file.seekp(at);
      file << std::string(64, '\x7f');
    }
  }
  const absl::StatusOr<std::unique_ptr<Store>> opened = SqliteStore::Open(path_);
  if (!opened.ok()) {
    EXPECT_TRUE(absl::IsDataLoss(opened.status())) << opened.status();
    return;
  }
  EXPECT_TRUE(absl::IsDataLoss(CheckPlanned(**opened)));
}

TEST_F(SqliteTest, AHeadThatDoesNotEndWhereTheEntriesEndIsRefused) {
  OpenWith(5);
  store_.reset();
  {
    absl::StatusOr<Connection> connection = Connection::Open(path_, Connection::Mode::kReadWrite);
    ASSERT_OK(connection);
    ASSERT_OK(connection->Run("DELETE FROM entry WHERE idx = 4"));
  }
  EXPECT_THAT(
      SqliteStore::Open(path_),
      StatusIs(absl::StatusCode::kDataLoss, HasSubstr("its head counts 5 entries, there are 4")));
}

TEST_F(SqliteTest, ItsFilesAreNotReadableByOthers) {
  OpenWith(5);
  for (const char* suffix : {"", "-wal", "-shm", ".lock"}) {
    struct stat facts;
    ASSERT_EQ(stat((path_ + suffix).c_str(), &facts), 0) << suffix;
    EXPECT_EQ(facts.st_mode & 0777, 0600u) << suffix;
  }
}

}  // namespace
}  // namespace chayan::store
