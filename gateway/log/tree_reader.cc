#include "gateway/log/tree_reader.h"

#include <limits>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/base/check.h"
#include "gateway/base/status_macros.h"
#include "gateway/log/entry.h"

namespace chayan::log {
namespace {

using tlog::Hash;
using tlog::TileId;

absl::StatusOr<std::vector<Hash>> ReadFullTile(store::Store& store, uint32_t level,
                                               uint64_t index) {
  CHAYAN_ASSIGN_OR_RETURN(const std::string bytes, store.ReadTile(level, index));
  return tlog::DecodeTile(bytes, tlog::kTileWidth);
}

// The last leaves, which no full tile of level 0 covers.
absl::StatusOr<std::vector<Hash>> HashLastLeaves(store::Store& store, uint64_t size) {
  const uint32_t width = tlog::PartialWidth(0, size);
  std::vector<Hash> hashes;
  while (hashes.size() < width) {
    CHAYAN_ASSIGN_OR_RETURN(const std::vector<std::string> leaves,
                            store.ReadLeaves(size - width + hashes.size(), width - hashes.size(),
                                             std::numeric_limits<uint64_t>::max()));
    for (const std::string& leaf : leaves) hashes.push_back(tlog::LeafHash(leaf));
  }
  return hashes;
}

// The hashes of `level` that no full tile of it covers: roots of full tiles one level below.
absl::StatusOr<std::vector<Hash>> HashLastTiles(store::Store& store, uint32_t level,
                                                uint64_t size) {
  const uint32_t width = tlog::PartialWidth(level, size);
  const uint64_t first = tlog::FullTileCount(level, size) * tlog::kTileWidth;
  std::vector<Hash> hashes;
  for (uint64_t index = first; index < first + width; ++index) {
    CHAYAN_ASSIGN_OR_RETURN(const std::vector<Hash> tile, ReadFullTile(store, level - 1, index));
    tlog::CompactRange range;
    for (const Hash& hash : tile) range.Append(hash);
    hashes.push_back(range.Root());
  }
  return hashes;
}

// The next entry's time is never below the head's, so it must be the last entry's.
absl::Status CheckLastTime(store::Store& store, const store::Head& head) {
  if (head.size == 0) return absl::OkStatus();
  CHAYAN_ASSIGN_OR_RETURN(const std::vector<std::string> last,
                          store.ReadLeaves(head.size - 1, 1, 0));
  CHAYAN_ASSIGN_OR_RETURN(const ParsedLeaf leaf, ParseLeaf(last[0]));
  if (absl::ToUnixMillis(leaf.time) == head.time_ms) return absl::OkStatus();
  return absl::DataLossError(
      "the head's time is not that of the last entry: the store was changed; compare it with an "
      "exported log");
}

// Tiles of one log of edge.size() entries; each is read from the store once.
class TileCache {
 public:
  TileCache(store::Store& store, const tlog::RightEdge& edge) : store_(store), edge_(edge) {}

  absl::StatusOr<Hash> Node(const tlog::NodeId& node) {
    return tlog::NodeFromTiles(node, [this](const TileId& tile) { return Tile(tile); });
  }

 private:
  absl::StatusOr<std::vector<Hash>> Tile(const TileId& tile) {
    if (tile.index >= tlog::FullTileCount(tile.level, edge_.size())) {
      const auto partial = edge_.PartialTile(tile.level);
      return std::vector<Hash>(partial.begin(), partial.end());
    }
    std::vector<Hash>& cached = tiles_[{tile.level, tile.index}];
    if (cached.empty()) {
      CHAYAN_ASSIGN_OR_RETURN(cached, ReadFullTile(store_, tile.level, tile.index));
    }
    return cached;
  }

  store::Store& store_;
  const tlog::RightEdge& edge_;
  std::map<std::pair<uint32_t, uint64_t>, std::vector<Hash>> tiles_;
};

}  // namespace

absl::StatusOr<tlog::RightEdge> RecoverEdge(store::Store& store, const store::Head& head) {
  CHAYAN_ASSIGN_OR_RETURN(const tlog::CompactRange tree,
                          tlog::CompactRange::FromPeaks(head.size, head.peaks));
  CHAYAN_RETURN_IF_ERROR(CheckLastTime(store, head));
  std::vector<std::vector<Hash>> partial_tiles;
  CHAYAN_ASSIGN_OR_RETURN(std::vector<Hash> hashes, HashLastLeaves(store, head.size));
  partial_tiles.push_back(std::move(hashes));
  for (uint32_t level = 1; level < tlog::kTileLevelsMax; ++level) {
    CHAYAN_ASSIGN_OR_RETURN(hashes, HashLastTiles(store, level, head.size));
    partial_tiles.push_back(std::move(hashes));
  }
  return tlog::RightEdge::Create({.size = head.size, .root = tree.Root()},
                                 std::move(partial_tiles));
}

absl::StatusOr<Hash> RootAt(store::Store& store, const tlog::RightEdge& edge, uint64_t size) {
  CHAYAN_CHECK(size <= edge.size());
  TileCache tiles(store, edge);
  return tlog::RootOf(size, [&tiles](const tlog::NodeId& node) { return tiles.Node(node); });
}

absl::StatusOr<std::vector<Hash>> InclusionPath(store::Store& store, const tlog::RightEdge& edge,
                                                uint64_t size, uint64_t index) {
  CHAYAN_CHECK(size <= edge.size());
  TileCache tiles(store, edge);
  return tlog::InclusionProof(index, size,
                              [&tiles](const tlog::NodeId& node) { return tiles.Node(node); });
}

absl::StatusOr<std::vector<Hash>> ConsistencyPath(store::Store& store, const tlog::RightEdge& edge,
                                                  uint64_t old_size, uint64_t new_size) {
  if (old_size > new_size || new_size > edge.size()) {
    return absl::OutOfRangeError(absl::StrCat("no proof from ", old_size, " to ", new_size,
                                              " entries in a log of ", edge.size()));
  }
  if (old_size == 0) return std::vector<Hash>();
  TileCache tiles(store, edge);
  return tlog::ConsistencyProof(old_size, new_size,
                                [&tiles](const tlog::NodeId& node) { return tiles.Node(node); });
}

}  // namespace chayan::log
