#include "gateway/cli/anchor_audit.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "gateway/base/encoding.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"
#include "gateway/crypto/timestamp.h"
#include "gateway/tlog/inclusion_check.h"
#include "gateway/tlog/note.h"

namespace chayan::cli {
namespace {

constexpr char kFolder[] = "/checkpoints/";
constexpr char kTimestampSuffix[] = ".tsr";

absl::StatusOr<Anchor> ReadAnchor(const std::string& note_path, const std::string& timestamp,
                                  const tlog::Policy& trust, absl::string_view root_pem) {
  CHAYAN_ASSIGN_OR_RETURN(const std::string note, ReadFile(note_path));
  CHAYAN_ASSIGN_OR_RETURN(const tlog::CheckpointStanding standing,
                          tlog::CheckCheckpoint(note, trust));
  CHAYAN_ASSIGN_OR_RETURN(const tlog::Note parsed, tlog::ParseNote(note));
  CHAYAN_ASSIGN_OR_RETURN(const absl::Time time,
                          crypto::VerifyTimestamp(timestamp, parsed.text, root_pem));
  return Anchor{.name = "", .note = note, .head = standing.checkpoint.head, .time = time};
}

}  // namespace

std::string AnchorCheckpointPath(const std::string& directory, uint64_t size) {
  return absl::StrCat(directory, kFolder, size);
}

std::string AnchorTimestampPath(const std::string& directory, uint64_t size) {
  return absl::StrCat(AnchorCheckpointPath(directory, size), kTimestampSuffix);
}

uint64_t NextAnchorSize(const std::string& directory) {
  uint64_t next = 0;
  std::error_code none;
  for (const auto& file : std::filesystem::directory_iterator(directory + kFolder, none)) {
    if (file.path().extension() != kTimestampSuffix) continue;
    const auto size = ParseDecimal(file.path().stem().string());
    if (size.ok()) next = std::max(next, *size + 1);
  }
  return next;
}

absl::StatusOr<std::vector<Anchor>> ReadAnchors(const std::string& directory,
                                                const tlog::Policy& trust,
                                                absl::string_view timestamp_root_pem) {
  std::vector<Anchor> anchors;
  if (timestamp_root_pem.empty()) return anchors;
  const std::string folder = absl::StrCat(directory, kFolder);
  const auto timestamps = ReadTree(folder, kTimestampSuffix);
  if (absl::IsNotFound(timestamps.status())) return anchors;
  CHAYAN_RETURN_IF_ERROR(timestamps.status());
  for (const auto& [name, bytes] : *timestamps) {
    const std::string checkpoint(absl::StripSuffix(name, kTimestampSuffix));
    auto anchor = ReadAnchor(folder + checkpoint, bytes, trust, timestamp_root_pem);
    if (!anchor.ok()) {
      return absl::DataLossError(
          absl::StrCat("checkpoints/", name, ": ", anchor.status().message()));
    }
    anchor->name = absl::StrCat("checkpoints/", name);
    anchors.push_back(*std::move(anchor));
  }
  std::sort(anchors.begin(), anchors.end(),
            [](const Anchor& a, const Anchor& b) { return a.head.size < b.head.size; });
  return anchors;
}

}  // namespace chayan::cli
