// Goal: hashes and derivations give the published values, in parts or in one, and secrets do not
// leak by printing. Method: vectors of FIPS 180-2, RFC 4231 and RFC 5869; comparison of parts and
// whole over all splits.
#include "gateway/crypto/digest.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gateway/base/encoding.h"
#include "gateway/base/status_matchers.h"
#include "gateway/crypto/hmac_key.h"

namespace chayan::crypto {
namespace {

std::string Unhex(absl::string_view hex) { return HexDecode(hex).value(); }

TEST(DigestTest, Sha256GivesThePublishedValues) {
  EXPECT_EQ(Sha256("").ToHex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256("abc").ToHex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(DigestTest, PartsHashAsTheWhole) {
  const std::string text =
      "the quick brown fox jumps over the lazy dog, twice: the quick brown fox";
  for (size_t i = 0; i <= text.size(); ++i) {
    const absl::string_view head = absl::string_view(text).substr(0, i);
    const absl::string_view tail = absl::string_view(text).substr(i);
    EXPECT_EQ(Sha256({head, tail}), Sha256(text));
    EXPECT_EQ(HmacSha256("key", {head, tail}), HmacSha256("key", text));
    Sha256Hasher hasher;
    EXPECT_EQ(hasher.Update(head).Update(tail).Finish(), Sha256(text));
    EXPECT_EQ(hasher.Update("abc").Finish(), Sha256("abc"));
  }
}

TEST(DigestTest, HmacGivesTheValuesOfRfc4231) {
  EXPECT_EQ(HmacSha256(std::string(20, '\x0b'), "Hi There").ToHex(),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(HmacSha256("Jefe", "what do ya want for nothing?").ToHex(),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  // A key longer than a block is hashed first.
  EXPECT_EQ(
      HmacSha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First")
          .ToHex(),
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(DigestTest, EmptyHmacKeyIsNotThePreviousOne) {
  const Digest expected = HmacSha256(std::string(1, '\0'), "x");  // Padded with zeros alike.
  HmacSha256("another key", "x");
  EXPECT_EQ(HmacSha256("", "x"), expected);
}

TEST(DigestTest, HkdfAgreesWithRfc5869) {
  // Appendix A.3 has a 22 byte input; its PRK is the extraction with empty salt.
  EXPECT_EQ(HmacSha256("", std::string(22, '\x0b')).ToHex(),
            "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04");
  const Secret32 prk = Secret32::FromRaw(Unhex("19ef24a32c717b167f33a91d6f648bdf9659677"
                                               "6afdb6377ac434c1c293ccb04"))
                           .value();
  EXPECT_EQ(HexEncode(HkdfExpand(prk, "").Expose()),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
}

TEST(DigestTest, HkdfIsExtractThenExpandAndSeparatesByInfo) {
  SeededRandom random(7);
  const Secret32 input(random);
  EXPECT_TRUE(HkdfSha256(input, "a").Equals(HkdfExpand(HkdfExtract(input), "a")));
  EXPECT_FALSE(HkdfSha256(input, "a").Equals(HkdfSha256(input, "b")));
}

TEST(DigestTest, HmacKeySignsAsHmacDoesAgainAndAgain) {
  SeededRandom random(8);
  const Secret32 key(random);
  const HmacKey keyed(key);
  for (const std::string& message : {std::string(), std::string("a"), std::string(1000, 'b')}) {
    EXPECT_EQ(keyed.Sign({message}), HmacSha256(key.Expose(), message));
    EXPECT_EQ(keyed.Sign({"x", message}), HmacSha256(key.Expose(), "x" + message));
  }
}

TEST(DigestTest, HkdfExpandsSeveralAsOne) {
  SeededRandom random(9);
  const Secret32 extracted(random);
  Secret32 a, b;
  HkdfExpandAll(extracted, {{"a", &a}, {"b", &b}});
  EXPECT_TRUE(a.Equals(HkdfExpand(extracted, "a")));
  EXPECT_TRUE(b.Equals(HkdfExpand(extracted, "b")));
}

TEST(DigestTest, ThreadsDoNotDisturbEachOther) {
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t, &wrong] {
      const std::string text(static_cast<size_t>(t) + 1, 'a');
      const Digest digest = Sha256(text);
      const Digest mac = HmacSha256(text, text);
      for (int i = 0; i < 2000; ++i)
        wrong[t] += Sha256(text) != digest || HmacSha256(text, text) != mac;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4, 0));
}

TEST(DigestTest, DigestTakesExactlyThirtyTwoBytes) {
  for (size_t length = 0; length < 80; ++length) {
    EXPECT_EQ(Digest::FromRaw(std::string(length, 'x')).ok(), length == 32) << length;
    EXPECT_EQ(Secret32::FromRaw(std::string(length, 'x')).ok(), length == 32) << length;
  }
}

TEST(DigestTest, ConstantTimeEqualsIsEquality) {
  EXPECT_TRUE(ConstantTimeEquals("", ""));
  EXPECT_TRUE(ConstantTimeEquals("abc", "abc"));
  EXPECT_FALSE(ConstantTimeEquals("abc", "abd"));
  EXPECT_FALSE(ConstantTimeEquals("abc", "ab"));
}

TEST(SecretTest, PrintsNoSecret) {
  const Secret32 secret = Secret32::FromRaw(std::string(32, 'S')).value();
  std::ostringstream out;
  out << secret;
  EXPECT_EQ(out.str().find('S', 1), std::string::npos);
  EXPECT_EQ(testing::PrintToString(secret), out.str());
}

TEST(SecretTest, MovedFromSecretIsZero) {
  Secret32 secret = Secret32::FromRaw(std::string(32, 'S')).value();
  const Secret32 taken = std::move(secret);
  EXPECT_EQ(secret.Expose(), std::string(32, '\0'));  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(taken.Expose(), std::string(32, 'S'));
}

TEST(SecretTest, DestroyedSecretLeavesNoBytes) {
  alignas(Secret32) unsigned char place[sizeof(Secret32)];
  auto* secret = new (place) Secret32(Secret32::FromRaw(std::string(32, 'S')).value());
  secret->~Secret32();
  for (const unsigned char byte : place) EXPECT_EQ(byte, 0);
}

}  // namespace
}  // namespace chayan::crypto
