#include "gateway/log/keeper.h"

#include <utility>

#include "absl/time/time.h"
#include "gateway/base/diag.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"

namespace chayan::log {
namespace {

// How often the guard file is written, and the store maintained. Both sync; once a second they cost
// nothing that shows.
constexpr absl::Duration kPause = absl::Seconds(1);
// Sooner, the store is maintained after so many entries, some 3 MiB: a commit's sync waits while
// more than that is moved at once. At 64 in flight the slowest answer of a thousand took 84 ms
// without this, and takes 19 ms.
constexpr uint64_t kUpkeepEntries = 1024;

}  // namespace

void Keeper::Follow(uint64_t size, std::string checkpoint) {
  absl::MutexLock lock(&mu_);
  size_ = size;
  checkpoint_.swap(checkpoint);
  if (size_ >= due_size_) wake_.Signal();
}

absl::Status Keeper::Start() {
  CHAYAN_RETURN_IF_ERROR(WriteGuard());
  thread_ = std::thread([this] { Run(); });
  return absl::OkStatus();
}

void Keeper::Stop() {
  {
    absl::MutexLock lock(&mu_);
    stopping_ = true;
    wake_.Signal();
  }
  if (!thread_.joinable()) return;
  thread_.join();
  if (const absl::Status status = WriteGuard(); !status.ok()) {
    diag::Error("log_upkeep_failed", {{"cause", status.message()}});
  }
}

void Keeper::Run() {
  absl::Duration guard_due = absl::ZeroDuration();
  bool stopping = false;
  while (!stopping) {
    absl::Status status = absl::OkStatus();
    if (const absl::Duration now = clock_.Elapsed(); now >= guard_due) {
      guard_due = now + kPause;
      status = WriteGuard();
    }
    uint64_t size = 0;
    {
      absl::MutexLock lock(&mu_);
      size = size_;
    }
    if (status.ok()) status = store_.Maintain();
    if (!status.ok()) on_trouble_(status);
    absl::MutexLock lock(&mu_);
    due_size_ = size + kUpkeepEntries;
    if (!stopping_ && size_ < due_size_) wake_.WaitWithTimeout(&mu_, kPause);
    stopping = stopping_;
  }
}

absl::Status Keeper::WriteGuard() {
  std::string checkpoint;
  {
    absl::MutexLock lock(&mu_);
    checkpoint = checkpoint_;
  }
  if (checkpoint == guarded_checkpoint_) return absl::OkStatus();
  CHAYAN_RETURN_IF_ERROR(Annotate(WriteFile(head_file_, checkpoint), "write the log's guard file"));
  guarded_checkpoint_ = std::move(checkpoint);
  return absl::OkStatus();
}

}  // namespace chayan::log
