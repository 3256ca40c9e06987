#include "gateway/tlog/tile.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gateway/base/check.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_macros.h"

namespace chayan::tlog {
namespace {

constexpr absl::string_view kPathPrefix = "tile/";
constexpr absl::string_view kBundleLevel = "entries";

// Groups of three digits, all but the last marked with x.
std::string EncodeIndex(uint64_t index) {
  std::string path = absl::StrFormat("%03d", index % 1000);
  for (index /= 1000; index != 0; index /= 1000) {
    path = absl::StrFormat("x%03d/%s", index % 1000, path);
  }
  return path;
}

// The index that is written as `text`, if it is written in the one way there is.
std::optional<uint64_t> DecodeIndex(absl::string_view text) {
  uint64_t index = 0;
  for (absl::string_view group : absl::StrSplit(text, '/')) {
    absl::ConsumePrefix(&group, "x");
    if (group.size() != 3) return std::nullopt;
    uint64_t value = 0;
    for (const char c : group) {
      if (c < '0' || c > '9') return std::nullopt;
      value = value * 10 + static_cast<uint64_t>(c - '0');
    }
    if (index > (std::numeric_limits<uint64_t>::max() - value) / 1000) return std::nullopt;
    index = index * 1000 + value;
  }
  if (EncodeIndex(index) != text) return std::nullopt;
  return index;
}

// Root of 2^k hashes.
Hash PerfectRoot(std::span<const Hash> hashes) {
  CompactRange range;
  for (const Hash& hash : hashes) range.Append(hash);
  return range.Root();
}

}  // namespace

std::string TilePath(const TileId& tile) {
  CHAYAN_CHECK(tile.width >= 1 && tile.width <= kTileWidth);
  std::string path = tile.is_bundle ? absl::StrCat(kPathPrefix, kBundleLevel, "/")
                                    : absl::StrCat(kPathPrefix, tile.level, "/");
  absl::StrAppend(&path, EncodeIndex(tile.index));
  if (tile.width != kTileWidth) absl::StrAppend(&path, ".p/", tile.width);
  return path;
}

absl::StatusOr<TileId> ParseTilePath(absl::string_view path) {
  const absl::Status malformed = absl::InvalidArgumentError("not the path of a tile");
  TileId tile;
  absl::string_view rest = path;
  if (!absl::ConsumePrefix(&rest, kPathPrefix)) return malformed;
  const size_t slash = rest.find('/');
  if (slash == absl::string_view::npos) return malformed;
  const absl::string_view level = rest.substr(0, slash);
  rest.remove_prefix(slash + 1);
  if (level == kBundleLevel) {
    tile.is_bundle = true;
  } else {
    if (level.size() != 1 || level[0] < '0' ||
        level[0] >= static_cast<char>('0' + kTileLevelsMax)) {
      return malformed;
    }
    tile.level = static_cast<uint32_t>(level[0] - '0');
  }
  if (const size_t partial = rest.find(".p/"); partial != absl::string_view::npos) {
    const absl::StatusOr<uint64_t> width = ParseDecimal(rest.substr(partial + 3));
    if (!width.ok() || *width == 0 || *width >= kTileWidth) return malformed;
    tile.width = static_cast<uint32_t>(*width);
    rest = rest.substr(0, partial);
  }
  const std::optional<uint64_t> index = DecodeIndex(rest);
  if (!index) return malformed;
  tile.index = *index;
  return tile;
}

uint64_t FullTileCount(uint32_t level, uint64_t size) {
  const uint32_t shift = kTileHeight * (level + 1);
  return shift >= 64 ? 0 : size >> shift;
}

uint32_t PartialWidth(uint32_t level, uint64_t size) {
  const uint32_t shift = kTileHeight * level;
  return shift >= 64 ? 0 : static_cast<uint32_t>(size >> shift & (kTileWidth - 1));
}

std::vector<TileId> NewTiles(uint64_t old_size, uint64_t new_size) {
  CHAYAN_CHECK(old_size <= new_size);
  std::vector<TileId> tiles;
  const auto add = [&](bool is_bundle, uint32_t level) {
    const uint64_t full = FullTileCount(level, new_size);
    for (uint64_t i = FullTileCount(level, old_size); i < full; ++i) {
      tiles.push_back({is_bundle, level, i, kTileWidth});
    }
    const uint32_t width = PartialWidth(level, new_size);
    const bool is_new =
        FullTileCount(level, old_size) != full || PartialWidth(level, old_size) != width;
    if (width != 0 && is_new) tiles.push_back({is_bundle, level, full, width});
  };
  for (uint32_t level = 0; level < kTileLevelsMax; ++level) add(/*is_bundle=*/false, level);
  add(/*is_bundle=*/true, 0);
  return tiles;
}

std::string EncodeTile(std::span<const Hash> hashes) {
  std::string bytes;
  bytes.reserve(hashes.size() * Hash::kSize);
  for (const Hash& hash : hashes) bytes.append(hash.raw().data(), Hash::kSize);
  return bytes;
}

absl::StatusOr<std::vector<Hash>> DecodeTile(absl::string_view bytes, uint32_t width) {
  if (bytes.size() != size_t{width} * Hash::kSize) {
    return absl::InvalidArgumentError(
        absl::StrCat("tile of width ", width, " has ", bytes.size(), " bytes"));
  }
  std::vector<Hash> hashes;
  hashes.reserve(width);
  for (size_t i = 0; i < bytes.size(); i += Hash::kSize) {
    hashes.push_back(Hash::FromRaw(bytes.substr(i, Hash::kSize)).value());
  }
  return hashes;
}

void AppendBundleEntry(std::string& bundle, absl::string_view entry) {
  CHAYAN_CHECK(entry.size() <= kBundleEntryBytesMax);
  AppendUint16(bundle, static_cast<uint16_t>(entry.size()));
  bundle.append(entry.data(), entry.size());
}

absl::StatusOr<std::vector<absl::string_view>> DecodeBundle(absl::string_view bundle,
                                                            uint32_t width) {
  std::vector<absl::string_view> entries;
  while (!bundle.empty() && entries.size() < width) {
    if (bundle.size() < 2) return absl::InvalidArgumentError("entry bundle ends within a length");
    const size_t length =
        static_cast<size_t>(static_cast<uint8_t>(bundle[0])) << 8 | static_cast<uint8_t>(bundle[1]);
    bundle.remove_prefix(2);
    if (bundle.size() < length)
      return absl::InvalidArgumentError("entry bundle ends within an entry");
    entries.push_back(bundle.substr(0, length));
    bundle.remove_prefix(length);
  }
  if (!bundle.empty() || entries.size() != width) {
    return absl::InvalidArgumentError(absl::StrCat("entry bundle has not ", width, " entries"));
  }
  return entries;
}

absl::StatusOr<Hash> NodeFromTiles(const NodeId& node, TileSource source) {
  CHAYAN_CHECK(node.level < 64);
  const uint32_t height = node.level % kTileHeight;  // Above the tile's own hashes.
  const uint64_t first = node.index << height;       // Among all hashes of the tile's level.
  const uint64_t end = (first & (kTileWidth - 1)) + (uint64_t{1} << height);
  const TileId tile = {.is_bundle = false,
                       .level = node.level / kTileHeight,
                       .index = first >> kTileHeight,
                       .width = static_cast<uint32_t>(end)};
  CHAYAN_ASSIGN_OR_RETURN(const std::vector<Hash> hashes, source(tile));
  if (hashes.size() < end) {
    return absl::DataLossError(absl::StrCat(TilePath(tile), ": only ", hashes.size(), " hashes"));
  }
  return PerfectRoot(std::span(hashes).subspan(first & (kTileWidth - 1), size_t{1} << height));
}

absl::StatusOr<RightEdge> RightEdge::Create(const TreeHead& head,
                                            std::vector<std::vector<Hash>> partial_tiles) {
  RightEdge edge;
  edge.size_ = head.size;
  edge.partial_tiles_ = std::move(partial_tiles);
  const auto level_count =
      std::max<uint32_t>(kTileLevelsMax, static_cast<uint32_t>(edge.partial_tiles_.size()));
  for (uint32_t level = 0; level < level_count; ++level) {
    if (edge.PartialTile(level).size() != PartialWidth(level, head.size)) {
      return absl::DataLossError(absl::StrCat("level ", level, " of a log of ", head.size,
                                              " entries has ", edge.PartialTile(level).size(),
                                              " hashes outside full tiles"));
    }
  }
  if (edge.Tree().Root() != head.root) {
    return absl::DataLossError("the log's last hashes do not make its root");
  }
  return edge;
}

std::span<const Hash> RightEdge::PartialTile(uint32_t level) const {
  if (level >= partial_tiles_.size()) return {};
  return partial_tiles_[level];
}

CompactRange RightEdge::Tree() const {
  std::vector<Hash> peaks;
  // A partial tile's own peaks are peaks of the tree; the top level's are the largest.
  for (size_t level = partial_tiles_.size(); level-- > 0;) {
    CompactRange range;
    for (const Hash& hash : partial_tiles_[level]) range.Append(hash);
    peaks.insert(peaks.end(), range.peaks().begin(), range.peaks().end());
  }
  absl::StatusOr<CompactRange> tree = CompactRange::FromPeaks(size_, std::move(peaks));
  CHAYAN_CHECK(tree.ok());
  return *std::move(tree);
}

std::vector<std::pair<TileId, std::string>> RightEdge::Append(std::span<const Hash> leaf_hashes) {
  std::vector<std::pair<TileId, std::string>> full_tiles;
  for (const Hash& leaf_hash : leaf_hashes) {
    ++size_;
    Hash hash = leaf_hash;
    for (uint32_t level = 0;; ++level) {
      if (level == partial_tiles_.size()) partial_tiles_.emplace_back().reserve(kTileWidth);
      std::vector<Hash>& tile = partial_tiles_[level];
      tile.push_back(hash);
      if (tile.size() < kTileWidth) break;
      const TileId id = {.is_bundle = false,
                         .level = level,
                         .index = FullTileCount(level, size_) - 1,
                         .width = kTileWidth};
      full_tiles.emplace_back(id, EncodeTile(tile));
      hash = PerfectRoot(tile);
      tile.clear();
    }
  }
  return full_tiles;
}

}  // namespace chayan::tlog
