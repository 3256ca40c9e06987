// Goal: a crash at any instruction loses nothing that was acknowledged and tears nothing apart.
// Method: a process creates a store, appends planned batches (with vault rows, a tile, registry
// sets, notices and steps of their deliveries), claims deliveries, publishes a checkpoint after
// each batch and maintains the store; it acknowledges each commit through a pipe. It is ended at
// its first file operation, then at its second, and so on until a run ends by itself; each time as
// kill -9 does, in the middle of a write, and as a power cut that drops all that was not synced.
// Then the store is opened as at any start and compared with the plan, whole.
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "gateway/base/status_macros.h"
#include "gateway/base/status_matchers.h"
#include "gateway/store/conformance.h"
#include "gateway/store/fault_vfs.h"
#include "gateway/store/planned_notices.h"
#include "gateway/store/sqlite.h"

namespace chayan::store {
namespace {

// Small ones, and one that fills a tile.
constexpr size_t kBatches[] = {1, 2, 253, 3};

Publication PublicationOf(uint64_t size) {
  return {.size = size,
          .note = absl::StrCat("checkpoint of ", size),
          .time_ms = static_cast<int64_t>(size),
          .witnessed = true,
          .timestamp = ""};
}

// Each publication is whole, and each that an acknowledged append came after is there.
absl::Status CheckPublications(Store& store, uint64_t acknowledged) {
  uint64_t size = 0;
  for (const size_t count : kBatches) {
    size += count;
    const auto found = store.publications()->ReadFirst(size, PublicationKind::kWitnessed);
    if (size >= acknowledged && absl::IsNotFound(found.status())) return absl::OkStatus();
    CHAYAN_RETURN_IF_ERROR(found.status());
    if (*found != PublicationOf(size)) {
      return absl::DataLossError(absl::StrCat("another publication than that of ", size));
    }
  }
  return absl::OkStatus();
}

ClaimRequest ClaimAll(int64_t now_ms) {
  return {.lane = {.recipient = "nhi", .subscription = "nhi-death"},
          .now_ms = now_ms,
          .gateway = "gw-1",
          .until_ms = now_ms + 1,
          .count = kNoticePageMax};
}

[[noreturn]] void RunToItsEnd(const std::string& path, int acknowledge_fd) {
  absl::StatusOr<std::unique_ptr<Store>> store = SqliteStore::Open(path);
  if (!store.ok()) _exit(1);
  Head head;
  for (const size_t count : kBatches) {
    PlannedBatch planned = PlanBatch(head, count, /*with_registry=*/true);
    AddPlannedNotices(head, planned.batch);
    if ((*store)->Append(head, planned.batch, planned.head).result != AppendResult::kCommitted) {
      _exit(2);
    }
    head = planned.head;
    const auto size = static_cast<uint16_t>(head.size);
    if (write(acknowledge_fd, &size, sizeof(size)) != sizeof(size)) _exit(3);
    if (!(*store)->publications()->Put(PublicationOf(size)).ok()) _exit(4);
    if (!(*store)->Maintain().ok()) _exit(5);
    if (!(*store)->notices()->Claim(ClaimAll(/*now_ms=*/head.time_ms)).ok()) _exit(6);
  }
  store->reset();
  _exit(0);
}

struct Ending {
  int exit_code;
  uint64_t acknowledged;
};

Ending RunAndCrash(const std::string& path, size_t step, FaultAction action) {
  int pipe_fds[2];
  CHAYAN_CHECK(pipe(pipe_fds) == 0);
  const pid_t child = fork();
  if (child == 0) {
    close(pipe_fds[0]);
    SetFaultPlan([step, action](const FileStep& at) {
      if (at.number != step) return FaultAction::kPass;
      const bool can_tear = at.operation == FileOperation::kWrite;
      return action == FaultAction::kTear && !can_tear ? FaultAction::kKill : action;
    });
    RunToItsEnd(path, pipe_fds[1]);
  }
  close(pipe_fds[1]);
  Ending run{.exit_code = -1, .acknowledged = 0};
  uint16_t size = 0;
  while (read(pipe_fds[0], &size, sizeof(size)) == sizeof(size)) run.acknowledged = size;
  close(pipe_fds[0]);
  int status = 0;
  CHAYAN_CHECK(waitpid(child, &status, 0) == child);
  if (WIFEXITED(status)) run.exit_code = WEXITSTATUS(status);
  return run;
}

class SqliteCrashTest : public ::testing::TestWithParam<FaultAction> {};

TEST_P(SqliteCrashTest, KeepsWhatWasAcknowledgedAndNothingTorn) {
  InstallFaultVfs();
  size_t step = 0;
  while (true) {
    ++step;
    SCOPED_TRACE(step);
    TestFolder folder(TestFolder::Memory());
    const std::string path = folder / "store.db";
    const Ending run = RunAndCrash(path, step, GetParam());
    // Shared memory does not outlive a power cut.
    if (GetParam() == FaultAction::kPowerCut) std::filesystem::remove(path + "-shm");
    absl::StatusOr<std::unique_ptr<Store>> store = SqliteStore::Open(path);
    ASSERT_OK(store);
    const absl::StatusOr<Head> head = (*store)->ReadHead();
    ASSERT_OK(head);
    ASSERT_GE(head->size, run.acknowledged);
    ASSERT_OK(CheckPlanned(**store));
    ASSERT_OK(CheckPublications(**store, run.acknowledged));
    ASSERT_OK(CheckPlannedNotices(**store));
    // Whatever became of the leases, when they end what is first of its subjects may leave again:
    // the oldest that never was delivered, and one whose receipt had not come.
    const auto claimed = (*store)->notices()->Claim(ClaimAll(/*now_ms=*/1'000'000));
    ASSERT_OK(claimed);
    ASSERT_EQ(claimed->empty(), head->size == 0);
    ASSERT_LE(claimed->size(), 2u);
    // Each batch brought its set with it.
    const absl::StatusOr<RegistrySet> registry = (*store)->ReadCurrentRegistry();
    ASSERT_EQ(registry.ok(), head->size > 0);
    const PlannedBatch next = PlanBatch(*head, 2);
    ASSERT_EQ((*store)->Append(*head, next.batch, next.head).result, AppendResult::kCommitted);
    ASSERT_OK(CheckPlanned(**store));
    if (run.exit_code == 0) break;
    ASSERT_EQ(run.exit_code, kFaultExit);
  }
  // The run does many things: creation, commits, checkpoints, closing.
  EXPECT_GT(step, 40u);
}

INSTANTIATE_TEST_SUITE_P(Crash, SqliteCrashTest,
                         ::testing::Values(FaultAction::kKill, FaultAction::kTear,
                                           FaultAction::kPowerCut),
                         [](const auto& parameter) { return FaultName(parameter.param); });

}  // namespace
}  // namespace chayan::store
