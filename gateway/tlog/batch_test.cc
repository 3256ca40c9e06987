// Goal: a batch gives each new leaf a proof that verifies at the new size, from the old peaks
// alone, the same proof that a reader of the whole tree makes. Method: all sizes 0..80 with all
// batches 1..33; every tampering of index, path, leaf and root at some of them; work counted, not
// timed.
#include "gateway/tlog/batch.h"

#include <gtest/gtest.h>

#include <vector>

#include "gateway/base/status_matchers.h"
#include "gateway/tlog/test_log.h"

namespace chayan::tlog {
namespace {

constexpr uint64_t kSizeMax = 80;
constexpr uint64_t kBatchMax = 33;

TEST(BatchTest, EveryReceiptOfEveryBatchVerifiesAndNoTamperedOneDoes) {
  const std::vector<Hash> leaves = TestLeafHashes(kSizeMax + kBatchMax);
  CompactRange old_tree;
  uint64_t receipts = 0;
  for (uint64_t old_size = 0; old_size <= kSizeMax; ++old_size) {
    for (uint64_t count = 1; count <= kBatchMax; ++count) {
      const auto begin = leaves.begin() + static_cast<std::ptrdiff_t>(old_size);
      const Batch batch(old_tree, {begin, begin + static_cast<std::ptrdiff_t>(count)});
      const uint64_t size = old_size + count;
      const Hash root = SlowRoot(leaves, 0, size);
      ASSERT_EQ(batch.root(), root);
      ASSERT_EQ(batch.tree().size(), size);
      ASSERT_EQ(batch.count(), count);
      for (uint64_t i = 0; i < count; ++i) {
        const uint64_t index = old_size + i;
        const std::vector<Hash> proof = batch.InclusionProof(i);
        ASSERT_OK(VerifyInclusion(index, size, leaves[index], proof, root))
            << old_size << "+" << count << " leaf " << index;
        ++receipts;
        EXPECT_FALSE(VerifyInclusion(index + 1, size, leaves[index], proof, root).ok());
        if (index > 0) {
          EXPECT_FALSE(VerifyInclusion(index - 1, size, leaves[index], proof, root).ok());
        }
        Hash other = leaves[index];
        other.bytes[31] ^= 1;
        EXPECT_FALSE(VerifyInclusion(index, size, other, proof, root).ok());
        other = root;
        other.bytes[0] ^= 1;
        EXPECT_FALSE(VerifyInclusion(index, size, leaves[index], proof, other).ok());
        for (size_t k = 0; k < proof.size(); ++k) {
          std::vector<Hash> changed = proof;
          changed[k].bytes[k % 32] ^= 1;
          EXPECT_FALSE(VerifyInclusion(index, size, leaves[index], changed, root).ok());
        }
      }
    }
    old_tree.Append(leaves[old_size]);
  }
  EXPECT_EQ(receipts, 81u * 33u * 34u / 2u);
}

TEST(BatchTest, ReachesTheSameTreeAsAppendingOneByOne) {
  const std::vector<Hash> leaves = TestLeafHashes(1000);
  CompactRange one_by_one;
  CompactRange by_batches;
  size_t next = 0;
  for (size_t count = 1; next + count <= leaves.size(); count = count * 3 / 2 + 1) {
    const std::vector<Hash> part(leaves.begin() + static_cast<std::ptrdiff_t>(next),
                                 leaves.begin() + static_cast<std::ptrdiff_t>(next + count));
    for (const Hash& leaf : part) one_by_one.Append(leaf);
    by_batches = Batch(by_batches, part).tree();
    EXPECT_EQ(by_batches, one_by_one);
    next += count;
  }
}

TEST(BatchTest, EmptyBatchChangesNothing) {
  EXPECT_EQ(Batch(CompactRange(), {}).root(), EmptyRoot());
  CompactRange tree;
  for (const Hash& leaf : TestLeafHashes(11)) tree.Append(leaf);
  const Batch batch(tree, {});
  EXPECT_EQ(batch.tree(), tree);
  EXPECT_EQ(batch.count(), 0u);
}

TEST(BatchTest, WorksBehindATreeOfManyPeaks) {
  // 2^40 - 1 leaves that nobody has: only their peaks are needed.
  std::vector<Hash> peaks(40, EmptyRoot());
  const uint64_t old_size = (uint64_t{1} << 40) - 1;
  const CompactRange old_tree = CompactRange::FromPeaks(old_size, peaks).value();
  const std::vector<Hash> leaves = TestLeafHashes(512);
  const Batch batch(old_tree, leaves);
  for (size_t i = 0; i < leaves.size(); ++i) {
    EXPECT_OK(VerifyInclusion(old_size + i, old_size + 512, leaves[i], batch.InclusionProof(i),
                              batch.root()));
  }
}

}  // namespace
}  // namespace chayan::tlog
