#include "gateway/store/rows.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/status_macros.h"
#include "gateway/tlog/tile.h"

namespace chayan::store {

absl::Status Damaged(absl::string_view what) {
  return absl::DataLossError(
      absl::StrCat("the store is damaged: ", what, ": stop, keep the files, restore from a copy"));
}

absl::StatusOr<Head> HeadFromRow(const HeadRow& row) {
  Head head;
  if (row.size < 0) return Damaged("the size of its log is negative");
  head.size = static_cast<uint64_t>(row.size);
  head.time_ms = row.time_ms;
  const auto peak_count = static_cast<size_t>(std::popcount(head.size));
  if (row.peaks.size() != peak_count * crypto::Digest::kSize ||
      row.batch.size() != head.batch.size()) {
    return Damaged("its head does not go with its size");
  }
  std::copy(row.batch.begin(), row.batch.end(), head.batch.begin());
  for (size_t i = 0; i < peak_count; ++i) {
    CHAYAN_ASSIGN_OR_RETURN(const crypto::Digest peak,
                            crypto::Digest::FromRaw(row.peaks.substr(i * crypto::Digest::kSize,
                                                                     crypto::Digest::kSize)));
    head.peaks.push_back(peak);
  }
  return head;
}

std::string JoinedPeaks(const Head& head) {
  std::string peaks;
  for (const crypto::Digest& peak : head.peaks) peaks.append(peak.raw().data(), peak.raw().size());
  return peaks;
}

absl::string_view BatchBytes(const Head& head) {
  return {reinterpret_cast<const char*>(head.batch.data()), head.batch.size()};
}

absl::Status CheckHeadEndsWith(const Head& head, uint64_t entries) {
  if (entries == head.size) return absl::OkStatus();
  return Damaged(absl::StrCat("its head counts ", head.size, " entries, there are ", entries));
}

std::vector<Tally> TalliesOf(const Batch& batch) {
  absl::btree_map<std::pair<TallyKind, absl::string_view>, Tally> tallies;
  for (const NewEntry& entry : batch.entries) {
    for (const Tally& tally : entry.tallies) {
      const auto [it, inserted] = tallies.try_emplace({tally.kind, tally.key}, tally);
      Tally& sum = it->second;
      if (inserted || tally.day < sum.day) continue;
      if (tally.day > sum.day) {
        sum = tally;
      } else {
        sum.add += tally.add;
      }
    }
  }
  std::vector<Tally> combined;
  combined.reserve(tallies.size());
  for (auto& [key, tally] : tallies) combined.push_back(std::move(tally));
  return combined;
}

absl::Status CheckTile(absl::string_view hashes, uint32_t level, uint64_t index) {
  if (hashes.size() == tlog::kTileWidth * crypto::Digest::kSize) return absl::OkStatus();
  return Damaged(absl::StrCat("tile ", level, "/", index, " has a wrong length"));
}

}  // namespace chayan::store
