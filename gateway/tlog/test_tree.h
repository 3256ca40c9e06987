// For tests alone: a log of named leaves as long as anyone asks, with roots and proofs.
#ifndef CHAYAN_GATEWAY_TLOG_TEST_TREE_H_
#define CHAYAN_GATEWAY_TLOG_TEST_TREE_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gateway/tlog/merkle.h"

namespace chayan::tlog {

// Trees of different names have different leaves.
class TestTree {
 public:
  explicit TestTree(std::string name) : name_(std::move(name)) {}

  Hash Root(uint64_t size) const {
    CompactRange range;
    for (uint64_t i = 0; i < size; ++i) range.Append(Leaf(i));
    return range.Root();
  }
  // REQUIRES: 1 <= old_size <= new_size.
  std::vector<Hash> Consistency(uint64_t old_size, uint64_t new_size) const {
    return ConsistencyProof(old_size, new_size,
                            [this](const NodeId& node) -> absl::StatusOr<Hash> {
                              CompactRange range;
                              const uint64_t width = uint64_t{1} << node.level;
                              for (uint64_t i = 0; i < width; ++i) {
                                range.Append(Leaf(node.index * width + i));
                              }
                              return range.Root();
                            })
        .value();
  }

 private:
  Hash Leaf(uint64_t index) const { return LeafHash(absl::StrCat(name_, " ", index)); }

  const std::string name_;
};

}  // namespace chayan::tlog

#endif  // CHAYAN_GATEWAY_TLOG_TEST_TREE_H_
