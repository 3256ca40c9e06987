#include <bit>
#include <limits>

#include "absl/strings/str_cat.h"
#include "gateway/base/status_macros.h"
#include "gateway/crypto/digest.h"
#include "gateway/store/conformance.h"
#include "gateway/tlog/tile.h"

namespace chayan::store {
namespace {

bool HasVault(uint64_t index) { return index % 2 == 0; }

absl::Status Expect(bool condition, absl::string_view what, uint64_t index) {
  if (condition) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(what, " ", index, " is not what was appended"));
}

absl::Status CheckEntry(Store& store, uint64_t index, const std::string& leaf) {
  CHAYAN_RETURN_IF_ERROR(Expect(leaf == PlannedLeaf(index), "leaf", index));
  const absl::StatusOr<VaultRow> row = store.ReadVault(index);
  if (!HasVault(index)) return Expect(absl::IsNotFound(row.status()), "vault row", index);
  CHAYAN_RETURN_IF_ERROR(row.status());
  const VaultRow planned = PlannedVault(index);
  return Expect(row->key_id == planned.key_id && row->wrapped_secret == planned.wrapped_secret &&
                    row->sealed_detail == planned.sealed_detail && row->tags == planned.tags,
                "vault row", index);
}

// Not real peaks: the store keeps what it is given.
std::vector<crypto::Digest> PlannedPeaks(uint64_t size) {
  std::vector<crypto::Digest> peaks;
  for (int i = 0; i < std::popcount(size); ++i) {
    peaks.push_back(crypto::Sha256(absl::StrCat("peak ", size, " ", i)));
  }
  return peaks;
}

}  // namespace

// Of all lengths up to the 2 KiB a leaf may have.
std::string PlannedLeaf(uint64_t index) {
  return absl::StrCat("leaf ", index, std::string(index * 37 % 2030, '\0'));
}

VaultRow PlannedVault(uint64_t index) {
  return {.key_id = absl::StrCat("2026-", index % 12, ".five-years"),
          .wrapped_secret = absl::StrCat("wrapped ", index),
          .sealed_detail = index % 4 == 0 ? "" : absl::StrCat("sealed ", index, "\xff"),
          .tags = absl::StrCat("tags", index)};
}

std::string PlannedTile(uint64_t index) {
  std::string tile(size_t{tlog::kTileWidth} * crypto::Digest::kSize, static_cast<char>(index));
  return tile.replace(0, 4, "tile");
}

RegistrySet PlannedRegistry(uint64_t first_index) {
  return {.digest = crypto::Sha256(absl::StrCat("set ", first_index)),
          .files = {{"a.textproto", absl::StrCat("set ", first_index)}, {"b/c.textproto", ""}}};
}

PlannedBatch PlanBatch(const Head& old, size_t count, bool with_registry) {
  PlannedBatch planned;
  for (uint64_t index = old.size; index < old.size + count; ++index) {
    NewEntry& entry = planned.batch.entries.emplace_back();
    entry.leaf = PlannedLeaf(index);
    if (HasVault(index)) entry.vault = PlannedVault(index);
    if (index % tlog::kTileWidth == tlog::kTileWidth - 1) {
      const uint64_t tile = index / tlog::kTileWidth;
      planned.batch.tiles.push_back({.level = 0, .index = tile, .hashes = PlannedTile(tile)});
    }
  }
  if (with_registry) planned.batch.registry = PlannedRegistry(old.size);
  planned.head.size = old.size + count;
  planned.head.peaks = PlannedPeaks(planned.head.size);
  planned.head.time_ms = static_cast<int64_t>(1000 + planned.head.size);
  const crypto::Digest id = crypto::Sha256(absl::StrCat("batch ", planned.head.size));
  std::copy_n(id.bytes.begin(), planned.head.batch.size(), planned.head.batch.begin());
  return planned;
}

absl::Status CheckPlanned(Store& store) {
  CHAYAN_ASSIGN_OR_RETURN(const Head head, store.ReadHead());
  CHAYAN_RETURN_IF_ERROR(Expect(head.peaks == PlannedPeaks(head.size), "peaks of", head.size));
  for (uint64_t index = 0; index < head.size;) {
    CHAYAN_ASSIGN_OR_RETURN(
        const std::vector<std::string> leaves,
        store.ReadLeaves(index, head.size, std::numeric_limits<uint64_t>::max()));
    for (const std::string& leaf : leaves) {
      CHAYAN_RETURN_IF_ERROR(Expect(index < head.size, "head before leaf", index));
      CHAYAN_RETURN_IF_ERROR(CheckEntry(store, index++, leaf));
    }
  }
  const bool entry_behind =
      store.ReadLeaves(head.size, 1, 0).ok() || store.ReadVault(head.size).ok();
  CHAYAN_RETURN_IF_ERROR(Expect(!entry_behind, "entry behind the head", head.size));
  const uint64_t tiles = head.size / tlog::kTileWidth;
  for (uint64_t tile = 0; tile < tiles; ++tile) {
    CHAYAN_ASSIGN_OR_RETURN(const std::string hashes, store.ReadTile(0, tile));
    CHAYAN_RETURN_IF_ERROR(Expect(hashes == PlannedTile(tile), "tile", tile));
  }
  return Expect(absl::IsNotFound(store.ReadTile(0, tiles).status()), "partial tile", tiles);
}

}  // namespace chayan::store
