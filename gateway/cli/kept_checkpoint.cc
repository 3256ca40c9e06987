#include "gateway/cli/kept_checkpoint.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/base/check.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"
#include "gateway/log/tree_reader.h"
#include "gateway/tlog/note.h"

namespace chayan::cli {

absl::Status FollowKeys(const std::string& log_keys_file, StoredLog& log) {
  CHAYAN_ASSIGN_OR_RETURN(const std::string text, ReadFile(log_keys_file));
  absl::StatusOr<log::KeyChain> chain = log::KeyChain::Parse(text);
  if (!chain.ok()) return Annotate(chain.status(), log_keys_file);
  const auto& stored = log.chain.entries();
  const auto& told = chain->entries();
  const size_t common = std::min(stored.size(), told.size());
  for (size_t i = 0; i < common; ++i) {
    if (told[i].index == stored[i].index && told[i].leaf == stored[i].leaf) continue;
    return absl::FailedPreconditionError(
        absl::StrCat(log_keys_file, ": is of another log than ", log.chain.origin()));
  }
  if (told.size() > stored.size()) log.chain = *std::move(chain);
  return absl::OkStatus();
}

absl::StatusOr<OpenedCheckpoint> OpenKept(const KeptCheckpoint& kept, const log::KeyChain& chain) {
  CHAYAN_ASSIGN_OR_RETURN(const tlog::Note note, tlog::ParseNote(kept.note));
  for (const log::KeyChain::Key& each : chain.keys()) {
    const auto checkpoint = tlog::OpenCheckpoint(kept.note, each.key);
    if (!checkpoint.ok()) continue;
    for (const tlog::NoteSignature& line : note.signatures) {
      if (line.key_id != each.key.id() || line.name != each.key.name()) continue;
      CHAYAN_ASSIGN_OR_RETURN(const auto signature, crypto::Ed25519Signature::FromRaw(line.bytes));
      return OpenedCheckpoint{*checkpoint, each.key, signature};
    }
  }
  return absl::FailedPreconditionError(
      absl::StrCat(kept.name, ": is signed by no key of the log ", chain.origin(),
                   ": name checkpoints of this log, and with --log-keys the keys that it got "
                   "after the backup"));
}

absl::StatusOr<OpenedCheckpoint> NewestCheckpoint(const std::vector<KeptCheckpoint>& kept,
                                                  const StoredLog& log) {
  CHAYAN_CHECK(!kept.empty());
  std::optional<OpenedCheckpoint> newest;
  for (const KeptCheckpoint& each : kept) {
    CHAYAN_ASSIGN_OR_RETURN(OpenedCheckpoint opened, OpenKept(each, log.chain));
    const tlog::TreeHead& head = opened.checkpoint.head;
    if (head.size <= log.edge.size()) {
      CHAYAN_ASSIGN_OR_RETURN(const tlog::Hash root, log::RootAt(*log.store, log.edge, head.size));
      if (root != head.root) {
        return absl::FailedPreconditionError(absl::StrCat(
            each.name, ": signs another history of the first ", head.size,
            " entries than the backup holds: one of the two was rewritten; keep both, together "
            "they prove it"));
      }
    }
    if (!newest.has_value() || head.size > newest->checkpoint.head.size) newest = std::move(opened);
  }
  return *std::move(newest);
}

}  // namespace chayan::cli
