#include "gateway/tlog/note.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "gateway/base/check.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_macros.h"

namespace chayan::tlog {
namespace {

constexpr absl::string_view kSignatureLineStart = "\xe2\x80\x94 ";  // Em dash, space.
constexpr size_t kKeyIdBytes = 4;

absl::Status Malformed(absl::string_view reason) {
  return absl::InvalidArgumentError(absl::StrCat("note: ", reason));
}

// REQUIRES: no newline in `line`.
absl::StatusOr<NoteSignature> ParseSignatureLine(absl::string_view line) {
  if (!absl::ConsumePrefix(&line, kSignatureLineStart)) {
    return Malformed("a line after the last empty line is no signature");
  }
  const size_t space = line.find(' ');
  if (space == absl::string_view::npos) return Malformed("signature line without signature");
  NoteSignature signature;
  signature.name = std::string(line.substr(0, space));
  if (!IsValidKeyName(signature.name)) return Malformed("signature line without valid key name");
  const absl::StatusOr<std::string> bytes = Base64Decode(line.substr(space + 1));
  if (!bytes.ok() || bytes->size() <= kKeyIdBytes) {
    return Malformed("signature is not canonical base64 of a key id and a signature");
  }
  for (size_t i = 0; i < kKeyIdBytes; ++i) {
    signature.key_id = signature.key_id << 8 | static_cast<uint8_t>((*bytes)[i]);
  }
  signature.bytes = bytes->substr(kKeyIdBytes);
  return signature;
}

bool HasOnlyNoteCharacters(absl::string_view text) {
  const bool has_control = std::any_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 && c != '\n';
  });
  return !has_control && IsValidUtf8(text);
}

}  // namespace

absl::StatusOr<Note> ParseNote(absl::string_view bytes) {
  if (bytes.size() > kNoteBytesMax) return Malformed("too long");
  if (!HasOnlyNoteCharacters(bytes)) return Malformed("not UTF-8, or has control characters");
  const size_t split = bytes.rfind("\n\n");
  if (split == absl::string_view::npos) return Malformed("no empty line before signatures");
  Note note;
  note.text = std::string(bytes.substr(0, split + 1));
  CHAYAN_ASSIGN_OR_RETURN(note.signatures, ParseSignatureLines(bytes.substr(split + 2)));
  return note;
}

absl::StatusOr<std::vector<NoteSignature>> ParseSignatureLines(absl::string_view lines) {
  if (lines.empty()) return Malformed("no signatures");
  if (lines.back() != '\n') return Malformed("last line has no newline");
  std::vector<NoteSignature> signatures;
  while (!lines.empty()) {
    if (signatures.size() == kNoteSignaturesMax) {
      return Malformed(absl::StrCat("more than ", kNoteSignaturesMax, " signatures"));
    }
    const size_t end = lines.find('\n');
    CHAYAN_ASSIGN_OR_RETURN(NoteSignature signature, ParseSignatureLine(lines.substr(0, end)));
    signatures.push_back(std::move(signature));
    lines.remove_prefix(end + 1);
  }
  return signatures;
}

std::string FormatSignatureLine(const NoteSignature& signature) {
  std::string bytes;
  AppendUint32(bytes, signature.key_id);
  absl::StrAppend(&bytes, signature.bytes);
  return absl::StrCat(kSignatureLineStart, signature.name, " ", Base64Encode(bytes), "\n");
}

bool IsValidNoteText(absl::string_view text) {
  return !text.empty() && text.back() == '\n' && HasOnlyNoteCharacters(text);
}

std::string FormatNote(absl::string_view text, absl::string_view signature_lines) {
  CHAYAN_CHECK(!text.empty() && text.back() == '\n');
  return absl::StrCat(text, "\n", signature_lines);
}

absl::StatusOr<std::vector<VerifiedSignature>> VerifySignatures(const Note& note,
                                                                std::span<const VerifierKey> keys) {
  std::vector<VerifiedSignature> verified;
  for (size_t i = 0; i < keys.size(); ++i) {
    const VerifierKey& key = keys[i];
    // Types that cannot be verified here are strangers' signatures.
    if (!key.CanVerify()) continue;
    std::optional<uint64_t> latest;
    for (const NoteSignature& signature : note.signatures) {
      if (signature.key_id != key.id() || signature.name != key.name()) continue;
      const std::optional<uint64_t> seconds = key.Verify(note.text, signature.bytes);
      if (!seconds) return Malformed(absl::StrCat("bad signature by ", key.name()));
      latest = std::max(latest.value_or(0), *seconds);
    }
    if (latest) verified.push_back({i, *latest});
  }
  return verified;
}

}  // namespace chayan::tlog
