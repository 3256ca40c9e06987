#include "gateway/tlog/batch.h"

#include <bit>
#include <utility>

#include "gateway/base/check.h"

namespace chayan::tlog {

Batch::Batch(const CompactRange& old_tree, std::vector<Hash> leaf_hashes)
    : old_size_(old_tree.size()) {
  const uint64_t new_size = old_size_ + leaf_hashes.size();
  // Old peaks are taken from the smallest up, as the levels rise.
  size_t peaks_left = old_tree.peaks().size();
  std::vector<Hash> new_peaks;  // Smallest first.
  const int level_count = std::max(1, static_cast<int>(std::bit_width(new_size)));
  levels_.resize(static_cast<size_t>(level_count));
  for (int l = 0; l < level_count; ++l) {
    Level& level = levels_[l];
    const bool has_old_peak = (old_size_ >> l & 1) != 0;
    const uint64_t first_new = old_size_ >> l;
    const uint64_t end = new_size >> l;
    level.first = first_new - (has_old_peak ? 1 : 0);
    level.nodes.reserve(static_cast<size_t>(end - level.first));
    if (has_old_peak) {
      level.nodes.push_back(old_tree.peaks()[--peaks_left]);
      level.old_count = 1;
    }
    if (l == 0) {
      level.nodes.insert(level.nodes.end(), leaf_hashes.begin(), leaf_hashes.end());
    } else {
      const Level& below = levels_[l - 1];
      for (uint64_t i = first_new; i < end; ++i) {
        const size_t left = static_cast<size_t>(2 * i - below.first);
        level.nodes.push_back(NodeHash(below.nodes[left], below.nodes[left + 1]));
      }
    }
    // What lies behind this level's perfect nodes is made of the new peaks below it.
    if (!new_peaks.empty()) {
      level.right_edge = new_peaks[0];
      for (size_t i = 1; i < new_peaks.size(); ++i) {
        level.right_edge = NodeHash(new_peaks[i], level.right_edge);
      }
    }
    if ((new_size >> l & 1) != 0) new_peaks.push_back(level.nodes.back());
  }
  absl::StatusOr<CompactRange> tree =
      CompactRange::FromPeaks(new_size, {new_peaks.rbegin(), new_peaks.rend()});
  CHAYAN_CHECK(tree.ok());
  tree_ = *std::move(tree);
  root_ = tree_.Root();
}

std::vector<Hash> Batch::InclusionProof(size_t position) const {
  CHAYAN_CHECK(position < count());
  const uint64_t leaf_index = old_size_ + position;
  const uint64_t last = tree_.size() - 1;
  std::vector<Hash> proof;
  proof.reserve(levels_.size());
  for (size_t l = 0; last >> l != 0; ++l) {
    const Level& level = levels_[l];
    const uint64_t node = leaf_index >> l;
    const uint64_t sibling = node ^ 1;
    // The last node of a level has no right sibling: it moves up as it is.
    if (sibling > last >> l) continue;
    const size_t place = static_cast<size_t>(sibling - level.first);
    proof.push_back(place < level.nodes.size() ? level.nodes[place] : level.right_edge);
  }
  return proof;
}

}  // namespace chayan::tlog
