#include "gateway/tlog/merkle.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/base/check.h"
#include "gateway/base/status_macros.h"
#include "gateway/crypto/digest.h"

namespace chayan::tlog {
namespace {

constexpr absl::string_view kLeafPrefix("\x00", 1);
constexpr char kNodePrefix = '\x01';

// Root of the peaks, largest first. REQUIRES: at least one.
Hash Fold(const std::vector<Hash>& peaks) {
  CHAYAN_CHECK(!peaks.empty());
  Hash root = peaks.back();
  for (size_t i = peaks.size() - 1; i-- > 0;) root = NodeHash(peaks[i], root);
  return root;
}

// REQUIRES: begin < end, and begin is a multiple of every power of two below end - begin, as all
// ranges are into which the tree is split.
absl::StatusOr<Hash> RangeRoot(uint64_t begin, uint64_t end, NodeSource source) {
  std::vector<Hash> peaks;
  while (begin < end) {
    const int level = static_cast<int>(std::bit_width(end - begin)) - 1;
    CHAYAN_ASSIGN_OR_RETURN(peaks.emplace_back(),
                            source({static_cast<uint32_t>(level), begin >> level}));
    begin += uint64_t{1} << level;
  }
  return Fold(peaks);
}

// REQUIRES: count >= 2. The largest power of two below count.
uint64_t SplitPoint(uint64_t count) { return uint64_t{1} << (std::bit_width(count - 1) - 1); }

absl::Status Invalid(absl::string_view reason) { return absl::InvalidArgumentError(reason); }

}  // namespace

Hash LeafHash(absl::string_view leaf) { return crypto::Sha256({kLeafPrefix, leaf}); }

Hash NodeHash(const Hash& left, const Hash& right) {
  // Laid out first: three calls of the hash function for 65 bytes cost as much as the hashing.
  std::array<char, 1 + 2 * Hash::kSize> bytes{kNodePrefix};
  std::copy(left.bytes.begin(), left.bytes.end(), bytes.begin() + 1);
  std::copy(right.bytes.begin(), right.bytes.end(), bytes.begin() + 1 + Hash::kSize);
  return crypto::Sha256({bytes.data(), bytes.size()});
}

Hash EmptyRoot() {
  static const Hash root = crypto::Sha256("");
  return root;
}

absl::StatusOr<CompactRange> CompactRange::FromPeaks(uint64_t size, std::vector<Hash> peaks) {
  if (peaks.size() != static_cast<size_t>(std::popcount(size))) {
    return Invalid(absl::StrCat(peaks.size(), " peaks do not make a tree of ", size, " leaves"));
  }
  CompactRange range;
  range.size_ = size;
  range.peaks_ = std::move(peaks);
  return range;
}

void CompactRange::Append(const Hash& leaf_hash) {
  Hash hash = leaf_hash;
  for (uint64_t size = size_; (size & 1) != 0; size >>= 1) {
    hash = NodeHash(peaks_.back(), hash);
    peaks_.pop_back();
  }
  peaks_.push_back(hash);
  ++size_;
}

Hash CompactRange::Root() const { return peaks_.empty() ? EmptyRoot() : Fold(peaks_); }

absl::StatusOr<Hash> RootOf(uint64_t size, NodeSource source) {
  if (size == 0) return EmptyRoot();
  return RangeRoot(0, size, source);
}

absl::StatusOr<std::vector<Hash>> InclusionProof(uint64_t leaf_index, uint64_t size,
                                                 NodeSource source) {
  if (leaf_index >= size) {
    return absl::OutOfRangeError(absl::StrCat("no leaf ", leaf_index, " in a tree of ", size));
  }
  // From the root down to the leaf: each step adds the half the leaf is not in.
  std::vector<Hash> proof;
  uint64_t begin = 0;
  uint64_t end = size;
  while (end - begin > 1) {
    const uint64_t middle = begin + SplitPoint(end - begin);
    if (leaf_index < middle) {
      CHAYAN_ASSIGN_OR_RETURN(proof.emplace_back(), RangeRoot(middle, end, source));
      end = middle;
    } else {
      CHAYAN_ASSIGN_OR_RETURN(proof.emplace_back(), RangeRoot(begin, middle, source));
      begin = middle;
    }
  }
  std::reverse(proof.begin(), proof.end());
  return proof;
}

absl::StatusOr<std::vector<Hash>> ConsistencyProof(uint64_t old_size, uint64_t new_size,
                                                   NodeSource source) {
  if (old_size == 0 || old_size > new_size) {
    return absl::OutOfRangeError(
        absl::StrCat("no consistency proof from ", old_size, " to ", new_size, " leaves"));
  }
  // SUBPROOF of RFC 6962 2.1.2 from the root down: [begin, end) is the part of the new tree that
  // holds the old tree's last leaf.
  std::vector<Hash> proof;
  uint64_t begin = 0;
  uint64_t end = new_size;
  bool is_old_tree = true;  // The old tree's part of the range is the whole old tree.
  while (old_size < end) {
    const uint64_t middle = begin + SplitPoint(end - begin);
    if (old_size <= middle) {
      CHAYAN_ASSIGN_OR_RETURN(proof.emplace_back(), RangeRoot(middle, end, source));
      end = middle;
    } else {
      CHAYAN_ASSIGN_OR_RETURN(proof.emplace_back(), RangeRoot(begin, middle, source));
      begin = middle;
      is_old_tree = false;
    }
  }
  if (!is_old_tree) {
    CHAYAN_ASSIGN_OR_RETURN(proof.emplace_back(), RangeRoot(begin, end, source));
  }
  std::reverse(proof.begin(), proof.end());
  return proof;
}

absl::StatusOr<Hash> RootFromInclusionProof(uint64_t leaf_index, uint64_t size,
                                            const Hash& leaf_hash, std::span<const Hash> proof) {
  if (leaf_index >= size) {
    return Invalid(absl::StrCat("no leaf ", leaf_index, " in a tree of ", size));
  }
  uint64_t fn = leaf_index;
  uint64_t sn = size - 1;
  Hash root = leaf_hash;
  for (const Hash& sibling : proof) {
    if (sn == 0) return Invalid("inclusion proof has too many hashes");
    if ((fn & 1) != 0 || fn == sn) {
      root = NodeHash(sibling, root);
      while ((fn & 1) == 0 && fn != 0) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      root = NodeHash(root, sibling);
    }
    fn >>= 1;
    sn >>= 1;
  }
  if (sn != 0) return Invalid("inclusion proof has too few hashes");
  return root;
}

absl::Status VerifyInclusion(uint64_t leaf_index, uint64_t size, const Hash& leaf_hash,
                             std::span<const Hash> proof, const Hash& root) {
  CHAYAN_ASSIGN_OR_RETURN(const Hash computed,
                          RootFromInclusionProof(leaf_index, size, leaf_hash, proof));
  if (computed != root) return Invalid("inclusion proof does not lead to the root");
  return absl::OkStatus();
}

absl::Status VerifyConsistency(const TreeHead& older, const TreeHead& newer,
                               std::span<const Hash> proof) {
  if (older.size == 0) return Invalid("from the empty tree no consistency proof exists");
  if (older.size > newer.size) return Invalid("the older tree is larger than the newer one");
  if (older.size == newer.size) {
    if (!proof.empty()) return Invalid("consistency proof between trees of one size is not empty");
    if (older.root != newer.root) return Invalid("two roots for one size");
    return absl::OkStatus();
  }
  if (proof.empty()) return Invalid("consistency proof is empty");

  // A perfect old tree is a node of the new one, so the proof leaves its root out.
  const bool is_perfect = std::has_single_bit(older.size);
  const Hash& first = is_perfect ? older.root : proof.front();
  if (!is_perfect) proof = proof.subspan(1);

  uint64_t fn = older.size - 1;
  uint64_t sn = newer.size - 1;
  while ((fn & 1) != 0) {
    fn >>= 1;
    sn >>= 1;
  }
  Hash older_root = first;
  Hash newer_root = first;
  for (const Hash& sibling : proof) {
    if (sn == 0) return Invalid("consistency proof has too many hashes");
    if ((fn & 1) != 0 || fn == sn) {
      older_root = NodeHash(sibling, older_root);
      newer_root = NodeHash(sibling, newer_root);
      while ((fn & 1) == 0 && fn != 0) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      newer_root = NodeHash(newer_root, sibling);
    }
    fn >>= 1;
    sn >>= 1;
  }
  if (sn != 0) return Invalid("consistency proof has too few hashes");
  if (older_root != older.root) return Invalid("consistency proof does not lead to the older root");
  if (newer_root != newer.root) return Invalid("consistency proof does not lead to the newer root");
  return absl::OkStatus();
}

}  // namespace chayan::tlog
