#include "gateway/cli/log_audit.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <map>
#include <system_error>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/encoding.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"
#include "gateway/cli/receipt_check.h"
#include "gateway/log/entry.h"
#include "gateway/registry/snapshot.h"
#include "gateway/tlog/note.h"
#include "gateway/tlog/proof_file.h"
#include "gateway/tlog/tile.h"

namespace chayan::cli {
namespace {

// How often progress is told, in bundles: some ten times a second.
constexpr uint64_t kProgressBundles = 256;

// A decision that began before a registry switch is recorded behind it with the set that it began
// with: among the next entries or, where many are recorded a second, within the time that a
// decision may take at most. A holder may take two minutes; the rest is ours.
constexpr uint64_t kEntriesAfterSwitchMax = 1024;
constexpr absl::Duration kDecisionTimeMax = absl::Minutes(3);

// The entry that put another registry set in force.
struct Switch {
  uint64_t index = 0;
  std::optional<absl::Time> time;
};
// A tree head that the export must have passed through, and who says so.
struct Landmark {
  tlog::Hash root;
  std::string source;
};
// A leaf that must stand at an index, and who says so.
struct KnownLeaf {
  tlog::Hash hash;
  std::string source;
};

std::string At(uint64_t index) { return absl::StrCat("entry ", index); }

// Of a leaf that was read; nothing before the first.
std::optional<absl::Time> TimeOf(const std::string& timestamp) {
  absl::Time time;
  if (!absl::ParseTime(absl::RFC3339_full, timestamp, &time, nullptr)) return std::nullopt;
  return time;
}

// Entries of a bundle as far as they can be read.
std::vector<absl::string_view> ReadableEntries(absl::string_view bundle) {
  std::vector<absl::string_view> entries;
  while (bundle.size() >= 2) {
    const size_t length = static_cast<size_t>(static_cast<unsigned char>(bundle[0])) << 8 |
                          static_cast<unsigned char>(bundle[1]);
    if (bundle.size() < 2 + length) break;
    entries.push_back(bundle.substr(2, length));
    bundle.remove_prefix(2 + length);
  }
  return entries;
}

class Audit {
 public:
  Audit(const AuditOptions& options, const tlog::Policy& trust)
      : options_(options), trust_(trust) {}

  absl::StatusOr<AuditReport> Run() && {
    std::error_code ignored;
    if (!std::filesystem::is_directory(options_.directory, ignored)) {
      return absl::NotFoundError(absl::StrCat(options_.directory, ": no such folder"));
    }
    report_.witness_count = trust_.witnesses().size();
    CHAYAN_RETURN_IF_ERROR(ReadOldCheckpoint());
    // Each returns false when the first lie is found and nothing behind it can be trusted.
    if (ReadCheckpoint() && ReadReceipts() && ReadEntries()) CheckEnd();
    report_.first_time = TimeOf(first_timestamp_);
    report_.last_time = TimeOf(last_timestamp_);
    return std::move(report_);
  }

 private:
  bool Found(std::string what, std::optional<uint64_t> index, std::string how) {
    if (!report_.first_lie.has_value()) {
      report_.first_lie = Lie{std::move(what), index, std::move(how)};
    }
    return false;
  }
  const tlog::TreeHead& head() const { return report_.standing->checkpoint.head; }
  std::string PathOf(const tlog::TileId& tile) const {
    return absl::StrCat(options_.directory, "/", tlog::TilePath(tile));
  }

  absl::Status ReadOldCheckpoint() {
    if (!options_.old_checkpoint.has_value()) return absl::OkStatus();
    const auto old = tlog::CheckCheckpoint(*options_.old_checkpoint, trust_);
    if (!old.ok()) return Annotate(old.status(), "old checkpoint");
    old_ = old->checkpoint;
    return absl::OkStatus();
  }

  bool ReadCheckpoint() {
    const auto note = ReadFile(absl::StrCat(options_.directory, "/checkpoint"));
    if (!note.ok()) {
      return Found("the export has no checkpoint", std::nullopt,
                   std::string(note.status().message()));
    }
    auto standing = tlog::CheckCheckpoint(*note, trust_);
    if (!standing.ok()) {
      return Found("the checkpoint was not signed by a log of the trust file", std::nullopt,
                   std::string(standing.status().message()));
    }
    report_.standing = *std::move(standing);
    if (!report_.standing->quorum_met) {
      return Found("the checkpoint lacks the trust file's quorum of witnesses", std::nullopt,
                   absl::StrCat(report_.standing->witnesses.size(), " of ", report_.witness_count,
                                " cosigned"));
    }
    if (!old_.has_value()) return true;
    if (old_->origin != report_.standing->checkpoint.origin) {
      return Found(
          "the checkpoint is of another log than the old one", std::nullopt,
          absl::StrCat(report_.standing->checkpoint.origin, " in place of ", old_->origin));
    }
    if (old_->head.size > head().size) {
      return Found("the log has shrunk", head().size,
                   absl::StrCat("the old checkpoint signs ", old_->head.size,
                                " entries, the export's only ", head().size));
    }
    landmarks_.emplace(old_->head.size, Landmark{old_->head.root, "the old checkpoint"});
    return true;
  }

  bool ReadReceipts() {
    for (const auto& [name, bytes] : options_.receipts) {
      const ReceiptReport receipt = CheckEvidence(bytes, trust_);
      if (!receipt.ok()) {
        return Found(absl::StrCat("receipt ", name, " does not hold"), std::nullopt,
                     absl::StrCat(StepName(receipt.first_lie().step), ": ",
                                  receipt.first_lie().status.message()));
      }
      const tlog::Checkpoint& seen = receipt.standing->checkpoint.checkpoint;
      if (seen.origin != report_.standing->checkpoint.origin) continue;  // of another log
      if (receipt.standing->index >= head().size) {
        return Found(absl::StrCat("receipt ", name, " is newer than the export"),
                     receipt.standing->index,
                     "the export ends before its entry; export again and repeat");
      }
      if (seen.head.size <= head().size) {
        landmarks_.emplace(seen.head.size, Landmark{seen.head.root, "receipt " + name});
      }
      known_leaves_.emplace(
          receipt.standing->index,
          KnownLeaf{tlog::LeafHash(receipt.evidence.receipt().leaf()), "receipt " + name});
      ++report_.receipts;
    }
    return true;
  }

  bool ReadEntries() {
    if (!CheckLandmarks(0)) return false;
    for (uint64_t bundle = 0; tree_.size() < head().size; ++bundle) {
      if (options_.progress && bundle % kProgressBundles == 0) {
        options_.progress(tree_.size(), head().size);
      }
      if (!ReadBundle(bundle)) return false;
    }
    if (options_.progress) options_.progress(tree_.size(), head().size);
    return true;
  }

  // The stored hashes of the entries of a bundle, or nothing where there are none that can be read.
  std::vector<tlog::Hash> StoredHashes(uint64_t bundle, uint32_t width) {
    const auto bytes = ReadFile(PathOf({.level = 0, .index = bundle, .width = width}));
    if (!bytes.ok()) return {};
    auto hashes = tlog::DecodeTile(*bytes, width);
    return hashes.ok() ? *std::move(hashes) : std::vector<tlog::Hash>();
  }

  bool ReadBundle(uint64_t number) {
    const uint64_t begin = number * tlog::kTileWidth;
    const auto width =
        static_cast<uint32_t>(std::min<uint64_t>(tlog::kTileWidth, head().size - begin));
    const tlog::TileId id{.is_bundle = true, .index = number, .width = width};
    const auto bytes = ReadFile(PathOf(id));
    if (!bytes.ok()) {
      return Found(absl::StrCat(At(begin), " and those behind it are missing"), begin,
                   absl::StrCat("the checkpoint signs ", head().size, " entries, but ",
                                bytes.status().message()));
    }
    const auto strict = tlog::DecodeBundle(*bytes, width);
    const std::vector<absl::string_view> entries = strict.ok() ? *strict : ReadableEntries(*bytes);
    const std::vector<tlog::Hash> stored = StoredHashes(number, width);
    leaf_hashes_.clear();
    for (const absl::string_view entry : entries) leaf_hashes_.push_back(tlog::LeafHash(entry));
    if (!strict.ok()) return WrongCount(id, begin, width, stored);
    for (uint32_t i = 0; i < width; ++i) {
      if (!CheckEntry(begin + i, entries[i], leaf_hashes_[i])) {
        return JudgeWithStored(begin, width, stored);
      }
    }
    if (stored.empty()) {
      return Found(absl::StrCat("tile ", tlog::TilePath({.index = number, .width = width}),
                                " is missing or not of its size"),
                   begin, "a checkpoint of this size needs it");
    }
    if (stored != leaf_hashes_) return Disagree(number, begin, width, stored);
    return Append(leaf_hashes_);
  }

  // A bundle that holds fewer or more entries than it must: which one went, or came?
  bool WrongCount(const tlog::TileId& id, uint64_t begin, uint32_t width,
                  const std::vector<tlog::Hash>& stored) {
    size_t same = 0;
    while (same < leaf_hashes_.size() && same < stored.size() &&
           leaf_hashes_[same] == stored[same]) {
      ++same;
    }
    const uint64_t index = begin + same;
    const std::string held =
        absl::StrCat("bundle ", tlog::TilePath(id), " holds ", leaf_hashes_.size(),
                     " readable entries in place of ", width);
    if (stored.empty()) return Found(At(index) + " cannot be told", index, held);
    const bool gone = same < leaf_hashes_.size() && same + 1 < stored.size() &&
                      leaf_hashes_[same] == stored[same + 1];
    if (gone || same == leaf_hashes_.size()) {
      return Found(At(index) + " was deleted", index,
                   absl::StrCat(held, "; its hash still stands in the tile"));
    }
    return Found(At(index) + " is not the one whose hash the tile holds", index, held);
  }

  // Entry by entry: form, time, genesis, registry set, what receipts know of it.
  bool CheckEntry(uint64_t index, absl::string_view leaf, const tlog::Hash& hash) {
    const auto known = known_leaves_.find(index);
    if (known != known_leaves_.end() && known->second.hash != hash) {
      return Found(At(index) + " is not the one that was answered for", index,
                   absl::StrCat(known->second.source, " holds another entry with this index"));
    }
    const auto parsed = log::ReadLeaf(leaf);
    if (!parsed.ok()) {
      return Found(At(index) + " has not the form of an entry", index,
                   std::string(parsed.status().message()));
    }
    if (!parsed->known_type.has_value()) ++report_.unknown_types;
    if (parsed->timestamp < absl::string_view(last_timestamp_)) {
      return Found(At(index) + " is older than the entry before it", index,
                   "the log's time never goes back");
    }
    if (first_timestamp_.empty()) first_timestamp_ = std::string(parsed->timestamp);
    last_timestamp_.assign(parsed->timestamp.data(), parsed->timestamp.size());
    ++report_.entries;
    return CheckGenesis(index, *parsed) && CheckRegistry(index, *parsed);
  }

  bool CheckGenesis(uint64_t index, const log::LeafView& leaf) {
    const bool is_genesis = leaf.known_type == log::EntryType::kGenesis;
    if (is_genesis != (index == 0)) {
      return Found(is_genesis ? At(index) + " is a second genesis entry"
                              : "the first entry is no genesis entry",
                   index, "a log begins once, with its first entry");
    }
    if (!is_genesis) return true;
    if (leaf.origin != report_.standing->checkpoint.origin) {
      return Found("the genesis entry names another log", index,
                   absl::StrCat("the checkpoint is of ", report_.standing->checkpoint.origin));
    }
    return true;
  }

  // The set that an entry names is in the export with this digest, was put in force by an earlier
  // entry, and is the one in force, or was when the entry's decision may have begun.
  bool CheckRegistry(uint64_t index, const log::LeafView& leaf) {
    const absl::string_view digest = leaf.registry;
    if (digest.empty()) return true;
    const bool puts_in_force =
        leaf.known_type == log::EntryType::kGenesis || leaf.known_type == log::EntryType::kRegistry;
    // Most entries name the set that the one before them names.
    if (digest == in_force_ && !puts_in_force) return true;
    if (!registries_.contains(digest) && !CheckRegistryFiles(index, digest)) return false;
    if (puts_in_force) {
      if (!in_force_.empty()) put_out_[in_force_] = {index, TimeOf(last_timestamp_)};
      put_out_.erase(digest);
      in_force_ = std::string(digest);
      return true;
    }
    const auto before = put_out_.find(digest);
    if (before == put_out_.end()) {
      return Found(At(index) + " names a registry set that no earlier entry put in force", index,
                   "a set decides from the genesis or registry entry on that names it");
    }
    // Not what decided, but what was looked at.
    if (leaf.known_type == log::EntryType::kRead) return true;
    const Switch& put_out = before->second;
    const std::optional<absl::Time> now = TimeOf(last_timestamp_);
    const bool had_begun =
        index - put_out.index <= kEntriesAfterSwitchMax ||
        (now.has_value() && put_out.time.has_value() && *now - *put_out.time <= kDecisionTimeMax);
    if (had_begun) return true;
    return Found(At(index) + " was decided by a registry set that was not in force", index,
                 absl::StrCat(At(put_out.index), " put another set in force, ",
                              index - put_out.index, " entries before"));
  }

  bool CheckRegistryFiles(uint64_t index, absl::string_view digest) {
    const auto raw = Base64Decode(digest);
    if (!raw.ok()) return Found(At(index) + " names no registry set", index, "not a digest");
    const std::string folder = absl::StrCat("registry/", HexEncode(*raw));
    const auto files = ReadTree(absl::StrCat(options_.directory, "/", folder), "");
    if (!files.ok() || files->empty()) {
      return Found("the registry set that decided is missing", index,
                   absl::StrCat(At(index), " names it; there is no ", folder));
    }
    if (registry::SetDigest(*files).raw() != *raw) {
      return Found(absl::StrCat(folder, " was changed"), index,
                   absl::StrCat("its files have another digest than ", At(index), " names"));
    }
    registries_.emplace(digest);
    ++report_.registry_sets;
    return true;
  }

  // An entry is wrong by itself; if the stored hashes know another one in its place or in one
  // before, that one comes first.
  bool JudgeWithStored(uint64_t begin, uint32_t width, const std::vector<tlog::Hash>& stored) {
    for (uint32_t i = 0; i < width && i < stored.size(); ++i) {
      const uint64_t index = begin + i;
      if (report_.first_lie->index.has_value() && index > *report_.first_lie->index) break;
      if (stored[i] == leaf_hashes_[i]) continue;
      const std::string before =
          absl::StrCat(report_.first_lie->what, " (", report_.first_lie->how, ")");
      report_.first_lie.reset();
      return Found(WhatDiffers(begin, i, stored), index,
                   absl::StrCat("its own hash differs from that in the tile; moreover ", before));
    }
    return false;
  }

  // What is wrong with the first entry of a bundle whose hash is not the stored one.
  std::string WhatDiffers(uint64_t begin, uint32_t at, const std::vector<tlog::Hash>& stored) {
    const bool swapped = at + 1 < stored.size() && stored[at] == leaf_hashes_[at + 1] &&
                         stored[at + 1] == leaf_hashes_[at];
    if (swapped) return absl::StrCat(At(begin + at), " and ", begin + at + 1, " were swapped");
    return At(begin + at) + " is not the one that was signed";
  }

  // Entries and tile differ: the signed root says which of the two lies.
  bool Disagree(uint64_t number, uint64_t begin, uint32_t width,
                const std::vector<tlog::Hash>& stored) {
    uint32_t at = 0;
    while (stored[at] == leaf_hashes_[at]) ++at;
    const uint64_t index = begin + at;
    const std::string tile = tlog::TilePath({.level = 0, .index = number, .width = width});
    const bool entries_signed = RootFrom(number, /*from_tiles=*/false) == head().root;
    const bool tiles_signed = RootFrom(number, /*from_tiles=*/true) == head().root;
    if (entries_signed) {
      return Found(absl::StrCat("tile ", tile, " holds a wrong hash of ", At(index)), index,
                   "the entries themselves give the signed root");
    }
    return Found(WhatDiffers(begin, at, stored), index,
                 absl::StrCat("its hash is not the one in tile ", tile,
                              tiles_signed ? ", and the tiles give the signed root"
                                           : "; neither the entries nor the tiles give the "
                                             "signed root, so more was changed"));
  }

  // The root of the whole log with the entries from `bundle` on read from bundles or from tiles.
  std::optional<tlog::Hash> RootFrom(uint64_t bundle, bool from_tiles) {
    tlog::CompactRange range = tree_.Tree();
    for (uint64_t n = bundle; range.size() < head().size; ++n) {
      const auto width = static_cast<uint32_t>(
          std::min<uint64_t>(tlog::kTileWidth, head().size - n * tlog::kTileWidth));
      if (from_tiles) {
        const std::vector<tlog::Hash> stored = StoredHashes(n, width);
        if (stored.empty()) return std::nullopt;
        for (const tlog::Hash& hash : stored) range.Append(hash);
        continue;
      }
      const auto bytes = ReadFile(PathOf({.is_bundle = true, .index = n, .width = width}));
      if (!bytes.ok()) return std::nullopt;
      const auto entries = tlog::DecodeBundle(*bytes, width);
      if (!entries.ok()) return std::nullopt;
      for (const absl::string_view entry : *entries) range.Append(tlog::LeafHash(entry));
    }
    return range.Root();
  }

  // Appends a bundle's hashes, pausing at each size for which somebody knows a root.
  bool Append(std::span<const tlog::Hash> hashes) {
    while (!hashes.empty()) {
      size_t count = hashes.size();
      const auto next = landmarks_.upper_bound(tree_.size());
      if (next != landmarks_.end()) {
        count = std::min<uint64_t>(count, next->first - tree_.size());
      }
      for (const auto& [id, bytes] : tree_.Append(hashes.first(count))) {
        if (!CompareTile(id, bytes)) return false;
      }
      hashes = hashes.subspan(count);
      if (!CheckLandmarks(tree_.size())) return false;
    }
    return true;
  }

  bool CheckLandmarks(uint64_t size) {
    const auto [begin, end] = landmarks_.equal_range(size);
    for (auto at = begin; at != end; ++at) {
      if (tree_.Tree().Root() == at->second.root) {
        if (at->second.source == "the old checkpoint") report_.old_checkpoint_checked = true;
        last_good_size_ = size;
        continue;
      }
      return Found(absl::StrCat("the log was rewritten between entries ", last_good_size_, " and ",
                                size == 0 ? 0 : size - 1),
                   last_good_size_,
                   absl::StrCat(at->second.source, " holds a signed root for ", size,
                                " entries that these entries do not give"));
    }
    return true;
  }

  // `bytes`: what the entries give. Level 0 was compared with the entries before.
  bool CompareTile(const tlog::TileId& id, absl::string_view bytes) {
    if (id.level == 0) return true;
    const auto stored = ReadFile(PathOf(id));
    if (stored.ok() && *stored == bytes) return true;
    if (!stored.ok()) {
      return Found(absl::StrCat("tile ", tlog::TilePath(id), " is missing"), std::nullopt,
                   std::string(stored.status().message()));
    }
    const size_t length = std::min(stored->size(), bytes.size());
    const auto at = static_cast<size_t>(
        std::mismatch(bytes.begin(), bytes.begin() + length, stored->begin()).first -
        bytes.begin());
    const uint64_t span = uint64_t{1} << (tlog::kTileHeight * id.level);
    const uint64_t index = (id.index * tlog::kTileWidth + at / tlog::Hash::kSize) * span;
    return Found(absl::StrCat("tile ", tlog::TilePath(id), " holds a wrong hash"), index,
                 absl::StrCat("of the ", span, " entries from ", index,
                              " on; computed from the entries it is another"));
  }

  void CheckEnd() {
    for (uint32_t level = 1; level < tlog::kTileLevelsMax; ++level) {
      const std::span<const tlog::Hash> hashes = tree_.PartialTile(level);
      if (hashes.empty()) continue;
      const tlog::TileId id{.level = level,
                            .index = tlog::FullTileCount(level, tree_.size()),
                            .width = static_cast<uint32_t>(hashes.size())};
      if (!CompareTile(id, tlog::EncodeTile(hashes))) return;
    }
    if (tree_.Tree().Root() == head().root) return;
    // Entries and tiles agree with each other and not with the signature.
    Found("the log was rewritten, entries and tiles together", last_good_size_,
          absl::StrCat("they give another root than the checkpoint signs; up to entry ",
                       last_good_size_,
                       " they are as signed before; an older checkpoint (--old) or receipts "
                       "(--receipts) narrow it down"));
  }

  const AuditOptions& options_;
  const tlog::Policy& trust_;
  AuditReport report_;
  std::optional<tlog::Checkpoint> old_;
  std::multimap<uint64_t, Landmark> landmarks_;
  absl::flat_hash_map<uint64_t, KnownLeaf> known_leaves_;
  // Digests as they stand in leaves.
  absl::flat_hash_set<std::string> registries_;       // whose files were checked
  absl::flat_hash_map<std::string, Switch> put_out_;  // in force once, and by when no more
  std::string in_force_;
  std::string first_timestamp_;
  std::string last_timestamp_;
  tlog::RightEdge tree_;
  std::vector<tlog::Hash> leaf_hashes_;
  uint64_t last_good_size_ = 0;
};

}  // namespace

absl::StatusOr<AuditReport> AuditLog(const AuditOptions& options, const tlog::Policy& trust) {
  return Audit(options, trust).Run();
}

}  // namespace chayan::cli
