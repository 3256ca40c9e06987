#include "gateway/log/judgement.h"

#include "absl/strings/str_cat.h"
#include "gateway/base/status_macros.h"
#include "gateway/log/tree_reader.h"
#include "gateway/tlog/checkpoint.h"

namespace chayan::log {
namespace {

// Signed by one of our keys, under our name, with our origin.
absl::StatusOr<tlog::Checkpoint> OpenOwn(absl::string_view note,
                                         std::span<const tlog::VerifierKey> own_keys) {
  absl::Status refusal = absl::InvalidArgumentError("no key of ours");
  for (const tlog::VerifierKey& key : own_keys) {
    auto checkpoint = tlog::OpenCheckpoint(note, key);
    if (checkpoint.ok()) return checkpoint;
    refusal = checkpoint.status();
  }
  return refusal;
}

}  // namespace

absl::StatusOr<Judgement> JudgeCheckpoint(absl::string_view note,
                                          std::span<const tlog::VerifierKey> own_keys,
                                          store::Store& store) {
  using Verdict = Judgement::Verdict;
  const auto shown = OpenOwn(note, own_keys);
  if (!shown.ok()) {
    return Judgement{Verdict::kNotOurs, absl::StrCat("what it shows is not signed by this log: ",
                                                     shown.status().message())};
  }
  CHAYAN_ASSIGN_OR_RETURN(const store::Head head, store.ReadHead());
  const uint64_t size = shown->head.size;
  if (size > head.size) {
    return Judgement{Verdict::kProof,
                     absl::StrCat("a checkpoint of ", size, " entries with this log's signature, ",
                                  "but the store has ", head.size,
                                  ": the store was put back from an older copy, or another gateway "
                                  "signs with this key")};
  }
  CHAYAN_ASSIGN_OR_RETURN(const tlog::RightEdge edge, RecoverEdge(store, head));
  CHAYAN_ASSIGN_OR_RETURN(const tlog::Hash root, RootAt(store, edge, size));
  if (root == shown->head.root) return Judgement{Verdict::kConsistent, ""};
  return Judgement{
      Verdict::kProof,
      absl::StrCat("a checkpoint of ", size,
                   " entries with this log's signature and another root than the ", "first ", size,
                   " entries of the store: the store was changed, or another gateway "
                   "signs with this key")};
}

}  // namespace chayan::log
