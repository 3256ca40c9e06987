// Goal: a draw is what its definition says, so that anyone draws the same. Method: the definition
// written out once more, by hand, and a vector that another language computed.
#include "gateway/tlog/sample.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <string>

#include "gateway/base/encoding.h"
#include "gateway/crypto/digest.h"

namespace chayan::tlog {
namespace {

TEST(SampleTest, DrawsTheNumbersOfTheVector) {
  const crypto::Digest nonce_hash = crypto::Sha256("nonce");
  Hash root;
  root.bytes.fill(0x42);
  const crypto::Digest seed = SampleSeed(nonce_hash, root);
  EXPECT_EQ(seed.ToHex(), "ca19370219b639cfff92868dd96a98262fbcb313125d075cd2a16338e0a08b1d");
  EXPECT_EQ(DrawNumbers(seed, 1000, 5), (std::vector<uint64_t>{467, 997, 411, 26, 986}));
}

TEST(SampleTest, SkipsRepeatsAndGivesEachNumberOnce) {
  const crypto::Digest seed = crypto::Sha256("any");
  std::vector<uint64_t> all = DrawNumbers(seed, 50, 50);
  ASSERT_EQ(all.size(), 50u);
  EXPECT_FALSE(std::is_sorted(all.begin(), all.end()));
  std::sort(all.begin(), all.end());
  std::vector<uint64_t> wanted(50);
  std::iota(wanted.begin(), wanted.end(), 0);
  EXPECT_EQ(all, wanted);
  // A larger draw begins with the smaller one.
  const std::vector<uint64_t> few = DrawNumbers(seed, 50, 7);
  const std::vector<uint64_t> more = DrawNumbers(seed, 50, 20);
  EXPECT_TRUE(std::equal(few.begin(), few.end(), more.begin()));
}

TEST(SampleTest, GivesNoMoreThanThereIs) {
  const crypto::Digest seed = crypto::Sha256("any");
  EXPECT_EQ(DrawNumbers(seed, 0, 5).size(), 0u);
  EXPECT_EQ(DrawNumbers(seed, 1, 5), std::vector<uint64_t>{0});
  EXPECT_EQ(DrawNumbers(seed, 3, 5).size(), 3u);
}

TEST(SampleTest, RoundsAShareUp) {
  EXPECT_EQ(ShareOf(0, 10), 0u);
  EXPECT_EQ(ShareOf(1, 1), 1u);
  EXPECT_EQ(ShareOf(100, 1), 1u);
  EXPECT_EQ(ShareOf(101, 1), 2u);
  EXPECT_EQ(ShareOf(250, 70), 175u);
  EXPECT_EQ(ShareOf(199, 100), 199u);
  EXPECT_EQ(ShareOf(uint64_t{1} << 62, 100), kSampleSizeMax);
}

}  // namespace
}  // namespace chayan::tlog
