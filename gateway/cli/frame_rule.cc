#include "gateway/cli/frame_rule.h"

#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/strip.h"
#include "gateway/base/encoding.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"
#include "gateway/cli/bundle_reader.h"
#include "gateway/tlog/bulk_frame.h"
#include "gateway/tlog/commitment.h"

namespace chayan::cli {
namespace {

absl::StatusOr<std::vector<crypto::Digest>> ItemsOf(const v1::EntryFrame& frame) {
  std::vector<crypto::Digest> items;
  absl::string_view bytes = frame.items();
  while (!bytes.empty()) {
    CHAYAN_ASSIGN_OR_RETURN(const crypto::Digest item,
                            crypto::Digest::FromRaw(bytes.substr(0, crypto::Digest::kSize)));
    items.push_back(item);
    bytes.remove_prefix(crypto::Digest::kSize);
  }
  if (items.empty() || items.size() > tlog::kBulkItemsMax) {
    return absl::DataLossError(absl::StrCat(items.size(), " items"));
  }
  return items;
}

absl::StatusOr<uint64_t> ProveFrame(const v1::EntryFrame& frame, absl::string_view c_res) {
  CHAYAN_ASSIGN_OR_RETURN(const std::vector<crypto::Digest> items, ItemsOf(frame));
  CHAYAN_ASSIGN_OR_RETURN(const std::string commitment, Base64Decode(c_res));
  CHAYAN_RETURN_IF_ERROR(
      tlog::VerifyCommitment(tlog::Committed::kResponse, frame.response_opening(),
                             tlog::BulkFrame(items).CommittedBytes(), commitment));
  return items.size();
}

}  // namespace

std::string FramesPath(const tlog::TileId& bundle) {
  return absl::StrCat("frames", absl::StripPrefix(tlog::TilePath(bundle), "tile/entries"));
}

std::optional<Lie> FrameRule::Check(const AuditedEntry& entry) {
  if (const uint64_t bundle = entry.index / tlog::kTileWidth; bundle_ != bundle) {
    if (auto lie = Leftover()) return lie;
    if (auto lie = ReadBundle(bundle)) return lie;
  }
  const auto found = frames_.find(entry.index);
  if (entry.leaf.known_type != log::EntryType::kBulk) return std::nullopt;
  if (found == frames_.end() || found->second.response_opening().empty()) {
    ++counts_.not_there;
    if (found != frames_.end()) frames_.erase(found);
    return std::nullopt;
  }
  auto lie = CheckFrame(entry, found->second);
  frames_.erase(found);
  return lie;
}

std::optional<Lie> FrameRule::CheckFrame(const AuditedEntry& entry, const v1::EntryFrame& frame) {
  const absl::StatusOr<uint64_t> items = ProveFrame(frame, entry.leaf.Get(log::Key::kCRes));
  if (!items.ok()) {
    return Lie{absl::StrCat("the frame of ", At(entry.index), " is not the one that it covers"),
               entry.index, std::string(items.status().message())};
  }
  ++counts_.proved;
  counts_.items += *items;
  return std::nullopt;
}

std::optional<Lie> FrameRule::ReadBundle(uint64_t bundle) {
  bundle_ = bundle;
  const tlog::TileId id = {.is_bundle = true, .index = bundle, .width = BundleWidth(size_, bundle)};
  const std::string path = absl::StrCat(directory_, "/", FramesPath(id));
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return std::nullopt;
  v1::ListFramesResponse kept;
  const auto bytes = ReadFile(path);
  if (!bytes.ok() || !kept.ParseFromString(*bytes)) {
    return Lie{absl::StrCat(path, " cannot be read"), std::nullopt,
               bytes.ok() ? "it holds no frames" : std::string(bytes.status().message())};
  }
  for (v1::EntryFrame& frame : *kept.mutable_frames()) {
    const uint64_t index = frame.entry_index();
    frames_[index] = std::move(frame);
  }
  return std::nullopt;
}

std::optional<Lie> FrameRule::Leftover() const {
  if (frames_.empty()) return std::nullopt;
  const uint64_t index = frames_.begin()->first;
  return Lie{absl::StrCat("the export holds a frame of ", At(index), ", which covers none"), index,
             "the entry's type"};
}

}  // namespace chayan::cli
