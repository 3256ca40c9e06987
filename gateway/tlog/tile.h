// Tiles and entry bundles of c2sp.org/tlog-tiles: names, widths, bytes, and the right edge of a
// growing log, from which completed tiles fall off. A full tile or bundle never changes.
#ifndef CHAYAN_GATEWAY_TLOG_TILE_H_
#define CHAYAN_GATEWAY_TLOG_TILE_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/tlog/merkle.h"

namespace chayan::tlog {

inline constexpr uint32_t kTileHeight = 8;
// Hashes in a full tile, entries in a full bundle.
inline constexpr uint32_t kTileWidth = 1u << kTileHeight;
// Levels above hold nothing in a log of less than 2^64 entries.
inline constexpr uint32_t kTileLevelsMax = 64 / kTileHeight;
// The length of an entry in a bundle is a uint16.
inline constexpr size_t kBundleEntryBytesMax = 65535;

// A tile of hashes, or the bundle of the entries under a tile of level 0.
struct TileId {
  bool is_bundle = false;
  uint32_t level = 0;  // 0 for a bundle.
  uint64_t index = 0;
  uint32_t width = kTileWidth;  // 1..256; less than 256: partial.

  auto operator<=>(const TileId&) const = default;
};

// "tile/0/x001/x234/067", "tile/entries/273.p/112"; without the log's prefix.
std::string TilePath(const TileId& tile);
// Accepts exactly what TilePath makes, of levels 0 to 7.
absl::StatusOr<TileId> ParseTilePath(absl::string_view path);

// Full tiles of the level in a log of `size` entries, and hashes in the partial one behind them (0:
// there is none).
uint64_t FullTileCount(uint32_t level, uint64_t size);
uint32_t PartialWidth(uint32_t level, uint64_t size);
// What a log of `new_size` entries has and one of `old_size` has not: tiles of all levels with the
// partial ones of `new_size`, then bundles.
std::vector<TileId> NewTiles(uint64_t old_size, uint64_t new_size);

std::string EncodeTile(std::span<const Hash> hashes);
// Refuses any length but width * 32.
absl::StatusOr<std::vector<Hash>> DecodeTile(absl::string_view bytes, uint32_t width);

// REQUIRES: at most kBundleEntryBytesMax bytes.
void AppendBundleEntry(std::string& bundle, absl::string_view entry);
// The entries lie in `bundle`. Refuses any number of entries but `width`.
absl::StatusOr<std::vector<absl::string_view>> DecodeBundle(absl::string_view bundle,
                                                            uint32_t width);

// The hash of a perfect subtree from the tile that holds it or its descendants: makes a NodeSource
// of a source of tiles. The source gives the first `width` hashes of the tile at least.
using TileSource = absl::FunctionRef<absl::StatusOr<std::vector<Hash>>(const TileId&)>;
absl::StatusOr<Hash> NodeFromTiles(const NodeId& node, TileSource source);

// The hashes of each level that no full tile holds yet. Not thread-safe.
class RightEdge {
 public:
  // Of the empty log.
  RightEdge() = default;
  // partial_tiles[level] has PartialWidth(level, size) hashes; levels at the end may be left out.
  // Refuses other widths, and a tree that has not the root of `head`.
  static absl::StatusOr<RightEdge> Create(const TreeHead& head,
                                          std::vector<std::vector<Hash>> partial_tiles);

  uint64_t size() const { return size_; }
  // The partial tile of a level; may be empty.
  std::span<const Hash> PartialTile(uint32_t level) const;
  CompactRange Tree() const;

  // Appends, and returns the tiles that became full, bytes ready to be stored.
  std::vector<std::pair<TileId, std::string>> Append(std::span<const Hash> leaf_hashes);

 private:
  uint64_t size_ = 0;
  std::vector<std::vector<Hash>> partial_tiles_;
};

}  // namespace chayan::tlog

#endif  // CHAYAN_GATEWAY_TLOG_TILE_H_
