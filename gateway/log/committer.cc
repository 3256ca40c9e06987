#include "gateway/log/committer.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gateway/base/diag.h"
#include "gateway/base/status_macros.h"
#include "gateway/log/group_committer.h"
#include "gateway/log/tree_reader.h"
#include "gateway/tlog/note_key.h"
#include "gateway/tlog/proof_file.h"

namespace chayan::log {
namespace {

// Entries that a held log takes.
bool IsOperators(EntryType type) {
  return type == EntryType::kOperator || type == EntryType::kRegistry;
}

}  // namespace

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

void GroupCommitter::Stop() {
  absl::MutexLock stop_lock(&stop_mu_);
  {
    absl::MutexLock lock(&mu_);
    stopping_ = true;
    work_.Signal();
  }
  if (!committer_.joinable()) return;
  committer_.join();
  keeper_.Stop();
}

absl::StatusOr<std::unique_ptr<Committer>> Committer::Create(
    Options options, store::Store& store, const crypto::Signer& signer, Clock& clock,
    Random& random, std::optional<store::RegistrySet> bootstrap) {
  if (!tlog::IsValidKeyName(options.origin)) {
    return absl::InvalidArgumentError(
        absl::StrCat("log origin \"", options.origin, "\": not a name a log can have"));
  }
  auto committer =
      std::make_unique<GroupCommitter>(std::move(options), store, signer, clock, random);
  CHAYAN_RETURN_IF_ERROR(committer->Start(std::move(bootstrap)));
  return committer;
}

}  // namespace chayan::log
