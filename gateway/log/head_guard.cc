#include "gateway/log/head_guard.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"
#include "gateway/log/tree_reader.h"
#include "gateway/tlog/checkpoint.h"

namespace chayan::log {
namespace {

// Said of every store that is behind: the operator must choose, not the program.
constexpr absl::string_view kRemedy =
    "put the right store file back; if it is lost, begin a new log under a new origin (a new key, "
    "a new store and a new guard file) and give the auditors the last checkpoint, which is in the "
    "guard file";

}  // namespace

absl::StatusOr<std::optional<tlog::TreeHead>> ReadGuard(const std::string& path,
                                                        std::span<const tlog::VerifierKey> log) {
  const absl::StatusOr<std::string> note = ReadFile(path);
  if (absl::IsNotFound(note.status())) return std::nullopt;
  CHAYAN_RETURN_IF_ERROR(note.status());
  absl::StatusOr<tlog::Checkpoint> checkpoint = absl::InvalidArgumentError("no key to check it by");
  for (const tlog::VerifierKey& key : log) {
    checkpoint = tlog::OpenCheckpoint(*note, key);
    if (checkpoint.ok()) break;
  }
  if (!checkpoint.ok()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "guard file ", path, ": ", checkpoint.status().message(),
        ": it is of another log or was changed; name this log's own guard file and key, or move "
        "it away after making sure that the store is the right one"));
  }
  return checkpoint->head;
}

absl::Status CheckGuard(const std::string& path, const tlog::TreeHead& guard, store::Store& store,
                        const tlog::RightEdge& edge) {
  if (edge.size() == 0 && guard.size > 0) {
    return absl::FailedPreconditionError(absl::StrCat("the store is empty, but guard file ", path,
                                                      " has seen a log of ", guard.size,
                                                      " entries: the store was lost: ", kRemedy));
  }
  if (edge.size() < guard.size) {
    return absl::FailedPreconditionError(
        absl::StrCat("the store has ", edge.size(), " entries, but guard file ", path, " has seen ",
                     guard.size, ": the store is an older copy: ", kRemedy));
  }
  CHAYAN_ASSIGN_OR_RETURN(const tlog::Hash root, RootAt(store, edge, guard.size));
  if (root == guard.root) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("the first ", guard.size, " entries of the store are not those that guard file ",
                   path, " has seen: the store was changed or is of another log: ", kRemedy));
}

}  // namespace chayan::log
