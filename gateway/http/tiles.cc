#include "gateway/http/tiles.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/base/diag.h"
#include "gateway/base/status_macros.h"
#include "gateway/tlog/checkpoint.h"
#include "gateway/tlog/note.h"

namespace chayan::http {
namespace {

// A newer one is a second away; a front may answer a crowd from one reading.
constexpr char kCheckpointCaching[] = "max-age=1";
// Never another content under the same name. Not "public": who may see them is the front's to say.
constexpr char kTileCaching[] = "max-age=31536000, immutable";
// Read from the store at a time; a full bundle of our leaves is at most half a MiB.
constexpr uint64_t kReadBytesMax = 1 << 20;

Response NotHere() { return TextResponse(404, "the published checkpoint covers nothing here"); }

Response StoreFault(const absl::Status& status) {
  diag::Error("http.tile_unreadable", {{"cause", status.message()}});
  return TextResponse(500, "the log cannot be read; the operator has been told");
}

// Whether a log of `size` entries has the tile's hashes (or entries), all of its width.
bool Covers(uint64_t size, const tlog::TileId& tile) {
  const uint64_t full = tlog::FullTileCount(tile.level, size);
  return tile.index < full ||
         (tile.index == full && tile.width <= tlog::PartialWidth(tile.level, size));
}

tlog::Hash RootOf(const std::vector<tlog::Hash>& hashes) {
  tlog::CompactRange range;
  for (const tlog::Hash& hash : hashes) range.Append(hash);
  return range.Root();
}

}  // namespace

std::vector<Route> Tiles::Routes() {
  return {{.path = "/checkpoint", .handler = [this](const Request&) { return Checkpoint(); }},
          {.path = "/log-keys", .handler = [this](const Request&) { return Keys(); }},
          {.path = "/tile/", .handler = [this](const Request& request) { return Tile(request); }}};
}

Response Tiles::Checkpoint() {
  std::string note = published_();
  if (note.empty()) return TextResponse(404, "no checkpoint has been published yet");
  return {.body = std::move(note), .cache_control = kCheckpointCaching};
}

Response Tiles::Keys() {
  const absl::StatusOr<uint64_t> size = PublishedSize();
  if (!size.ok()) return StoreFault(size.status());
  if (*size == 0) return NotHere();
  return {.body = log_keys_(*size), .cache_control = kCheckpointCaching};
}

Response Tiles::Tile(const Request& request) {
  const auto tile = tlog::ParseTilePath(absl::string_view(request.path).substr(1));
  if (!tile.ok()) return TextResponse(404, "no tile has this path; see c2sp.org/tlog-tiles");
  const absl::StatusOr<uint64_t> size = PublishedSize();
  if (!size.ok()) return StoreFault(size.status());
  if (!Covers(*size, *tile)) return NotHere();
  absl::StatusOr<std::string> bytes = tile->is_bundle ? ReadBundle(*tile) : ReadTile(*tile, *size);
  if (!bytes.ok()) return StoreFault(Annotate(bytes.status(), tlog::TilePath(*tile)));
  return {.body = *std::move(bytes), .content_type = kOctetStream, .cache_control = kTileCaching};
}

absl::StatusOr<uint64_t> Tiles::PublishedSize() {
  std::string note = published_();
  if (note.empty()) return 0;
  if (note != parsed_note_) {
    CHAYAN_ASSIGN_OR_RETURN(const tlog::Note parsed, tlog::ParseNote(note));
    CHAYAN_ASSIGN_OR_RETURN(const tlog::Checkpoint checkpoint, tlog::ParseCheckpoint(parsed.text));
    parsed_size_ = checkpoint.head.size;
    parsed_note_ = std::move(note);
  }
  return parsed_size_;
}

absl::StatusOr<std::string> Tiles::ReadTile(const tlog::TileId& tile, uint64_t size) {
  if (tile.index < tlog::FullTileCount(tile.level, size)) {
    CHAYAN_ASSIGN_OR_RETURN(std::string bytes, store_.ReadTile(tile.level, tile.index));
    if (bytes.size() != size_t{tlog::kTileWidth} * tlog::Hash::kSize) {
      return absl::DataLossError("not of the length of a full tile");
    }
    bytes.resize(size_t{tile.width} * tlog::Hash::kSize);
    return bytes;
  }
  Unfinished& unfinished = unfinished_[tile.level];
  CHAYAN_RETURN_IF_ERROR(Extend(unfinished, tile));
  return tlog::EncodeTile(std::span(unfinished.hashes).first(tile.width));
}

// Until it has the hashes of `tile`.
absl::Status Tiles::Extend(Unfinished& unfinished, const tlog::TileId& tile) {
  if (unfinished.index != tile.index) unfinished = {.index = tile.index, .hashes = {}};
  std::vector<tlog::Hash>& hashes = unfinished.hashes;
  while (hashes.size() < tile.width) {
    const uint64_t next = tile.index * tlog::kTileWidth + hashes.size();
    if (tile.level == 0) {
      CHAYAN_ASSIGN_OR_RETURN(const std::vector<std::string> leaves,
                              ReadLeaves(next, tile.width - hashes.size()));
      for (const std::string& leaf : leaves) hashes.push_back(tlog::LeafHash(leaf));
    } else {
      CHAYAN_ASSIGN_OR_RETURN(const std::string bytes, store_.ReadTile(tile.level - 1, next));
      CHAYAN_ASSIGN_OR_RETURN(const std::vector<tlog::Hash> below,
                              tlog::DecodeTile(bytes, tlog::kTileWidth));
      hashes.push_back(RootOf(below));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Tiles::ReadBundle(const tlog::TileId& tile) {
  CHAYAN_ASSIGN_OR_RETURN(const std::vector<std::string> leaves,
                          ReadLeaves(tile.index * tlog::kTileWidth, tile.width));
  std::string bundle;
  for (const std::string& leaf : leaves) {
    if (leaf.size() > tlog::kBundleEntryBytesMax) {
      return absl::DataLossError("an entry is longer than any can be");
    }
    tlog::AppendBundleEntry(bundle, leaf);
  }
  return bundle;
}

absl::StatusOr<std::vector<std::string>> Tiles::ReadLeaves(uint64_t first, uint64_t count) {
  std::vector<std::string> leaves;
  while (leaves.size() < count) {
    CHAYAN_ASSIGN_OR_RETURN(
        std::vector<std::string> page,
        store_.ReadLeaves(first + leaves.size(), count - leaves.size(), kReadBytesMax));
    for (std::string& leaf : page) leaves.push_back(std::move(leaf));
  }
  return leaves;
}

}  // namespace chayan::http
