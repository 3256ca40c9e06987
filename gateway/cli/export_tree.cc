#include "gateway/cli/export_tree.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "gateway/base/file.h"

namespace chayan::cli {

std::string ExportTree::PathOf(const tlog::TileId& tile) const {
  return absl::StrCat(directory_, "/", tlog::TilePath(tile));
}

std::optional<Lie> ExportTree::ReadBundle(const CheckEntry& check_entry) {
  const Bundle& bundle = bundles_.Next();
  if (!bundle.bytes.ok()) {
    return Lie{absl::StrCat(At(bundle.begin), " and those behind it are missing"), bundle.begin,
               absl::StrCat("the checkpoint signs ", head_.size, " entries, but ",
                            bundle.bytes.status().message())};
  }
  if (!bundle.is_whole) return WrongCount(bundle);
  for (uint32_t i = 0; i < bundle.width; ++i) {
    auto lie = check_entry(bundle.begin + i, bundle.entries[i]);
    if (lie.has_value()) return JudgeWithStored(bundle, *std::move(lie));
  }
  if (bundle.stored.empty()) {
    const tlog::TileId tile{.index = bundle.number, .width = bundle.width};
    return Lie{absl::StrCat(tlog::TilePath(tile), " is missing or not of its size"), bundle.begin,
               "a checkpoint of this size needs it"};
  }
  if (bundle.stored != bundle.hashes) return Disagree(bundle);
  return Append(bundle.hashes);
}

// A bundle that holds fewer or more entries than it must: which one went, or came?
Lie ExportTree::WrongCount(const Bundle& bundle) const {
  const std::vector<tlog::Hash>& stored = bundle.stored;
  size_t same = 0;
  while (same < bundle.hashes.size() && same < stored.size() &&
         bundle.hashes[same] == stored[same]) {
    ++same;
  }
  const uint64_t index = bundle.begin + same;
  const tlog::TileId id{.is_bundle = true, .index = bundle.number, .width = bundle.width};
  const std::string held =
      absl::StrCat("bundle ", tlog::TilePath(id), " holds ", bundle.hashes.size(),
                   " readable entries in place of ", bundle.width);
  if (stored.empty()) return {At(index) + " cannot be told", index, held};
  const bool gone = same < bundle.hashes.size() && same + 1 < stored.size() &&
                    bundle.hashes[same] == stored[same + 1];
  if (gone || same == bundle.hashes.size()) {
    return {At(index) + " was deleted", index,
            absl::StrCat(held, "; its hash still stands in the tile")};
  }
  const bool came = same + 1 < bundle.hashes.size() && same < stored.size() &&
                    bundle.hashes[same + 1] == stored[same];
  if (came || same == stored.size()) {
    return {At(index) + " was inserted", index, absl::StrCat(held, "; the tile has no hash of it")};
  }
  return {At(index) + " is not the one whose hash the tile holds", index, held};
}

// An entry is wrong by itself; if the stored hashes know another one in its place or in one before,
// that one comes first.
Lie ExportTree::JudgeWithStored(const Bundle& bundle, Lie by_itself) const {
  for (uint32_t i = 0; i < bundle.width && i < bundle.stored.size(); ++i) {
    const uint64_t index = bundle.begin + i;
    if (by_itself.index.has_value() && index > *by_itself.index) break;
    if (bundle.stored[i] == bundle.hashes[i]) continue;
    return {WhatDiffers(bundle, i), index,
            absl::StrCat("its own hash differs from that in the tile; moreover ", by_itself.what,
                         " (", by_itself.how, ")")};
  }
  return by_itself;
}

// What is wrong with the first entry of a bundle whose hash is not the stored one.
std::string ExportTree::WhatDiffers(const Bundle& bundle, uint32_t at) const {
  const bool swapped = at + 1 < bundle.stored.size() &&
                       bundle.stored[at] == bundle.hashes[at + 1] &&
                       bundle.stored[at + 1] == bundle.hashes[at];
  if (swapped) {
    return absl::StrCat(At(bundle.begin + at), " and ", bundle.begin + at + 1, " were swapped");
  }
  return At(bundle.begin + at) + " is not the one that was signed";
}

// Entries and tile differ: the signed root says which of the two lies.
Lie ExportTree::Disagree(const Bundle& bundle) const {
  uint32_t at = 0;
  while (bundle.stored[at] == bundle.hashes[at]) ++at;
  const uint64_t index = bundle.begin + at;
  const std::string tile =
      tlog::TilePath({.level = 0, .index = bundle.number, .width = bundle.width});
  if (RootFrom(bundle.number, /*from_tiles=*/false) == head_.root) {
    return {absl::StrCat(tile, " holds a wrong hash of ", At(index)), index,
            "the entries themselves give the signed root"};
  }
  const bool tiles_signed = RootFrom(bundle.number, /*from_tiles=*/true) == head_.root;
  return {WhatDiffers(bundle, at), index,
          absl::StrCat("its hash is not the one in ", tile,
                       tiles_signed ? ", and the tiles give the signed root"
                                    : "; neither the entries nor the tiles give the signed root, "
                                      "so more was changed")};
}

// The root of the whole log with the entries from `bundle` on read from bundles or from tiles.
std::optional<tlog::Hash> ExportTree::RootFrom(uint64_t bundle, bool from_tiles) const {
  tlog::CompactRange range = tree_.Tree();
  for (uint64_t n = bundle; range.size() < head_.size; ++n) {
    const uint32_t width = BundleWidth(head_.size, n);
    if (from_tiles) {
      const std::vector<tlog::Hash> stored = StoredHashes(directory_, head_.size, n);
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
std::optional<Lie> ExportTree::Append(std::span<const tlog::Hash> hashes) {
  while (!hashes.empty()) {
    size_t count = hashes.size();
    const auto next = proofs_.landmarks().upper_bound(tree_.size());
    if (next != proofs_.landmarks().end()) {
      count = std::min<uint64_t>(count, next->first - tree_.size());
    }
    for (const auto& [id, bytes] : tree_.Append(hashes.first(count))) {
      if (auto lie = CompareTile(id, bytes)) return lie;
    }
    hashes = hashes.subspan(count);
    if (auto lie = CheckLandmarks(tree_.size())) return lie;
  }
  return std::nullopt;
}

std::optional<Lie> ExportTree::CheckLandmarks(uint64_t size) {
  const auto [begin, end] = proofs_.landmarks().equal_range(size);
  for (auto at = begin; at != end; ++at) {
    if (tree_.Tree().Root() == at->second.root) {
      if (at->second.is_checkpoint) ++checkpoints_passed_;
      held_size_ = size;
      continue;
    }
    return Lie{absl::StrCat("the log was rewritten between entries ", held_size_, " and ",
                            size == 0 ? 0 : size - 1),
               held_size_,
               absl::StrCat(at->second.source, " holds a signed root for ", size,
                            " entries that these entries do not give")};
  }
  return std::nullopt;
}

// `bytes`: what the entries give. Level 0 was compared with the entries before.
std::optional<Lie> ExportTree::CompareTile(const tlog::TileId& id, absl::string_view bytes) const {
  if (id.level == 0) return std::nullopt;
  const auto stored = ReadFile(PathOf(id));
  if (stored.ok() && *stored == bytes) return std::nullopt;
  if (!stored.ok()) {
    return Lie{absl::StrCat(tlog::TilePath(id), " is missing"), std::nullopt,
               std::string(stored.status().message())};
  }
  const size_t length = std::min(stored->size(), bytes.size());
  const auto at = static_cast<size_t>(
      std::mismatch(bytes.begin(), bytes.begin() + length, stored->begin()).first - bytes.begin());
  const uint64_t span = uint64_t{1} << (tlog::kTileHeight * id.level);
  const uint64_t index = (id.index * tlog::kTileWidth + at / tlog::Hash::kSize) * span;
  return Lie{absl::StrCat(tlog::TilePath(id), " holds a wrong hash"), index,
             absl::StrCat("of the ", span, " entries from ", index,
                          " on; computed from the entries it is another")};
}

std::optional<Lie> ExportTree::Finish() {
  for (uint32_t level = 1; level < tlog::kTileLevelsMax; ++level) {
    const std::span<const tlog::Hash> hashes = tree_.PartialTile(level);
    if (hashes.empty()) continue;
    const tlog::TileId id{.level = level,
                          .index = tlog::FullTileCount(level, tree_.size()),
                          .width = static_cast<uint32_t>(hashes.size())};
    if (auto lie = CompareTile(id, tlog::EncodeTile(hashes))) return lie;
  }
  if (tree_.Tree().Root() == head_.root) return std::nullopt;
  // Entries and tiles agree with each other and not with the signature.
  return Lie{
      "the log was rewritten, entries and tiles together", held_size_,
      absl::StrCat("they give another root than the checkpoint signs; up to entry ", held_size_,
                   " they are as signed before; an older checkpoint (--old) or receipts "
                   "(--receipts) narrow it down")};
}

}  // namespace chayan::cli
