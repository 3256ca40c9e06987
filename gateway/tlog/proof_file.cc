#include "gateway/tlog/proof_file.h"

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "gateway/base/check.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_macros.h"
#include "gateway/tlog/note.h"

namespace chayan::tlog {
namespace {

constexpr absl::string_view kFirstLine = "c2sp.org/tlog-proof@v1";
constexpr absl::string_view kExtra = "extra ";
constexpr absl::string_view kIndex = "index ";

absl::Status Malformed(absl::string_view reason) {
  return absl::InvalidArgumentError(absl::StrCat("proof file: ", reason));
}

// Takes one line with its newline off `rest`; nothing if there is no whole line.
std::optional<absl::string_view> TakeLine(absl::string_view& rest) {
  const size_t end = rest.find('\n');
  if (end == absl::string_view::npos) return std::nullopt;
  const absl::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return line;
}

}  // namespace

std::string FormatProofFile(const ProofFile& proof) {
  // A hash in base64 is 44 characters and its newline; the rest is the index line.
  constexpr size_t kHashLineBytes = 45;
  constexpr size_t kIndexLineBytesMax = 32;
  std::string text;
  text.reserve(kFirstLine.size() + kIndexLineBytesMax + proof.path.size() * kHashLineBytes +
               proof.checkpoint.size());
  absl::StrAppend(&text, kFirstLine, "\n");
  if (proof.extra) {
    CHAYAN_CHECK(!proof.extra->empty());
    absl::StrAppend(&text, kExtra, Base64Encode(*proof.extra), "\n");
  }
  absl::StrAppend(&text, kIndex, proof.index, "\n");
  std::string line;  // one for all: a hash in base64 is too long to live in the string itself
  for (const Hash& hash : proof.path) {
    absl::Base64Escape(hash.raw(), &line);
    text.append(line).push_back('\n');
  }
  absl::StrAppend(&text, "\n", proof.checkpoint);
  return text;
}

absl::StatusOr<ProofFile> ParseProofFile(absl::string_view text) {
  if (text.size() > kProofFileBytesMax) return Malformed("too long");
  absl::string_view rest = text;
  std::optional<absl::string_view> line = TakeLine(rest);
  if (!line || *line != kFirstLine) {
    return Malformed(absl::StrCat("first line is not ", kFirstLine));
  }
  ProofFile proof;
  line = TakeLine(rest);
  if (line && absl::ConsumePrefix(&*line, kExtra)) {
    const absl::StatusOr<std::string> extra = Base64Decode(*line);
    if (!extra.ok() || extra->empty()) return Malformed("extra data is not canonical base64");
    proof.extra = *extra;
    line = TakeLine(rest);
  }
  if (!line || !absl::ConsumePrefix(&*line, kIndex)) return Malformed("no line with the index");
  const absl::StatusOr<uint64_t> index = ParseDecimal(*line);
  if (!index.ok()) return Malformed(absl::StrCat("index is ", index.status().message()));
  proof.index = *index;
  while (true) {
    line = TakeLine(rest);
    if (!line) return Malformed("no empty line before the checkpoint");
    if (line->empty()) break;
    if (proof.path.size() == kPathHashesMax) return Malformed("path is too long");
    const absl::StatusOr<std::string> bytes = Base64Decode(*line);
    if (!bytes.ok()) return Malformed("path is not canonical base64");
    const absl::StatusOr<Hash> hash = Hash::FromRaw(*bytes);
    if (!hash.ok()) return Malformed("path has a hash that is not 32 bytes");
    proof.path.push_back(*hash);
  }
  const absl::StatusOr<Note> note = ParseNote(rest);
  if (!note.ok()) return Annotate(note.status(), "proof file");
  proof.checkpoint = std::string(rest);
  return proof;
}

}  // namespace chayan::tlog
