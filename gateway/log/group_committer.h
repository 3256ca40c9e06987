// For the committer's own sources: its one class. committer.cc has what others call,
// committer_start.cc what is done before the first entry is taken, committer_batch.cc the
// committer's thread.
#ifndef CHAYAN_GATEWAY_LOG_GROUP_COMMITTER_H_
#define CHAYAN_GATEWAY_LOG_GROUP_COMMITTER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "gateway/log/checkpoint_signer.h"
#include "gateway/log/commit_times.h"
#include "gateway/log/committer.h"
#include "gateway/log/keeper.h"
#include "gateway/log/log_metrics.h"
#include "gateway/store/store.h"
#include "gateway/tlog/batch.h"
#include "gateway/tlog/merkle.h"
#include "gateway/tlog/tile.h"

namespace chayan::log {

struct Waiting {
  store::NewEntry entry;
  std::optional<store::RegistrySet> registry;
  absl::AnyInvocable<void(absl::StatusOr<Committed>)> done;
  LogMetrics::Place place{};
  absl::Duration submitted{};  // reading of Elapsed()
  bool is_landmark = false;
};

// The signed end of the log. Immutable.
struct Signed {
  std::string checkpoint;
  tlog::RightEdge edge;
};

// Formatting a time costs more than the rest of a leaf; entries of one millisecond share it.
class TimestampCache {
 public:
  absl::string_view Get(int64_t time_ms) {
    if (text_.empty() || time_ms != time_ms_) {
      text_ = FormatTimestamp(absl::FromUnixMillis(time_ms));
      time_ms_ = time_ms;
    }
    return text_;
  }

 private:
  int64_t time_ms_ = 0;
  std::string text_;
};

class GroupCommitter final : public Committer {
 public:
  GroupCommitter(Options options, store::Store& store, const crypto::Signer& signer, Clock& clock,
                 Random& random)
      : options_(std::move(options)),
        store_(store),
        signer_(options_.origin, options_.next_signer == nullptr
                                     ? std::vector{&signer}
                                     : std::vector{&signer, options_.next_signer}),
        clock_(clock),
        random_(random),
        keeper_(options_.head_file, store_, clock_,
                [this](const absl::Status& cause) { Trouble("log_upkeep_failed", cause); }) {}
  ~GroupCommitter() override { Stop(); }

  // Everything Create promises.
  absl::Status Start(std::optional<store::RegistrySet> bootstrap);

  void Submit(Submission submission) override;
  std::string Checkpoint() const override;
  std::string LogKeys() const override { return signer_.chain().Format(); }
  CommitterStatus Status() const override;
  std::shared_ptr<const tlog::RightEdge> Edge() const override;
  void Hold(std::string cause) override;
  absl::Status CheckTaking() const override;
  void Condemn(const absl::Status& proof) override;
  absl::StatusOr<Committed> Prove(uint64_t index) override;
  void AddMetrics(metrics::Page& page) const override;
  void Stop() override;

 private:
  // What one transaction takes, and what it makes of the log.
  struct Plan {
    store::Batch batch;
    store::Head head;
    tlog::Batch tree;
    tlog::RightEdge edge;
  };
  enum class Outcome { kCommitted, kFailed, kUnknown };
  struct Failure {
    absl::Status cause{};
    // The entry whose change does not apply, if that is the cause.
    std::optional<size_t> conflict{};
  };

  std::shared_ptr<const Signed> Newest() const;

  absl::Status Recover(std::optional<store::RegistrySet> bootstrap);
  absl::Status Begin(std::optional<store::RegistrySet> bootstrap);
  absl::Status RecordKeys();
  absl::Status RecordFirst(Entry entry, std::optional<store::RegistrySet> registry);
  void RunCommitter();
  std::vector<Waiting> TakeBatch();

  void CommitBatch(std::vector<Waiting> waiting);
  Plan MakePlan(std::vector<Waiting>& waiting);
  Outcome Append(const Plan& plan, Failure& failure);
  Outcome Settle(const Plan& plan);
  absl::Status Publish(Plan& plan, absl::Duration taken);
  void Release(Plan& plan, std::vector<Waiting>& waiting);
  // Gives the entries back from the plan and refuses the one alone.
  static void RefuseConflict(Plan& plan, const Failure& failure, std::vector<Waiting>& waiting);
  void Refuse(std::vector<Waiting>& waiting, const absl::Status& cause);

  // The log cannot be written until the process starts anew.
  void Fail(absl::string_view event, const absl::Status& cause, absl::string_view remedy);
  absl::Status FatalState() const;
  // Shown as a fault until a commit goes well; told once, not every second.
  void Trouble(absl::string_view event, const absl::Status& cause);

  // Constant after construction.
  const Options options_;
  store::Store& store_;
  CheckpointSigner signer_;  // constant once Recover is done
  Clock& clock_;
  Random& random_;
  LogMetrics metrics_;  // its own synchronization

  // The committer thread's own (Recover's before it starts).
  store::Head head_;
  tlog::CompactRange tree_;
  TimestampCache timestamps_;
  size_t recent_entries_ = 0;  // of the largest batch of late; older ones count less and less

  mutable absl::Mutex mu_;
  absl::CondVar work_;  // the committer waits here for entries
  std::vector<Waiting> queue_ ABSL_GUARDED_BY(mu_);
  bool committer_idle_ ABSL_GUARDED_BY(mu_) = false;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::shared_ptr<const Signed> signed_ ABSL_GUARDED_BY(mu_);
  CommitTimes commit_times_ ABSL_GUARDED_BY(mu_);
  std::string trouble_ ABSL_GUARDED_BY(mu_);  // of the last batch or the last maintenance
  absl::Status fatal_ ABSL_GUARDED_BY(mu_);
  std::string hold_ ABSL_GUARDED_BY(mu_);
  std::atomic<bool> closed_ = false;  // fatal_ or hold_ is set; written under mu_

  absl::Mutex stop_mu_;  // one Stop at a time
  std::thread committer_ ABSL_GUARDED_BY(stop_mu_);
  Keeper keeper_;  // last: it calls Trouble
};

}  // namespace chayan::log

#endif  // CHAYAN_GATEWAY_LOG_GROUP_COMMITTER_H_
