#include "gateway/cli/report_pack.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"
#include "gateway/crypto/digest.h"
#include "gateway/tlog/note.h"
#include "gateway/tlog/proof_file.h"
#include "gateway/tlog/tile.h"

namespace chayan::cli {
namespace {

constexpr char kManifestVersion[] = "chayan-report/v1";
// "HEX  name": the digest's digits and two spaces.
constexpr size_t kDigestDigits = 64;

absl::StatusOr<std::vector<tlog::Hash>> ReadTile(const std::string& directory, uint64_t size,
                                                 tlog::TileId tile) {
  if (tile.index >= tlog::FullTileCount(tile.level, size)) {
    tile.width = tlog::PartialWidth(tile.level, size);
  } else {
    tile.width = tlog::kTileWidth;
  }
  CHAYAN_ASSIGN_OR_RETURN(const std::string bytes,
                          ReadFile(absl::StrCat(directory, "/", tlog::TilePath(tile))));
  return tlog::DecodeTile(bytes, tile.width);
}

std::string ManifestLine(absl::string_view name, absl::string_view bytes) {
  return absl::StrCat(crypto::Sha256(bytes).ToHex(), "  ", name, "\n");
}

absl::Status CheckSigner(const tlog::Note& note, const std::optional<tlog::VerifierKey>& signer) {
  if (!signer.has_value()) return absl::OkStatus();
  CHAYAN_ASSIGN_OR_RETURN(const auto signatures,
                          tlog::VerifySignatures(note, std::span(&*signer, 1)));
  if (!signatures.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(kManifestName, ": ", signer->name(), " did not sign it"));
}

}  // namespace

void ReportPack::Add(std::string path, std::string bytes) {
  files_.emplace_back(std::move(path), std::move(bytes));
}

absl::Status ReportPack::AddProof(const std::string& directory, const std::string& checkpoint,
                                  const tlog::TreeHead& head, uint64_t index,
                                  absl::string_view leaf) {
  const auto tiles = [&](const tlog::TileId& tile) { return ReadTile(directory, head.size, tile); };
  CHAYAN_ASSIGN_OR_RETURN(std::vector<tlog::Hash> path,
                          tlog::InclusionProof(index, head.size, [&](const tlog::NodeId& node) {
                            return tlog::NodeFromTiles(node, tiles);
                          }));
  CHAYAN_RETURN_IF_ERROR(
      tlog::VerifyInclusion(index, head.size, tlog::LeafHash(leaf), path, head.root));
  const std::string name = absl::StrCat("proofs/", index);
  Add(name + ".leaf", std::string(leaf));
  Add(name + ".tlog-proof", tlog::FormatProofFile({.extra = std::nullopt,
                                                   .index = index,
                                                   .path = std::move(path),
                                                   .checkpoint = checkpoint}));
  return absl::OkStatus();
}

absl::Status ReportPack::Write(const std::string& directory, const report::Period& period,
                               const tlog::Checkpoint& checkpoint,
                               const std::optional<tlog::NoteSigner>& signer) const {
  std::string text =
      absl::StrCat(kManifestVersion, "\nlog ", checkpoint.origin, "\nsize ", checkpoint.head.size,
                   "\nroot ", checkpoint.head.root.ToBase64(), "\nfrom ",
                   report::IsoDate(period.first), "\nto ", report::IsoDate(period.last), "\n");
  auto files = files_;
  std::sort(files.begin(), files.end());
  for (const auto& [path, bytes] : files) {
    const std::string full = absl::StrCat(directory, "/", path);
    CHAYAN_RETURN_IF_ERROR(MakeDirectories(full.substr(0, full.rfind('/'))));
    CHAYAN_RETURN_IF_ERROR(WriteFile(full, bytes));
    text += ManifestLine(path, bytes);
  }
  std::string manifest = text;
  if (signer.has_value()) {
    CHAYAN_ASSIGN_OR_RETURN(const std::string line, signer->Sign(text));
    manifest = tlog::FormatNote(text, line);
  }
  return WriteFile(absl::StrCat(directory, "/", kManifestName), manifest);
}

absl::Status CheckReportPack(const std::string& directory,
                             const std::optional<tlog::VerifierKey>& signer) {
  CHAYAN_ASSIGN_OR_RETURN(auto files, ReadTree(directory, ""));
  std::map<std::string, std::string> present(files.begin(), files.end());
  const std::string manifest = present[kManifestName];
  present.erase(kManifestName);
  std::string text = manifest;
  if (const auto note = tlog::ParseNote(manifest); note.ok()) {
    CHAYAN_RETURN_IF_ERROR(CheckSigner(*note, signer));
    text = note->text;
  } else if (signer.has_value()) {
    return absl::InvalidArgumentError(absl::StrCat(kManifestName, ": it is not signed"));
  }
  const std::vector<std::string> lines = absl::StrSplit(text, '\n', absl::SkipEmpty());
  if (lines.empty() || lines[0] != kManifestVersion) {
    return absl::InvalidArgumentError(absl::StrCat(kManifestName, ": no manifest of a report"));
  }
  for (const std::string& line : lines) {
    if (line.size() < kDigestDigits + 3 || line.substr(kDigestDigits, 2) != "  ") continue;
    const std::string name = line.substr(kDigestDigits + 2);
    const auto file = present.find(name);
    if (file == present.end()) {
      return absl::InvalidArgumentError(absl::StrCat(name, ": is missing"));
    }
    if (crypto::Sha256(file->second).ToHex() != line.substr(0, kDigestDigits)) {
      return absl::InvalidArgumentError(absl::StrCat(name, ": was changed"));
    }
    present.erase(file);
  }
  if (present.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(present.begin()->first, ": does not stand in the manifest"));
}

}  // namespace chayan::cli
