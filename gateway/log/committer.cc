#include "gateway/log/committer.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "gateway/base/check.h"
#include "gateway/base/diag.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"
#include "gateway/log/checkpoint_signer.h"
#include "gateway/log/head_guard.h"
#include "gateway/log/log_metrics.h"
#include "gateway/log/tree_reader.h"
#include "gateway/tlog/batch.h"
#include "gateway/tlog/checkpoint.h"
#include "gateway/tlog/proof_file.h"

namespace chayan::log {
namespace {

// How often the guard file is written, and the store maintained. Both sync; once a second they cost
// nothing that shows.
constexpr absl::Duration kKeeperPause = absl::Seconds(1);
// Sooner, the store is maintained after so many entries, some 3 MiB: a commit's sync waits while
// more than that is moved at once.
constexpr uint64_t kUpkeepEntries = 1024;
// A commit's sync, signature and tree are paid once, however many entries it takes. When batches of
// late had this many, more are on their way, and the next one waits for them for a moment.
constexpr size_t kBusyEntries = 16;
constexpr absl::Duration kLinger = absl::Microseconds(500);
// Commits whose median duration is told.
constexpr size_t kCommitTimesKept = 256;

// Entries that a held log takes.
bool IsOperators(EntryType type) {
  return type == EntryType::kOperator || type == EntryType::kRegistry;
}

using metrics::Observe;
using metrics::Stage;
using Done = absl::AnyInvocable<void(absl::StatusOr<Committed>)>;

struct Waiting {
  store::NewEntry entry;
  std::optional<store::RegistrySet> registry;
  Done done;
  LogMetrics::Place place{};
  absl::Duration submitted{};  // reading of Elapsed()
  bool is_landmark = false;
};

// The signed end of the log. Immutable.
struct Signed {
  std::string checkpoint;
  tlog::RightEdge edge;
};

// Median of the last durations. Not thread-safe.
class CommitTimes {
 public:
  void Add(absl::Duration duration) {
    times_us_[count_++ % kCommitTimesKept] =
        static_cast<uint32_t>(std::min<int64_t>(absl::ToInt64Microseconds(duration), UINT32_MAX));
  }
  uint32_t Median() const {
    const auto filled = static_cast<std::ptrdiff_t>(std::min<uint64_t>(count_, kCommitTimesKept));
    if (filled == 0) return 0;
    std::array<uint32_t, kCommitTimesKept> sorted = times_us_;
    std::nth_element(sorted.begin(), sorted.begin() + filled / 2, sorted.begin() + filled);
    return sorted[static_cast<size_t>(filled) / 2];
  }
  uint64_t count() const { return count_; }

 private:
  std::array<uint32_t, kCommitTimesKept> times_us_{};
  uint64_t count_ = 0;
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
        random_(random) {}
  ~GroupCommitter() override { Stop(); }

  // Everything Create promises but the threads.
  absl::Status Recover(std::optional<store::RegistrySet> bootstrap);
  void StartThreads();

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

  absl::Status Begin(std::optional<store::RegistrySet> bootstrap);
  absl::Status RecordKeys();
  absl::Status RecordFirst(Entry entry, std::optional<store::RegistrySet> registry);
  void RunCommitter();
  void RunKeeper();
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
  absl::Status WriteGuard();

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

  // The keeper thread's own (Stop's after it ended).
  std::string guarded_checkpoint_;

  mutable absl::Mutex mu_;
  absl::CondVar work_;         // the committer waits here for entries
  absl::CondVar keeper_wake_;  // the keeper waits here for the end of its pause
  uint64_t upkeep_size_ ABSL_GUARDED_BY(mu_) = 0;  // of the log, that ends its pause
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
  std::thread keeper_ ABSL_GUARDED_BY(stop_mu_);
};

// --- start -------------------------------------------------------------------------------------

absl::Status GroupCommitter::Recover(std::optional<store::RegistrySet> bootstrap) {
  CHAYAN_ASSIGN_OR_RETURN(head_, store_.ReadHead());
  CHAYAN_ASSIGN_OR_RETURN(tree_, tlog::CompactRange::FromPeaks(head_.size, head_.peaks));
  CHAYAN_ASSIGN_OR_RETURN(tlog::RightEdge edge, RecoverEdge(store_, head_));
  if (head_.size > 0) CHAYAN_RETURN_IF_ERROR(signer_.Follow(store_));
  CHAYAN_ASSIGN_OR_RETURN(const auto guard, ReadGuard(options_.head_file, signer_.KnownKeys()));
  if (guard.has_value()) {
    CHAYAN_RETURN_IF_ERROR(CheckGuard(options_.head_file, *guard, store_, edge));
  }
  if (head_.size > 0) {
    if (!guard.has_value()) {
      diag::Warning("log_guard_missing", {{"file", options_.head_file}, {"size", head_.size}});
    }
    // The head may have been committed by a process that died before it signed: the same bytes are
    // signed as it would have signed.
    const tlog::TreeHead tree_head{.size = head_.size, .root = tree_.Root()};
    CHAYAN_ASSIGN_OR_RETURN(std::string checkpoint, signer_.Sign(tree_head));
    absl::MutexLock lock(&mu_);
    signed_ = std::make_shared<Signed>(Signed{std::move(checkpoint), std::move(edge)});
  } else {
    CHAYAN_RETURN_IF_ERROR(Begin(std::move(bootstrap)));
  }
  if (options_.reopening.has_value() && head_.size == 1) {
    Entry reopening = *options_.reopening;
    reopening.id = Uuid::Version7(clock_.Now(), random_);
    CHAYAN_RETURN_IF_ERROR(
        Annotate(RecordFirst(std::move(reopening), std::nullopt), "write the reopen entry"));
  }
  CHAYAN_RETURN_IF_ERROR(RecordKeys());
  return WriteGuard();
}

absl::Status GroupCommitter::Begin(std::optional<store::RegistrySet> bootstrap) {
  if (!bootstrap.has_value()) {
    return absl::FailedPreconditionError(
        "the store is empty and no registry was given to begin with: start once with "
        "--bootstrap-registry DIR");
  }
  {
    absl::MutexLock lock(&mu_);
    signed_ = std::make_shared<Signed>();
  }
  Entry entry;
  entry.type = EntryType::kGenesis;
  entry.id = Uuid::Version7(clock_.Now(), random_);
  entry.registry = bootstrap->digest;
  entry.origin = options_.origin;
  entry.vkey = signer_.verifier_key();
  return Annotate(RecordFirst(std::move(entry), std::move(bootstrap)), "write the genesis entry");
}

// Each key that comes or goes is an entry and a commit of its own: a start that dies between two
// finds in the log what is done.
absl::Status GroupCommitter::RecordKeys() {
  while (true) {
    CHAYAN_ASSIGN_OR_RETURN(std::optional<Entry> change, signer_.NextChange());
    if (!change.has_value()) return absl::OkStatus();
    change->id = Uuid::Version7(clock_.Now(), random_);
    diag::Info("log_key_changed", {{"reason", change->reason}, {"vkey", change->vkey}});
    CHAYAN_RETURN_IF_ERROR(
        Annotate(RecordFirst(*std::move(change), std::nullopt), "record the log's key"));
  }
}

// Records an entry before the threads start; by some the log's keys change. The checkpoint over it
// is signed by the keys from before; the one by those from now on is made at once.
absl::Status GroupCommitter::RecordFirst(Entry entry, std::optional<store::RegistrySet> registry) {
  const bool is_landmark = entry.type == EntryType::kKey;
  CHAYAN_ASSIGN_OR_RETURN(std::string leaf, RenderUnstampedLeaf(entry, options_.gateway));
  absl::StatusOr<Committed> result = absl::UnknownError("not run");
  std::vector<Waiting> waiting;
  waiting.push_back(
      {.entry = {.leaf = std::move(leaf), .vault = std::nullopt},
       .registry = std::move(registry),
       .done = [&result](absl::StatusOr<Committed> done) { result = std::move(done); },
       .submitted = clock_.Elapsed(),
       .is_landmark = is_landmark});
  CommitBatch(std::move(waiting));
  CHAYAN_RETURN_IF_ERROR(result.status());
  if (is_landmark || result->index == 0) {
    CHAYAN_RETURN_IF_ERROR(signer_.Recorded(result->index, result->leaf));
  }
  CHAYAN_ASSIGN_OR_RETURN(std::string checkpoint,
                          signer_.Sign({.size = head_.size, .root = tree_.Root()}));
  absl::MutexLock lock(&mu_);
  signed_ = std::make_shared<Signed>(Signed{std::move(checkpoint), signed_->edge});
  return absl::OkStatus();
}

void GroupCommitter::StartThreads() {
  absl::MutexLock lock(&stop_mu_);
  committer_ = std::thread([this] { RunCommitter(); });
  keeper_ = std::thread([this] { RunKeeper(); });
}

// --- submitters --------------------------------------------------------------------------------

void GroupCommitter::Submit(Submission submission) {
  const LogMetrics::Place place = metrics_.PlaceOf(submission.entry);
  const absl::Duration submitted = clock_.Elapsed();
  absl::StatusOr<std::string> leaf = RenderUnstampedLeaf(submission.entry, options_.gateway);
  if (!leaf.ok()) {
    diag::Error("log_entry_refused", {{"cause", leaf.status().message()}});
    return submission.done(leaf.status());
  }
  absl::Status refusal;
  {
    absl::MutexLock lock(&mu_);
    if (!fatal_.ok()) {
      refusal = absl::UnavailableError(absl::StrCat("log: ", fatal_.message()));
    } else if (stopping_) {
      refusal = absl::UnavailableError("log: the gateway is stopping");
    } else if (!hold_.empty() && !IsOperators(submission.entry.type)) {
      refusal = absl::FailedPreconditionError(hold_);
    } else if (queue_.size() >= kQueuedEntriesMax) {
      refusal = absl::UnavailableError("log: the queue is full");
    } else {
      queue_.push_back({.entry = {.leaf = *std::move(leaf),
                                  .vault = std::move(submission.vault),
                                  .erasures = std::move(submission.erasures),
                                  .records = std::move(submission.records),
                                  .change = std::move(submission.change),
                                  .tallies = std::move(submission.tallies)},
                        .registry = std::move(submission.registry),
                        .done = std::move(submission.done),
                        .place = place,
                        .submitted = submitted});
      // One wake-up a batch: whoever comes while the committer works waits for its next turn.
      if (committer_idle_) {
        committer_idle_ = false;
        work_.Signal();
      }
    }
  }
  if (!refusal.ok()) submission.done(std::move(refusal));
}

std::shared_ptr<const Signed> GroupCommitter::Newest() const {
  absl::MutexLock lock(&mu_);
  return signed_;
}

std::string GroupCommitter::Checkpoint() const { return Newest()->checkpoint; }

CommitterStatus GroupCommitter::Status() const {
  absl::MutexLock lock(&mu_);
  return {.size = signed_->edge.size(),
          .queued = queue_.size(),
          .commits = commit_times_.count(),
          .commit_p50_us = commit_times_.Median(),
          .keys = signer_.chain().ActiveKeys(),
          .fault = fatal_.ok() ? trouble_ : std::string(fatal_.message()),
          .stopped_by_fault = !fatal_.ok(),
          .hold = hold_};
}

std::shared_ptr<const tlog::RightEdge> GroupCommitter::Edge() const {
  std::shared_ptr<const Signed> newest = Newest();
  const tlog::RightEdge* const edge = &newest->edge;
  return {std::move(newest), edge};
}

void GroupCommitter::Hold(std::string cause) {
  absl::MutexLock lock(&mu_);
  hold_ = std::move(cause);
  closed_ = !hold_.empty() || !fatal_.ok();
}

absl::Status GroupCommitter::CheckTaking() const {
  if (!closed_) return absl::OkStatus();
  absl::MutexLock lock(&mu_);
  if (!fatal_.ok()) return absl::UnavailableError(absl::StrCat("log: ", fatal_.message()));
  return hold_.empty() ? absl::OkStatus() : absl::FailedPreconditionError(hold_);
}

// The batch under way may still be signed: it was begun before the proof was seen.
void GroupCommitter::Condemn(const absl::Status& proof) {
  {
    absl::MutexLock lock(&mu_);
    // Every witness may show it: told once.
    if (!fatal_.ok()) return;
    fatal_ = proof;
    closed_ = true;
  }
  diag::Error("log_condemned", {{"proof", proof.message()},
                                {"remedy",
                                 "keep store, head file and what the witness shows; see "
                                 "README, \"When a witness proves a second history\""}});
}

void GroupCommitter::AddMetrics(metrics::Page& page) const {
  const CommitterStatus status = Status();
  page.AddGauge("chayan_log_entries", "Entries of the log.", static_cast<double>(status.size));
  page.AddGauge("chayan_log_queue_entries", "Entries waiting for the next commit.",
                static_cast<double>(status.queued));
  page.AddGauge("chayan_log_fault", "1 while the log cannot be written.", !status.fault.empty());
  page.AddGauge("chayan_log_stopped", "1 when only a new start can write the log again.",
                status.stopped_by_fault);
  metrics_.AddTo(page);
}

absl::StatusOr<Committed> GroupCommitter::Prove(uint64_t index) {
  const std::shared_ptr<const Signed> newest = Newest();
  if (index >= newest->edge.size()) {
    return absl::OutOfRangeError(absl::StrCat("there is no entry ", index));
  }
  CHAYAN_ASSIGN_OR_RETURN(std::vector<std::string> leaves, store_.ReadLeaves(index, 1, 0));
  CHAYAN_ASSIGN_OR_RETURN(std::vector<tlog::Hash> path,
                          InclusionPath(store_, newest->edge, newest->edge.size(), index));
  return Committed{.index = index,
                   .leaf = std::move(leaves[0]),
                   .tlog_proof = tlog::FormatProofFile({.extra = std::nullopt,
                                                        .index = index,
                                                        .path = std::move(path),
                                                        .checkpoint = newest->checkpoint})};
}

// --- the committer thread ----------------------------------------------------------------------

void GroupCommitter::RunCommitter() {
  while (true) {
    std::vector<Waiting> waiting = TakeBatch();
    if (waiting.empty()) return;
    CommitBatch(std::move(waiting));
  }
}

// Empty when there is nothing more to come.
std::vector<Waiting> GroupCommitter::TakeBatch() {
  absl::MutexLock lock(&mu_);
  while (queue_.empty() && !stopping_) {
    committer_idle_ = true;
    work_.Wait(&mu_);
  }
  committer_idle_ = false;
  if (recent_entries_ >= kBusyEntries && queue_.size() < kBatchEntriesMax && !stopping_) {
    work_.WaitWithTimeout(&mu_, kLinger);
  }
  // At most one registry set a transaction: a second one begins the next.
  size_t count = 0;
  bool has_registry = false;
  while (count < std::min(queue_.size(), kBatchEntriesMax)) {
    if (queue_[count].registry.has_value() && std::exchange(has_registry, true)) break;
    ++count;
  }
  recent_entries_ = std::max(count, recent_entries_ * 3 / 4);
  if (count == queue_.size()) return std::exchange(queue_, {});
  std::vector<Waiting> taken;
  taken.reserve(count);
  const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(count);
  std::move(queue_.begin(), end, std::back_inserter(taken));
  queue_.erase(queue_.begin(), end);
  return taken;
}

// The order of log-format 2.3. No lock is held while the store or the signer works.
void GroupCommitter::CommitBatch(std::vector<Waiting> waiting) {
  if (const absl::Status fatal = FatalState(); !fatal.ok()) return Refuse(waiting, fatal);
  const absl::Duration start = clock_.Elapsed();
  for (const Waiting& each : waiting)
    Observe(options_.stages, Stage::kQueue, start - each.submitted);
  // 1. Stamp, hash, and see what becomes of the tree.
  Plan plan = MakePlan(waiting);
  // 2. One transaction. Durable when it returns.
  const absl::Duration append_start = clock_.Elapsed();
  Failure failure;
  Outcome outcome = Append(plan, failure);
  while (failure.conflict.has_value()) {
    RefuseConflict(plan, failure, waiting);
    if (waiting.empty()) return;
    plan = MakePlan(waiting);
    failure = {};
    outcome = Append(plan, failure);
  }
  const absl::Status& cause = failure.cause;
  const absl::Duration append_end = clock_.Elapsed();
  Observe(options_.stages, Stage::kAppend, append_end - append_start);
  switch (outcome) {
    case Outcome::kCommitted:
      break;
    case Outcome::kFailed:
      // The first temper: this batch failed, the next one may go on.
      Trouble("log_commit_failed", cause);
      return Refuse(waiting, cause);
    case Outcome::kUnknown:
      // The second temper: the state is unknown; only a new start, which reads it, goes on.
      Fail("log_state_unknown", cause, "restart the gateway");
      return Refuse(waiting, cause);
  }
  // 3. Sign what is durable: Ed25519 is deterministic, so a crash before this line loses nothing.
  if (absl::Status status = Publish(plan, append_end - start); !status.ok()) {
    // The entries are in the log, but nobody can be given a proof.
    Fail("log_not_signed", status, "mend where the log's key is kept, then restart the gateway");
    return Refuse(waiting, status);
  }
  Observe(options_.stages, Stage::kSign, clock_.Elapsed() - append_end);
  // 4. Only now the answers go.
  if (!options_.release_scope) return Release(plan, waiting);
  options_.release_scope([&] { Release(plan, waiting); });
}

GroupCommitter::Plan GroupCommitter::MakePlan(std::vector<Waiting>& waiting) {
  store::Batch batch;
  store::Head head;
  // Never below the previous entry's, whatever the clock does.
  head.time_ms = std::max(head_.time_ms, absl::ToUnixMillis(clock_.Now()));
  const absl::string_view timestamp = timestamps_.Get(head.time_ms);
  std::vector<tlog::Hash> leaf_hashes;
  leaf_hashes.reserve(waiting.size());
  batch.entries.reserve(waiting.size());
  for (Waiting& each : waiting) {
    StampLeaf(each.entry.leaf, timestamp);
    leaf_hashes.push_back(tlog::LeafHash(each.entry.leaf));
    if (each.is_landmark) batch.landmarks.push_back(head_.size + batch.entries.size());
    batch.entries.push_back(std::move(each.entry));
    if (each.registry.has_value()) batch.registry = std::move(each.registry);
  }
  tlog::RightEdge edge = Newest()->edge;
  for (auto& [tile, hashes] : edge.Append(leaf_hashes)) {
    batch.tiles.push_back({.level = tile.level, .index = tile.index, .hashes = std::move(hashes)});
  }
  tlog::Batch tree(tree_, std::move(leaf_hashes));
  head.size = tree.tree().size();
  head.peaks = tree.tree().peaks();
  random_.Fill(head.batch);
  return {std::move(batch), std::move(head), std::move(tree), std::move(edge)};
}

GroupCommitter::Outcome GroupCommitter::Append(const Plan& plan, Failure& failure) {
  store::Appended appended = store_.Append(head_, plan.batch, plan.head);
  failure = {.cause = std::move(appended.cause), .conflict = appended.conflict};
  if (failure.conflict.has_value()) return Outcome::kFailed;
  const absl::Status& cause = failure.cause;
  switch (appended.result) {
    case store::AppendResult::kCommitted:
      return Outcome::kCommitted;
    case store::AppendResult::kFailed:
      // ABORTED: the head is not ours any more; nothing that follows could succeed.
      return absl::IsAborted(cause) ? Settle(plan) : Outcome::kFailed;
    case store::AppendResult::kUnknown:
      return Settle(plan);
  }
  CHAYAN_CHECK(false);
}

// Each turn has one entry less, so it ends.
void GroupCommitter::RefuseConflict(Plan& plan, const Failure& failure,
                                    std::vector<Waiting>& waiting) {
  for (size_t i = 0; i < waiting.size(); ++i) {
    waiting[i].entry = std::move(plan.batch.entries[i]);
    // At most one of a batch has a set.
    if (waiting[i].registry.has_value()) waiting[i].registry = std::move(plan.batch.registry);
  }
  const auto refused = waiting.begin() + static_cast<std::ptrdiff_t>(*failure.conflict);
  refused->done(failure.cause);
  waiting.erase(refused);
}

// The batch's random id in the head tells what became of it. Never retried blind.
GroupCommitter::Outcome GroupCommitter::Settle(const Plan& plan) {
  const absl::StatusOr<store::Head> head = store_.ReadHead();
  if (!head.ok()) return Outcome::kUnknown;
  if (head->batch == plan.head.batch && head->size == plan.head.size) return Outcome::kCommitted;
  if (head->batch == head_.batch && head->size == head_.size) return Outcome::kFailed;
  return Outcome::kUnknown;
}

absl::Status GroupCommitter::Publish(Plan& plan, absl::Duration taken) {
  head_ = plan.head;
  tree_ = plan.tree.tree();
  const tlog::TreeHead tree_head{.size = head_.size, .root = plan.tree.root()};
  CHAYAN_ASSIGN_OR_RETURN(std::string checkpoint, signer_.Sign(tree_head));
  auto newest = std::make_shared<const Signed>(Signed{std::move(checkpoint), std::move(plan.edge)});
  metrics_.CountBatch(plan.batch.entries.size(), taken);
  absl::MutexLock lock(&mu_);
  signed_.swap(newest);
  commit_times_.Add(taken);
  trouble_.clear();
  if (head_.size >= upkeep_size_) keeper_wake_.Signal();
  return absl::OkStatus();
}

void GroupCommitter::Release(Plan& plan, std::vector<Waiting>& waiting) {
  const std::string checkpoint = Checkpoint();
  for (size_t i = 0; i < waiting.size(); ++i) {
    const uint64_t index = plan.tree.old_size() + i;
    metrics_.Count(waiting[i].place);
    waiting[i].done(
        Committed{.index = index,
                  .leaf = std::move(plan.batch.entries[i].leaf),
                  .tlog_proof = tlog::FormatProofFile({.extra = std::nullopt,
                                                       .index = index,
                                                       .path = plan.tree.InclusionProof(i),
                                                       .checkpoint = checkpoint})});
  }
}

void GroupCommitter::Refuse(std::vector<Waiting>& waiting, const absl::Status& cause) {
  metrics_.CountFailure();
  const absl::Status refusal = absl::UnavailableError(absl::StrCat("log: ", cause.message()));
  for (Waiting& each : waiting) each.done(refusal);
}

void GroupCommitter::Fail(absl::string_view event, const absl::Status& cause,
                          absl::string_view remedy) {
  diag::Error(event, {{"cause", cause.message()}, {"remedy", remedy}});
  absl::MutexLock lock(&mu_);
  if (fatal_.ok()) fatal_ = cause;
  closed_ = true;
}

absl::Status GroupCommitter::FatalState() const {
  absl::MutexLock lock(&mu_);
  return fatal_;
}

void GroupCommitter::Trouble(absl::string_view event, const absl::Status& cause) {
  {
    absl::MutexLock lock(&mu_);
    if (absl::string_view(trouble_) == cause.message()) return;
    trouble_ = std::string(cause.message());
  }
  diag::Error(event, {{"cause", cause.message()}});
}

// --- the keeper thread -------------------------------------------------------------------------

void GroupCommitter::RunKeeper() {
  absl::Duration guard_due = absl::ZeroDuration();
  bool stopping = false;
  while (!stopping) {
    absl::Status status = absl::OkStatus();
    if (const absl::Duration now = clock_.Elapsed(); now >= guard_due) {
      guard_due = now + kKeeperPause;
      status = WriteGuard();
    }
    const uint64_t size = Newest()->edge.size();
    if (status.ok()) status = store_.Maintain();
    if (!status.ok()) Trouble("log_upkeep_failed", status);
    absl::MutexLock lock(&mu_);
    upkeep_size_ = size + kUpkeepEntries;
    if (!stopping_ && signed_->edge.size() < upkeep_size_) {
      keeper_wake_.WaitWithTimeout(&mu_, kKeeperPause);
    }
    stopping = stopping_;
  }
}

absl::Status GroupCommitter::WriteGuard() {
  std::string checkpoint = Checkpoint();
  if (checkpoint == guarded_checkpoint_) return absl::OkStatus();
  CHAYAN_RETURN_IF_ERROR(
      Annotate(WriteFile(options_.head_file, checkpoint), "write the log's guard file"));
  guarded_checkpoint_ = std::move(checkpoint);
  return absl::OkStatus();
}

void GroupCommitter::Stop() {
  absl::MutexLock stop_lock(&stop_mu_);
  {
    absl::MutexLock lock(&mu_);
    stopping_ = true;
    work_.Signal();
    keeper_wake_.Signal();
  }
  if (!committer_.joinable()) return;
  committer_.join();
  keeper_.join();
  if (const absl::Status status = WriteGuard(); !status.ok()) {
    diag::Error("log_upkeep_failed", {{"cause", status.message()}});
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Committer>> Committer::Create(
    Options options, store::Store& store, const crypto::Signer& signer, Clock& clock,
    Random& random, std::optional<store::RegistrySet> bootstrap) {
  if (!tlog::IsValidKeyName(options.origin)) {
    return absl::InvalidArgumentError(
        absl::StrCat("log origin \"", options.origin, "\": not a name a log can have"));
  }
  auto committer =
      std::make_unique<GroupCommitter>(std::move(options), store, signer, clock, random);
  CHAYAN_RETURN_IF_ERROR(committer->Recover(std::move(bootstrap)));
  committer->StartThreads();
  return committer;
}

}  // namespace chayan::log
