// Batch: what a group commit needs of the tree, from the old tree's peaks and the new leaves alone,
// with no read of stored hashes.
//
// The fact it rests on: the path of a new leaf in the new tree has only siblings that hold a new
// leaf, or are a peak of the old tree. A left sibling without new leaves ends where the old tree's
// part of its parent ends, so it is the old peak of its level; a right sibling lies among the new.
// Therefore one array a level, of the perfect nodes that hold new leaves with the old peak in
// front, holds every sibling; the one sibling that is no perfect node, on the right edge, is a fold
// of the new peaks below its level.
#ifndef CHAYAN_GATEWAY_TLOG_BATCH_H_
#define CHAYAN_GATEWAY_TLOG_BATCH_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "gateway/tlog/merkle.h"

namespace chayan::tlog {

// Immutable. Making one takes about 2 hashes a leaf; a proof copies hashes and computes none.
class Batch {
 public:
  // Appends `leaf_hashes` to the tree `old_tree`.
  Batch(const CompactRange& old_tree, std::vector<Hash> leaf_hashes);

  uint64_t old_size() const { return old_size_; }
  size_t count() const { return levels_[0].nodes.size() - levels_[0].old_count; }
  // The tree with the new leaves.
  const CompactRange& tree() const { return tree_; }
  const Hash& root() const { return root_; }

  // Of the leaf at index old_size() + position, in tree(). REQUIRES: position < count().
  std::vector<Hash> InclusionProof(size_t position) const;

 private:
  struct Level {
    std::vector<Hash> nodes;
    uint64_t first = 0;    // Index in the tree of nodes[0].
    size_t old_count = 0;  // 1 if nodes[0] is a peak of the old tree.
    Hash right_edge;       // Root of the leaves behind the last perfect node, if there are any.
  };

  uint64_t old_size_;
  CompactRange tree_;
  Hash root_;
  std::vector<Level> levels_;
};

}  // namespace chayan::tlog

#endif  // CHAYAN_GATEWAY_TLOG_BATCH_H_
