// Goal: sealed bytes open with their own key and associated bytes alone, and have the standard
// layout. Method: a published AES-256-GCM vector; every single-bit change and every truncation of a
// sealed text.
#include "gateway/crypto/sealing.h"

#include <gtest/gtest.h>

#include <string>

#include "gateway/base/encoding.h"
#include "gateway/base/status_matchers.h"

namespace chayan::crypto {
namespace {

using ::testing::_;

TEST(SealingTest, SealOnceGivesTheValueOfTheGcmSpecification) {
  // McGrew and Viega, test case 14: zero key, zero nonce, 16 zero bytes.
  const Secret32 zero;
  EXPECT_EQ(HexEncode(SealOnce(zero, "", std::string(16, '\0'))),
            "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");
  EXPECT_EQ(HexEncode(SealOnce(zero, "", "")), "530f8afbc74536b9a963b4f1c4cb738b");  // Case 13.
}

TEST(SealingTest, OpensWhatWasSealed) {
  SeededRandom random(1);
  const Secret32 key(random);
  for (const size_t length : {0, 1, 15, 16, 17, 32, 4096}) {
    const std::string text(length, 't');
    for (const std::string associated : {"", "exchange"}) {
      const std::string sealed = Seal(key, associated, text, random);
      EXPECT_EQ(sealed.size(), kSealNonceBytes + length + kSealTagBytes);
      EXPECT_EQ(Open(key, associated, sealed).value(), text);
      EXPECT_EQ(OpenOnce(key, associated, SealOnce(key, associated, text)).value(), text);
    }
  }
}

TEST(SealingTest, DrawsANewNonceEachTime) {
  SeededRandom random(1);
  const Secret32 key(random);
  EXPECT_NE(Seal(key, "", "same", random), Seal(key, "", "same", random));
}

TEST(SealingTest, RefusesEveryChangedBitAndEveryTruncation) {
  SeededRandom random(2);
  const Secret32 key(random);
  const std::string sealed = Seal(key, "aad", "secret", random);
  for (size_t i = 0; i < sealed.size() * 8; ++i) {
    std::string changed = sealed;
    changed[i / 8] = static_cast<char>(changed[i / 8] ^ (1 << (i % 8)));
    EXPECT_THAT(Open(key, "aad", changed), StatusIs(absl::StatusCode::kDataLoss, _)) << i;
  }
  for (size_t length = 0; length < sealed.size(); ++length) {
    EXPECT_THAT(Open(key, "aad", sealed.substr(0, length)),
                StatusIs(absl::StatusCode::kDataLoss, _));
  }
  EXPECT_FALSE(Open(key, "aad", sealed + "x").ok());
}

TEST(SealingTest, RefusesAnotherKeyAndOtherAssociatedBytes) {
  SeededRandom random(3);
  const Secret32 key(random);
  const std::string sealed = SealOnce(key, "aad", "secret");
  EXPECT_FALSE(OpenOnce(Secret32(random), "aad", sealed).ok());
  EXPECT_FALSE(OpenOnce(key, "aae", sealed).ok());
  EXPECT_FALSE(OpenOnce(key, "", sealed).ok());
}

}  // namespace
}  // namespace chayan::crypto
