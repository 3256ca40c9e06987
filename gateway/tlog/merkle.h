// The Merkle tree of RFC 6962 section 2.1 (RFC 9162 section 2.1) with SHA-256: hashing, the peaks
// of a growing tree, proofs and their verification. Nothing here reads storage: whoever makes
// proofs over a stored tree passes a function that gives the hashes of perfect subtrees.
#ifndef CHAYAN_GATEWAY_TLOG_MERKLE_H_
#define CHAYAN_GATEWAY_TLOG_MERKLE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/crypto/bytes.h"

namespace chayan::tlog {

using Hash = crypto::Digest;

// No path in a tree of less than 2^64 leaves is longer.
inline constexpr size_t kPathHashesMax = 64;

Hash LeafHash(absl::string_view leaf);
Hash NodeHash(const Hash& left, const Hash& right);
Hash EmptyRoot();

// The roots ("peaks") of the perfect subtrees a tree of `size` leaves falls into, largest first:
// one for each 1 bit of the size. All that is needed to append.
class CompactRange {
 public:
  // The empty tree.
  CompactRange() = default;
  // Refuses a number of peaks that does not go with the size.
  static absl::StatusOr<CompactRange> FromPeaks(uint64_t size, std::vector<Hash> peaks);

  uint64_t size() const { return size_; }
  const std::vector<Hash>& peaks() const { return peaks_; }

  void Append(const Hash& leaf_hash);
  Hash Root() const;

  bool operator==(const CompactRange&) const = default;

 private:
  uint64_t size_ = 0;
  std::vector<Hash> peaks_;
};

// The perfect subtree of 2^level leaves that begins at leaf index * 2^level.
struct NodeId {
  uint32_t level = 0;
  uint64_t index = 0;
};
using NodeSource = absl::FunctionRef<absl::StatusOr<Hash>(const NodeId&)>;

// Root of the first `size` leaves.
absl::StatusOr<Hash> RootOf(uint64_t size, NodeSource source);
// Leaf to root. OUT_OF_RANGE unless leaf_index < size. Reads at most 2 * 64 nodes.
absl::StatusOr<std::vector<Hash>> InclusionProof(uint64_t leaf_index, uint64_t size,
                                                 NodeSource source);
// OUT_OF_RANGE unless 1 <= old_size <= new_size.
absl::StatusOr<std::vector<Hash>> ConsistencyProof(uint64_t old_size, uint64_t new_size,
                                                   NodeSource source);

// The only root for which the proof is valid, or why it is valid for none (RFC 9162 2.1.3.2).
absl::StatusOr<Hash> RootFromInclusionProof(uint64_t leaf_index, uint64_t size,
                                            const Hash& leaf_hash, std::span<const Hash> proof);
// OK, or INVALID_ARGUMENT with the reason.
absl::Status VerifyInclusion(uint64_t leaf_index, uint64_t size, const Hash& leaf_hash,
                             std::span<const Hash> proof, const Hash& root);

struct TreeHead {
  uint64_t size = 0;
  Hash root = EmptyRoot();

  bool operator==(const TreeHead&) const = default;
};
// RFC 9162 2.1.4.2. From the empty tree no proof exists, and none is accepted: callers treat it as
// consistent with every tree.
absl::Status VerifyConsistency(const TreeHead& older, const TreeHead& newer,
                               std::span<const Hash> proof);

}  // namespace chayan::tlog

#endif  // CHAYAN_GATEWAY_TLOG_MERKLE_H_
