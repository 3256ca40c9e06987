#include "gateway/cli/audit_export.h"

#include <algorithm>
#include <filesystem>
#include <future>
#include <system_error>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gateway/base/encoding.h"
#include "gateway/base/file.h"
#include "gateway/base/file_batch.h"
#include "gateway/base/status_macros.h"
#include "gateway/cli/anchor_audit.h"
#include "gateway/cli/frame_rule.h"
#include "gateway/log/key_chain.h"
#include "gateway/log/leaf_view.h"
#include "gateway/tlog/inclusion_check.h"
#include "gateway/tlog/tile.h"

namespace chayan::cli {
namespace {

namespace fs = std::filesystem;

// A path of a registry file stays below its set's folder.
bool IsPlainPath(const std::string& path) {
  if (path.empty() || path.size() > 255 || path.find('\0') != std::string::npos) return false;
  for (const absl::string_view part : absl::StrSplit(path, '/')) {
    if (part.empty() || part == "." || part == "..") return false;
  }
  return true;
}

bool IsBulk(const std::string& leaf) {
  const auto read = log::ReadLeaf(leaf);
  return read.ok() && read->known_type == log::EntryType::kBulk;
}

class Export {
 public:
  Export(const std::string& directory, const tlog::Policy& trust, const LogSource& source)
      : directory_(directory), trust_(trust), source_(source) {}

  absl::StatusOr<ExportReport> Run() && {
    CHAYAN_RETURN_IF_ERROR(MakeDirectories(directory_));
    CHAYAN_ASSIGN_OR_RETURN(note_, source_.checkpoint());
    CHAYAN_RETURN_IF_ERROR(FollowKeys());
    CHAYAN_RETURN_IF_ERROR(ReadOldCheckpoint());
    CHAYAN_ASSIGN_OR_RETURN(const tlog::CheckpointStanding standing,
                            tlog::CheckCheckpoint(note_, trust_));
    head_ = standing.checkpoint.head;
    report_.origin = standing.checkpoint.origin;
    report_.size = head_.size;
    report_.witnesses = standing.witnesses.size();
    CHAYAN_RETURN_IF_ERROR(CheckContinues(standing.checkpoint));
    CHAYAN_RETURN_IF_ERROR(Resume());
    if (absl::Status status = CopyEntries(); !status.ok()) {
      // What came is kept, so that the next run goes on from it.
      if (absl::Status kept = Flush(); !kept.ok()) return kept;
      return status;
    }
    CHAYAN_RETURN_IF_ERROR(CheckRoots());
    CHAYAN_RETURN_IF_ERROR(WritePartials());
    CHAYAN_RETURN_IF_ERROR(Flush());
    CHAYAN_RETURN_IF_ERROR(WriteAnchors());
    if (log_keys_.has_value()) {
      CHAYAN_RETURN_IF_ERROR(WriteFile(absl::StrCat(directory_, "/", log::kLogKeysFile),
                                       log_keys_->Format(head_.size)));
    }
    CHAYAN_RETURN_IF_ERROR(WriteFile(absl::StrCat(directory_, "/checkpoint"), note_));
    DropCompletedPartials();
    return report_;
  }

 private:
  using Page = absl::StatusOr<std::vector<std::string>>;

  std::string PathOf(const tlog::TileId& tile) const {
    return absl::StrCat(directory_, "/", tlog::TilePath(tile));
  }

  absl::Status Put(const tlog::TileId& tile, absl::string_view bytes) {
    return PutAt(PathOf(tile), tile.is_bundle ? bundles_ : tiles_, tile.width, bytes);
  }

  absl::Status PutAt(const std::string& path, FileBatch& batch, uint32_t width,
                     absl::string_view bytes) {
    const std::string folder = path.substr(0, path.rfind('/'));
    if (made_folders_.insert(folder).second) CHAYAN_RETURN_IF_ERROR(MakeDirectories(folder));
    if (batch.is_full()) CHAYAN_RETURN_IF_ERROR(Flush());
    CHAYAN_RETURN_IF_ERROR(batch.Add(path, bytes));
    if (width == tlog::kTileWidth) completed_.push_back(path);
    return absl::OkStatus();
  }

  // Tiles first: a bundle is in its place only behind the tiles that it completes.
  absl::Status Flush() {
    CHAYAN_RETURN_IF_ERROR(tiles_.Commit());
    return bundles_.Commit();
  }

  // Not before the new checkpoint stands: the old one needs them. Readers of older sizes fall back
  // to the full tile, as c2sp.org/tlog-tiles says; one that is left over does no harm.
  void DropCompletedPartials() const {
    std::error_code ignored;
    for (const std::string& path : completed_) fs::remove_all(path + ".p", ignored);
  }

  // The checkpoint may be signed by a key that came after the one that is trusted.
  absl::Status FollowKeys() {
    if (!source_.log_keys) return absl::OkStatus();
    CHAYAN_ASSIGN_OR_RETURN(const std::string text, source_.log_keys());
    if (text.empty()) return absl::OkStatus();
    CHAYAN_ASSIGN_OR_RETURN(log_keys_, log::KeyChain::Parse(text));
    trust_ = log_keys_->Follow(std::move(trust_));
    return absl::OkStatus();
  }

  absl::Status ReadOldCheckpoint() {
    const std::string path = absl::StrCat(directory_, "/checkpoint");
    std::error_code error;
    if (!fs::exists(path, error)) return absl::OkStatus();
    CHAYAN_ASSIGN_OR_RETURN(const std::string note, ReadFile(path));
    const auto standing = tlog::CheckCheckpoint(note, trust_);
    if (!standing.ok()) return Annotate(standing.status(), path);
    old_ = standing->checkpoint;
    report_.old_size = old_->head.size;
    return absl::OkStatus();
  }

  absl::Status CheckContinues(const tlog::Checkpoint& checkpoint) const {
    if (!old_.has_value()) return absl::OkStatus();
    if (old_->origin != checkpoint.origin) {
      return absl::FailedPreconditionError(absl::StrCat(directory_, " holds the log ", old_->origin,
                                                        ", the gateway's is ", checkpoint.origin,
                                                        ": export into another folder"));
    }
    if (old_->head.size > checkpoint.head.size) {
      return absl::DataLossError(absl::StrCat("the log has shrunk: the folder's checkpoint signs ",
                                              old_->head.size, " entries, the gateway's ",
                                              checkpoint.head.size,
                                              ". Keep both checkpoints: together "
                                              "they prove it"));
    }
    return absl::OkStatus();
  }

  // The tree of the full bundles that are there, from the tiles beside them.
  absl::Status Resume() {
    uint64_t bundles = 0;
    std::error_code error;
    const uint64_t bundles_max = tlog::FullTileCount(0, head_.size);
    while (bundles < bundles_max &&
           fs::exists(PathOf({.is_bundle = true, .index = bundles}), error)) {
      ++bundles;
    }
    const uint64_t size = bundles * tlog::kTileWidth;
    // Each level's last hashes are the roots of full tiles below; together, highest first, they are
    // the peaks.
    std::vector<std::vector<tlog::Hash>> partials(tlog::kTileLevelsMax);
    std::vector<tlog::Hash> peaks;
    for (uint32_t level = tlog::kTileLevelsMax - 1; level >= 1; --level) {
      const uint64_t first = tlog::FullTileCount(level, size) * tlog::kTileWidth;
      tlog::CompactRange range;
      for (uint32_t i = 0; i < tlog::PartialWidth(level, size); ++i) {
        CHAYAN_ASSIGN_OR_RETURN(const tlog::Hash hash,
                                RootOfTile({.level = level - 1, .index = first + i}));
        partials[level].push_back(hash);
        range.Append(hash);
      }
      peaks.insert(peaks.end(), range.peaks().begin(), range.peaks().end());
    }
    CHAYAN_ASSIGN_OR_RETURN(const tlog::CompactRange tree,
                            tlog::CompactRange::FromPeaks(size, std::move(peaks)));
    CHAYAN_ASSIGN_OR_RETURN(tree_,
                            tlog::RightEdge::Create({size, tree.Root()}, std::move(partials)));
    report_.resumed = size;
    return absl::OkStatus();
  }

  // The hashes of a full tile of the folder; a tile of an upper level that no full tile holds is
  // made of those below it, so only full ones are asked for.
  absl::StatusOr<std::vector<tlog::Hash>> ReadTile(const tlog::TileId& tile) const {
    tlog::TileId full = tile;
    full.width = tlog::kTileWidth;
    const auto bytes = ReadFile(PathOf(full));
    if (bytes.ok()) return tlog::DecodeTile(*bytes, tlog::kTileWidth);
    if (tile.level == 0) return bytes.status();
    std::vector<tlog::Hash> hashes;
    for (uint32_t i = 0; i < tile.width; ++i) {
      CHAYAN_ASSIGN_OR_RETURN(
          const tlog::Hash hash,
          RootOfTile({.level = tile.level - 1, .index = tile.index * tlog::kTileWidth + i}));
      hashes.push_back(hash);
    }
    return hashes;
  }

  absl::StatusOr<tlog::Hash> RootOfTile(const tlog::TileId& full) const {
    CHAYAN_ASSIGN_OR_RETURN(const std::vector<tlog::Hash> hashes, ReadTile(full));
    tlog::CompactRange range;
    for (const tlog::Hash& hash : hashes) range.Append(hash);
    return range.Root();
  }

  // The gateway reads the next page while this one is hashed and written.
  std::future<Page> Fetch(uint64_t first) const {
    return std::async(std::launch::async,
                      [this, first] { return source_.leaves(first, head_.size); });
  }

  absl::Status CopyEntries() {
    std::vector<std::string> bundle;
    for (uint64_t first = tree_.size(); first < head_.size;) {
      if (source_.progress) source_.progress(first, head_.size);
      if (!coming_.valid()) coming_ = Fetch(first);
      CHAYAN_ASSIGN_OR_RETURN(std::vector<std::string> page, coming_.get());
      if (page.empty() || page.size() > head_.size - first) {
        return absl::DataLossError(absl::StrCat("the gateway gave ", page.size(), " entries from ",
                                                first, " on, of ", head_.size));
      }
      first += page.size();
      if (first < head_.size) coming_ = Fetch(first);
      for (std::string& leaf : page) {
        bundle.push_back(std::move(leaf));
        if (bundle.size() == tlog::kTileWidth) {
          CHAYAN_RETURN_IF_ERROR(WriteBundle(bundle));
          bundle.clear();
        }
      }
    }
    if (source_.progress) source_.progress(head_.size, head_.size);
    if (!bundle.empty()) CHAYAN_RETURN_IF_ERROR(WriteBundle(bundle));
    return absl::OkStatus();
  }

  // Timestamped checkpoints of this export's size at most, newer than those that are there. The
  // timestamp goes last: with it the checkpoint beside it counts.
  absl::Status WriteAnchors() const {
    if (!source_.timestamped) return absl::OkStatus();
    CHAYAN_ASSIGN_OR_RETURN(const auto anchors, source_.timestamped(NextAnchorSize(directory_)));
    for (const auto& [note, timestamp] : anchors) {
      CHAYAN_ASSIGN_OR_RETURN(const tlog::CheckpointStanding standing,
                              tlog::CheckCheckpoint(note, trust_));
      const uint64_t size = standing.checkpoint.head.size;
      if (size > head_.size) break;
      CHAYAN_RETURN_IF_ERROR(MakeDirectories(directory_ + "/checkpoints"));
      CHAYAN_RETURN_IF_ERROR(WriteFile(AnchorCheckpointPath(directory_, size), note));
      CHAYAN_RETURN_IF_ERROR(WriteFile(AnchorTimestampPath(directory_, size), timestamp));
    }
    return absl::OkStatus();
  }

  // Registry sets, then tiles, then the bundle. A partial bundle waits for the root to be checked.
  absl::Status WriteBundle(const std::vector<std::string>& leaves) {
    std::string bytes;
    std::vector<tlog::Hash> hashes;
    bool has_frames = false;
    for (const std::string& leaf : leaves) {
      if (leaf.size() > tlog::kBundleEntryBytesMax) {
        return absl::DataLossError("the gateway gave an entry longer than any can be");
      }
      CHAYAN_RETURN_IF_ERROR(FetchRegistry(leaf));
      has_frames = has_frames || IsBulk(leaf);
      tlog::AppendBundleEntry(bytes, leaf);
      hashes.push_back(tlog::LeafHash(leaf));
    }
    if (old_.has_value() && tree_.size() < old_->head.size &&
        old_->head.size <= tree_.size() + hashes.size()) {
      tlog::CompactRange range = tree_.Tree();
      for (const tlog::Hash& hash : hashes) {
        if (range.size() == old_->head.size) break;
        range.Append(hash);
      }
      old_root_ = range.Root();
    }
    const tlog::TileId id{.is_bundle = true,
                          .index = tree_.size() / tlog::kTileWidth,
                          .width = static_cast<uint32_t>(leaves.size())};
    if (has_frames) CHAYAN_RETURN_IF_ERROR(FetchFrames(id));
    for (const auto& [tile, content] : tree_.Append(hashes)) {
      CHAYAN_RETURN_IF_ERROR(Put(tile, content));
    }
    if (id.width < tlog::kTileWidth) {
      partial_bundle_ = std::move(bytes);
      return absl::OkStatus();
    }
    return Put(id, bytes);
  }

  // With the tiles: what the bundle says it covers is there before it.
  absl::Status FetchFrames(const tlog::TileId& bundle) {
    if (!source_.frames) return absl::OkStatus();
    if (coming_.valid()) coming_.wait();  // one call at a time
    const uint64_t first = bundle.index * tlog::kTileWidth;
    CHAYAN_ASSIGN_OR_RETURN(v1::ListFramesResponse frames,
                            source_.frames(first, first + bundle.width));
    frames.clear_next_index();
    return PutAt(absl::StrCat(directory_, "/", FramesPath(bundle)), tiles_, bundle.width,
                 frames.SerializeAsString());
  }

  absl::Status FetchRegistry(const std::string& leaf) {
    const auto read = log::ReadLeaf(leaf);
    // A leaf that is none is copied as it is: the audit names it.
    if (!read.ok()) return absl::OkStatus();
    const absl::string_view text = read->Get(log::Key::kRegistry);
    if (text.empty() || fetched_.contains(text)) return absl::OkStatus();
    fetched_.emplace(text);
    CHAYAN_ASSIGN_OR_RETURN(const std::string raw, Base64Decode(text));
    CHAYAN_ASSIGN_OR_RETURN(const crypto::Digest digest, crypto::Digest::FromRaw(raw));
    const std::string folder = absl::StrCat(directory_, "/registry/", digest.ToHex());
    std::error_code error;
    if (fs::exists(folder, error)) return absl::OkStatus();
    if (coming_.valid()) coming_.wait();  // one call at a time
    CHAYAN_ASSIGN_OR_RETURN(const registry::Files files, source_.registry_set(digest));
    if (registry::SetDigest(files) != digest) {
      return absl::DataLossError(
          absl::StrCat("the gateway's registry set ", digest.ToHex(), " has another digest"));
    }
    // Under another name until it is whole.
    const std::string part = folder + ".part";
    fs::remove_all(part, error);
    for (const auto& [name, content] : files) {
      if (!IsPlainPath(name)) {
        return absl::DataLossError(
            absl::StrCat("the gateway's registry set ", digest.ToHex(), " has a file outside it"));
      }
      const std::string path = absl::StrCat(part, "/", name);
      CHAYAN_RETURN_IF_ERROR(MakeDirectories(path.substr(0, path.rfind('/'))));
      CHAYAN_RETURN_IF_ERROR(WriteFile(path, content));
    }
    fs::rename(part, folder, error);
    if (error) return absl::InternalError(absl::StrCat(folder, ": ", error.message()));
    return SyncFolder(absl::StrCat(directory_, "/registry"));
  }

  absl::Status CheckRoots() {
    const tlog::Hash root = tree_.Tree().Root();
    // An old checkpoint inside the full bundles that were there is read from their tiles.
    if (old_.has_value() && !old_root_.has_value()) {
      if (old_->head.size <= report_.resumed) {
        const auto from_tiles = tlog::RootOf(old_->head.size, [&](const tlog::NodeId& id) {
          return tlog::NodeFromTiles(id, [&](const tlog::TileId& t) { return ReadTile(t); });
        });
        if (!from_tiles.ok()) return from_tiles.status();
        old_root_ = *from_tiles;
      } else {
        old_root_ = root;
      }
    }
    absl::Status status;
    if (root != head_.root) {
      status = absl::DataLossError(
          "the entries do not give the root that the gateway's checkpoint signs");
    } else if (old_.has_value() && *old_root_ != old_->head.root) {
      status = absl::DataLossError(
          "the log is no continuation of the folder's checkpoint: it was rewritten. Keep the "
          "folder: its checkpoint and the gateway's together prove it");
    }
    if (status.ok()) return status;
    TakeAway();
    return status;
  }

  // Everything beyond the folder's own checkpoint, so that the next run does not resume from it.
  void TakeAway() {
    const uint64_t kept = old_.has_value() ? old_->head.size : 0;
    std::error_code ignored;  // what cannot be removed now fails the same check again
    for (const tlog::TileId& tile : tlog::NewTiles(kept, head_.size)) {
      if (tile.width == tlog::kTileWidth) fs::remove(PathOf(tile), ignored);
    }
  }

  absl::Status WritePartials() {
    for (uint32_t level = 0; level < tlog::kTileLevelsMax; ++level) {
      const std::span<const tlog::Hash> hashes = tree_.PartialTile(level);
      if (hashes.empty()) continue;
      CHAYAN_RETURN_IF_ERROR(Put({.level = level,
                                  .index = tlog::FullTileCount(level, tree_.size()),
                                  .width = static_cast<uint32_t>(hashes.size())},
                                 tlog::EncodeTile(hashes)));
    }
    if (partial_bundle_.empty()) return absl::OkStatus();
    return Put({.is_bundle = true,
                .index = tree_.size() / tlog::kTileWidth,
                .width = static_cast<uint32_t>(tree_.size() % tlog::kTileWidth)},
               partial_bundle_);
  }

  const std::string& directory_;
  tlog::Policy trust_;
  const LogSource& source_;
  ExportReport report_;
  std::string note_;
  std::optional<log::KeyChain> log_keys_;
  tlog::TreeHead head_;
  std::optional<tlog::Checkpoint> old_;
  std::optional<tlog::Hash> old_root_;  // of the first old_->head.size entries now
  tlog::RightEdge tree_;
  std::string partial_bundle_;
  std::vector<std::string> completed_;  // full tiles and bundles that this run wrote
  std::future<Page> coming_;            // the next entries; its destructor waits for them
  absl::flat_hash_set<std::string> made_folders_;
  FileBatch tiles_, bundles_;
  absl::flat_hash_set<std::string> fetched_;
};

}  // namespace

absl::StatusOr<ExportReport> ExportLog(const std::string& directory, const tlog::Policy& trust,
                                       const LogSource& source) {
  return Export(directory, trust, source).Run();
}

}  // namespace chayan::cli
