// Notes and checkpoints: no input crashes, and what is accepted has one spelling.
#include <cstddef>
#include <cstdint>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "gateway/base/check.h"
#include "gateway/tlog/checkpoint.h"
#include "gateway/tlog/note.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace chayan::tlog;
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  const absl::StatusOr<Note> note = ParseNote(bytes);
  if (!note.ok()) return 0;
  CHAYAN_CHECK(absl::StartsWith(bytes, note->text));
  CHAYAN_CHECK(IsValidNoteText(note->text));
  const absl::StatusOr<Checkpoint> checkpoint = ParseCheckpoint(note->text);
  if (checkpoint.ok()) CHAYAN_CHECK(FormatCheckpoint(*checkpoint) == note->text);
  return 0;
}
