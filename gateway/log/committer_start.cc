#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/base/diag.h"
#include "gateway/base/status_macros.h"
#include "gateway/log/group_committer.h"
#include "gateway/log/head_guard.h"
#include "gateway/log/tree_reader.h"

namespace chayan::log {

absl::Status GroupCommitter::Start(std::optional<store::RegistrySet> bootstrap) {
  CHAYAN_RETURN_IF_ERROR(Recover(std::move(bootstrap)));
  const std::shared_ptr<const Signed> newest = Newest();
  keeper_.Follow(newest->edge.size(), newest->checkpoint);
  CHAYAN_RETURN_IF_ERROR(keeper_.Start());
  absl::MutexLock lock(&stop_mu_);
  committer_ = std::thread([this] { RunCommitter(); });
  return absl::OkStatus();
}

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
  return RecordKeys();
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

}  // namespace chayan::log
