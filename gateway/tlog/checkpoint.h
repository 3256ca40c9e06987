// Checkpoints (c2sp.org/tlog-checkpoint): what a log says of itself in the text of a note.
#ifndef CHAYAN_GATEWAY_TLOG_CHECKPOINT_H_
#define CHAYAN_GATEWAY_TLOG_CHECKPOINT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/tlog/merkle.h"
#include "gateway/tlog/note_key.h"

namespace chayan::tlog {

struct Checkpoint {
  std::string origin;
  TreeHead head;
  // Our logs write none; those of others are kept.
  std::vector<std::string> extensions{};

  bool operator==(const Checkpoint&) const = default;
};

// REQUIRES: origin and extensions are non-empty lines.
std::string FormatCheckpoint(const Checkpoint& checkpoint);
// The text of a note. Also refuses an empty tree with another root than the empty tree's.
absl::StatusOr<Checkpoint> ParseCheckpoint(absl::string_view text);

// The note with the log's signature. The origin is the key's name.
absl::StatusOr<std::string> SignCheckpoint(const TreeHead& head, const NoteSigner& log);

// Parses a note; refuses it unless `log` signed it and its origin is the key's name.
absl::StatusOr<Checkpoint> OpenCheckpoint(absl::string_view note, const VerifierKey& log);

}  // namespace chayan::tlog

#endif  // CHAYAN_GATEWAY_TLOG_CHECKPOINT_H_
