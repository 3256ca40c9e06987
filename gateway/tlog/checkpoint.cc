#include "gateway/tlog/checkpoint.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gateway/base/check.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_macros.h"
#include "gateway/tlog/note.h"

namespace chayan::tlog {
namespace {

absl::Status Malformed(absl::string_view reason) {
  return absl::InvalidArgumentError(absl::StrCat("checkpoint: ", reason));
}

bool IsLine(absl::string_view text) {
  return !text.empty() && text.find('\n') == absl::string_view::npos;
}

}  // namespace

std::string FormatCheckpoint(const Checkpoint& checkpoint) {
  CHAYAN_CHECK(IsLine(checkpoint.origin));
  std::string text = absl::StrCat(checkpoint.origin, "\n", checkpoint.head.size, "\n",
                                  checkpoint.head.root.ToBase64(), "\n");
  for (const std::string& extension : checkpoint.extensions) {
    CHAYAN_CHECK(IsLine(extension));
    absl::StrAppend(&text, extension, "\n");
  }
  return text;
}

absl::StatusOr<Checkpoint> ParseCheckpoint(absl::string_view text) {
  if (!IsValidNoteText(text)) return Malformed("not the text of a note");
  text.remove_suffix(1);
  const std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  if (lines.size() < 3) return Malformed("fewer than three lines");
  for (const absl::string_view line : lines) {
    if (line.empty()) return Malformed("an empty line");
  }
  Checkpoint checkpoint;
  checkpoint.origin = std::string(lines[0]);
  const absl::StatusOr<uint64_t> size = ParseDecimal(lines[1]);
  if (!size.ok()) return Malformed(absl::StrCat("size is ", size.status().message()));
  checkpoint.head.size = *size;
  const absl::StatusOr<std::string> root = Base64Decode(lines[2]);
  if (!root.ok()) return Malformed(absl::StrCat("root is ", root.status().message()));
  const absl::StatusOr<Hash> hash = Hash::FromRaw(*root);
  if (!hash.ok()) return Malformed("root has not 32 bytes");
  checkpoint.head.root = *hash;
  if (*size == 0 && *hash != EmptyRoot()) return Malformed("root is not that of the empty tree");
  for (size_t i = 3; i < lines.size(); ++i) checkpoint.extensions.emplace_back(lines[i]);
  return checkpoint;
}

absl::StatusOr<std::string> SignCheckpoint(const TreeHead& head, const NoteSigner& log) {
  const std::string text =
      FormatCheckpoint({.origin = log.verifier_key().name(), .head = head, .extensions = {}});
  CHAYAN_ASSIGN_OR_RETURN(const std::string line, log.Sign(text));
  return FormatNote(text, line);
}

absl::StatusOr<Checkpoint> OpenCheckpoint(absl::string_view bytes, const VerifierKey& log) {
  CHAYAN_ASSIGN_OR_RETURN(const Note note, ParseNote(bytes));
  CHAYAN_ASSIGN_OR_RETURN(const std::vector<VerifiedSignature> verified,
                          VerifySignatures(note, std::span(&log, 1)));
  if (verified.empty()) return Malformed(absl::StrCat("not signed by ", log.name()));
  CHAYAN_ASSIGN_OR_RETURN(Checkpoint checkpoint, ParseCheckpoint(note.text));
  if (checkpoint.origin != log.name()) return Malformed("origin is not the name of the log's key");
  return checkpoint;
}

}  // namespace chayan::tlog
