// The stored log read as a tree: its right edge at the start, proofs later. Full tiles come from
// the store; the partial ones are kept in memory by whoever appends (RightEdge).
#ifndef CHAYAN_GATEWAY_LOG_TREE_READER_H_
#define CHAYAN_GATEWAY_LOG_TREE_READER_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/store/store.h"
#include "gateway/tlog/merkle.h"
#include "gateway/tlog/tile.h"

namespace chayan::log {

// Builds the right edge from the last leaves and tiles: at most 255 of either a level, never the
// whole log. DATA_LOSS when they do not make the root of the head, or the last one has not its
// time.
absl::StatusOr<tlog::RightEdge> RecoverEdge(store::Store& store, const store::Head& head);

// Root of the first `size` leaves. REQUIRES: size <= edge.size().
absl::StatusOr<tlog::Hash> RootAt(store::Store& store, const tlog::RightEdge& edge, uint64_t size);

// Path of the leaf in the tree of the first `size` leaves. OUT_OF_RANGE when there is no such leaf.
// REQUIRES: size <= edge.size().
absl::StatusOr<std::vector<tlog::Hash>> InclusionPath(store::Store& store,
                                                      const tlog::RightEdge& edge, uint64_t size,
                                                      uint64_t index);

// Proof that the tree of `old_size` leaves is a beginning of that of `new_size`; empty from the
// empty tree. Reads at most two tiles a level. OUT_OF_RANGE unless old_size <= new_size <=
// edge.size().
absl::StatusOr<std::vector<tlog::Hash>> ConsistencyPath(store::Store& store,
                                                        const tlog::RightEdge& edge,
                                                        uint64_t old_size, uint64_t new_size);

}  // namespace chayan::log

#endif  // CHAYAN_GATEWAY_LOG_TREE_READER_H_
