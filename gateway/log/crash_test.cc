// Goal: kill -9 is a normal way to stop. Every submission that was answered has its entry, at the
// index and under the root it was told; no size ever has two roots; the restart reads little.
// Method: a process runs a committer under load and passes every receipt on through a pipe, as a
// gateway's answers leave it; it ends at the n-th file operation of its store, n = 1, 2, …, as kill
// -9 ends it, in the middle of a write, or as a power cut does, which drops all that was not
// synced; or by a signal from outside. The next process starts on what is left. All receipts that
// ever got out are then checked against the log that is there.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <map>
#include <thread>

#include "absl/strings/str_cat.h"
#include "gateway/base/encoding.h"
#include "gateway/base/file.h"
#include "gateway/base/status_matchers.h"
#include "gateway/log/test_log.h"
#include "gateway/store/fault_vfs.h"
#include "gateway/store/sqlite.h"
#include "gateway/store/test_folder.h"

namespace chayan::log {
namespace {

using store::FaultAction;
using store::FileStep;

constexpr int kInFlight = 8;

// index, leaf and proof, each with its length in front, in one write: what got out whole got out.
void Report(int fd, const Committed& committed) {
  std::string record;
  AppendUint64(record, committed.index);
  AppendUint32(record, static_cast<uint32_t>(committed.leaf.size()));
  AppendUint32(record, static_cast<uint32_t>(committed.tlog_proof.size()));
  absl::StrAppend(&record, committed.leaf, committed.tlog_proof);
  CHAYAN_CHECK(record.size() < PIPE_BUF);
  if (write(fd, record.data(), record.size()) != static_cast<ssize_t>(record.size())) _exit(5);
}

uint64_t BigEndian(absl::string_view bytes) {
  uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<uint8_t>(c);
  return value;
}

std::vector<Committed> ParseReports(absl::string_view bytes) {
  std::vector<Committed> reports;
  while (!bytes.empty()) {
    CHAYAN_CHECK(bytes.size() >= 16);
    const size_t leaf = BigEndian(bytes.substr(8, 4));
    const size_t proof = BigEndian(bytes.substr(12, 4));
    reports.push_back({.index = BigEndian(bytes.substr(0, 8)),
                       .leaf = std::string(bytes.substr(16, leaf)),
                       .tlog_proof = std::string(bytes.substr(16 + leaf, proof))});
    bytes.remove_prefix(16 + leaf + proof);
  }
  return reports;
}

class CrashTest : public ::testing::Test {
 protected:
  CrashTest() { store::InstallFaultVfs(); }

  // How a process comes to its end.
  struct Plan {
    uint64_t entries = 0;                     // then by itself
    size_t step = SIZE_MAX;                   // at this file operation of the store
    FaultAction action = FaultAction::kKill;  // like this
  };
  // A committer under load in a process of its own.
  pid_t Spawn(const Plan& plan, int report_fd) {
    const pid_t child = fork();
    if (child != 0) return child;
    store::SetFaultPlan([plan](const FileStep& step) {
      if (step.number != plan.step) return FaultAction::kPass;
      // There is half a write, but no half of anything else.
      const bool torn = plan.action == FaultAction::kTear;
      return torn && step.operation != store::FileOperation::kWrite ? FaultAction::kKill
                                                                    : plan.action;
    });
    SystemClock clock;
    SystemRandom random;
    auto store = store::SqliteStore::Open(store_path_);
    if (!store.ok()) _exit(1);
    auto committer =
        Committer::Create({.gateway = "gw-1", .origin = kTestOrigin, .head_file = guard_}, **store,
                          key_, clock, random, TestRegistry());
    if (!committer.ok()) _exit(2);
    for (uint64_t sent = 0; sent < plan.entries; sent += kInFlight) {
      Outcomes outcomes;
      for (int i = 0; i < kInFlight; ++i) {
        (*committer)
            ->Submit(outcomes.Expect(
                TestEntry("LOAD"),
                store::VaultRow{"2026-01.five-years", "wrapped", "sealed", "tags"}));
      }
      for (const absl::StatusOr<Committed>& committed : outcomes.Wait()) {
        if (!committed.ok()) _exit(3);
        Report(report_fd, *committed);
      }
    }
    (*committer)->Stop();
    store->reset();
    _exit(0);
  }

  struct Ending {
    bool by_itself;
    size_t reports;
  };
  // Runs one process to its end, or kills it once it has told `kill_after` receipts.
  Ending RunOne(const Plan& plan, size_t kill_after) {
    int fds[2];
    CHAYAN_CHECK(pipe(fds) == 0);
    const pid_t child = Spawn(plan, fds[1]);
    close(fds[1]);
    std::string bytes;
    char block[PIPE_BUF];
    bool killed = false;
    for (ssize_t got; (got = read(fds[0], block, sizeof(block))) > 0;) {
      bytes.append(block, static_cast<size_t>(got));
      if (!killed && bytes.size() > kill_after * 512) {
        killed = true;
        CHAYAN_CHECK(kill(child, SIGKILL) == 0);
      }
    }
    close(fds[0]);
    int status = 0;
    CHAYAN_CHECK(waitpid(child, &status, 0) == child);
    const bool by_itself = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    EXPECT_TRUE(by_itself || killed ||
                (WIFEXITED(status) && WEXITSTATUS(status) == store::kFaultExit))
        << status;
    std::vector<Committed> reports = ParseReports(bytes);
    const size_t count = reports.size();
    for (Committed& report : reports) Keep(std::move(report));
    return {.by_itself = by_itself, .reports = count};
  }

  // No index is told twice, no size has two roots.
  void Keep(Committed report) {
    const absl::StatusOr<tlog::TreeHead> head = CheckReceipt(report, verifier_key_);
    ASSERT_OK(head);
    EXPECT_EQ(roots_.emplace(head->size, head->root).first->second, head->root) << head->size;
    const uint64_t index = report.index;
    EXPECT_TRUE(told_.emplace(index, std::move(report.leaf)).second) << index;
  }

  // Everything that was ever told is in the log that is there now.
  void CheckAll() {
    auto store = store::SqliteStore::Open(store_path_);
    ASSERT_OK(store);
    const absl::StatusOr<std::vector<std::string>> leaves = CheckWholeLog(**store);
    ASSERT_OK(leaves);
    for (const auto& [index, leaf] : told_) {
      ASSERT_LT(index, leaves->size());
      EXPECT_EQ((*leaves)[index], leaf) << index;
    }
    tlog::CompactRange tree;
    for (const std::string& leaf : *leaves) {
      tree.Append(tlog::LeafHash(leaf));
      const auto root = roots_.find(tree.size());
      if (root == roots_.end()) continue;
      EXPECT_EQ(root->second, tree.Root()) << tree.size();
    }
    ASSERT_TRUE(roots_.empty() || roots_.rbegin()->first <= tree.size());
  }

  store::TestFolder folder_{store::TestFolder::Memory()};
  const std::string store_path_ = folder_ / "store.db";
  const std::string guard_ = folder_ / "head";
  const crypto::Ed25519Key key_ = TestKey();
  const tlog::VerifierKey verifier_key_ = TestVerifierKey(key_);
  std::map<uint64_t, std::string> told_;
  std::map<uint64_t, tlog::Hash> roots_;
};

class CrashAtStepTest : public CrashTest, public ::testing::WithParamInterface<FaultAction> {};

TEST_P(CrashAtStepTest, EveryAnswerSurvives) {
  size_t restarts = 0;
  for (size_t step = 1;; ++step) {
    SCOPED_TRACE(step);
    const Ending ending = RunOne({.entries = 64, .step = step, .action = GetParam()},
                                 /*kill_after=*/SIZE_MAX / 512);
    CheckAll();
    if (HasFailure()) return;
    if (ending.by_itself) break;
    ++restarts;
  }
  EXPECT_GT(restarts, 20u);
  EXPECT_GT(told_.size(), 64u);
}

INSTANTIATE_TEST_SUITE_P(AtEachStep, CrashAtStepTest,
                         ::testing::Values(FaultAction::kKill, FaultAction::kTear,
                                           FaultAction::kPowerCut),
                         [](const auto& parameter) { return store::FaultName(parameter.param); });

TEST_F(CrashTest, EveryAnswerSurvivesAKillUnderLoad) {
  for (const size_t kill_after : {1, 10, 100, 300, 700}) {
    RunOne({.entries = 100000}, kill_after);
    CheckAll();
    if (HasFailure()) return;
  }
  EXPECT_GT(told_.size(), 500u);
}

}  // namespace
}  // namespace chayan::log
