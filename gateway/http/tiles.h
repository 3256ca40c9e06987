// The log as c2sp.org/tlog-tiles has it, read from the store as it is asked for: `checkpoint`,
// `tile/L/N[.p/W]`, `tile/entries/N[.p/W]`. Beside it `log-keys`, as an export has it: whoever
// trusts an older key of the log is led to those that followed.
//
// Invariant: nothing is served that the checkpoint given at /checkpoint does not cover, however far
// the store has gone on. Of what it covers, every partial width is served, not only those of sizes
// that had a checkpoint; a tile or bundle under one name never changes.
//
// Full tiles are rows of the store. Of each level's last, unfinished tile the hashes made so far
// are kept (64 KiB at most for all levels), so that polling auditors cost a few hashes each time.
#ifndef CHAYAN_GATEWAY_HTTP_TILES_H_
#define CHAYAN_GATEWAY_HTTP_TILES_H_

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateway/http/route.h"
#include "gateway/store/store.h"
#include "gateway/tlog/merkle.h"
#include "gateway/tlog/tile.h"

namespace chayan::http {

// Not thread-safe: its handlers run one at a time on the listener's handler thread.
class Tiles {
 public:
  // The checkpoint that others may see, a signed note; empty while there is none.
  using Published = std::function<std::string()>;
  // The keys of the log at a size, in the file form of gateway/log/key_chain.h.
  using LogKeys = std::function<std::string(uint64_t size)>;
  // `store` outlives it.
  Tiles(store::Store& store, Published published, LogKeys log_keys)
      : store_(store), published_(std::move(published)), log_keys_(std::move(log_keys)) {}

  // For a listener that does not outlive this.
  std::vector<Route> Routes();

 private:
  // The unfinished tile of a level.
  struct Unfinished {
    uint64_t index = 0;
    std::vector<tlog::Hash> hashes;
  };

  Response Checkpoint();
  Response Keys();
  Response Tile(const Request& request);

  // Entries of the published checkpoint.
  absl::StatusOr<uint64_t> PublishedSize();
  // REQUIRES: a checkpoint of `size` entries covers the tile.
  absl::StatusOr<std::string> ReadTile(const tlog::TileId& tile, uint64_t size);
  absl::StatusOr<std::string> ReadBundle(const tlog::TileId& tile);
  absl::Status Extend(Unfinished& unfinished, const tlog::TileId& tile);
  absl::StatusOr<std::vector<std::string>> ReadLeaves(uint64_t first, uint64_t count);

  store::Store& store_;
  const Published published_;
  const LogKeys log_keys_;
  std::string parsed_note_;  // the last one that was read, and its size
  uint64_t parsed_size_ = 0;
  std::array<Unfinished, tlog::kTileLevelsMax> unfinished_;
};

}  // namespace chayan::http

#endif  // CHAYAN_GATEWAY_HTTP_TILES_H_
