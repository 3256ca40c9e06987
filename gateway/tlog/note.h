// Signed notes (c2sp.org/signed-note): a text, an empty line, signature lines. The text and the
// signatures part at the LAST empty line. Signatures by unknown keys are ignored; one bad signature
// by a known key refuses the whole note.
#ifndef CHAYAN_GATEWAY_TLOG_NOTE_H_
#define CHAYAN_GATEWAY_TLOG_NOTE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/tlog/note_key.h"

namespace chayan::tlog {

// A checkpoint with 64 post-quantum signatures has 300 KB; nothing else is a note here.
inline constexpr size_t kNoteBytesMax = 512 * 1024;
// The specification asks for 16 at least; a log that all agencies witness has some dozens.
inline constexpr size_t kNoteSignaturesMax = 64;

struct NoteSignature {
  std::string name;
  uint32_t key_id = 0;
  std::string bytes;  // After the key id.
};

struct Note {
  std::string text;  // With its last newline.
  std::vector<NoteSignature> signatures;
};

// The form alone; says nothing of who signed.
absl::StatusOr<Note> ParseNote(absl::string_view note);

// At least one signature line, each with its newline: what follows a note's empty line, and what a
// witness answers.
absl::StatusOr<std::vector<NoteSignature>> ParseSignatureLines(absl::string_view lines);
// With its newline.
std::string FormatSignatureLine(const NoteSignature& signature);

// REQUIRES: `text` is one a note can have (see IsValidNoteText); `signature_lines` are lines.
std::string FormatNote(absl::string_view text, absl::string_view signature_lines);

// UTF-8, no control character but newline, not empty, ends in a newline.
bool IsValidNoteText(absl::string_view text);

struct VerifiedSignature {
  size_t key_index = 0;        // In the keys that were given.
  uint64_t posix_seconds = 0;  // Of a cosignature; of several by one key, the latest.
};

// Each key that signed, in the order of `keys`, once. An error if a known key's signature is bad;
// an empty result if no known key signed: callers that need one must look.
absl::StatusOr<std::vector<VerifiedSignature>> VerifySignatures(const Note& note,
                                                                std::span<const VerifierKey> keys);

}  // namespace chayan::tlog

#endif  // CHAYAN_GATEWAY_TLOG_NOTE_H_
