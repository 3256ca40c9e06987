// Goal: Ed25519 as in RFC 8032, keys kept and read back in standard forms. Method: vectors of RFC
// 8032 section 7.1 and RFC 8410 section 10; every changed bit and wrong length of a signature.
#include "gateway/crypto/signing_key.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <string>

#include "gateway/base/encoding.h"
#include "gateway/base/file.h"
#include "gateway/base/status_matchers.h"
#include "gateway/crypto/digest.h"

namespace chayan::crypto {
namespace {

using ::testing::_;
using ::testing::HasSubstr;

std::string Unhex(absl::string_view hex) { return HexDecode(hex).value(); }

Ed25519Key KeyFromHex(absl::string_view seed) {
  return Ed25519Key::FromSeed(Secret32::FromRaw(Unhex(seed)).value()).value();
}

constexpr absl::string_view kSeed2 =
    "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";

TEST(SigningKeyTest, SignsAsRfc8032Says) {
  const Ed25519Key key = KeyFromHex(kSeed2);
  EXPECT_EQ(key.public_key().ToHex(),
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  const Ed25519Signature signature = key.Sign("\x72").value();
  EXPECT_EQ(signature.ToHex(),
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
  EXPECT_TRUE(VerifyEd25519(key.public_key(), "\x72", signature));
  EXPECT_FALSE(VerifyEd25519(key.public_key(), "\x73", signature));
}

TEST(SigningKeyTest, SignsTheEmptyMessage) {
  const Ed25519Key key =
      KeyFromHex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
  const Ed25519Signature signature = key.Sign("").value();
  EXPECT_EQ(signature.ToHex(),
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
            "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b");
  EXPECT_TRUE(VerifyEd25519(key.public_key(), "", signature));
}

TEST(SigningKeyTest, RefusesEveryChangedBitAndLength) {
  const Ed25519Key key = KeyFromHex(kSeed2);
  const std::string signature = key.Sign("message")->ToString();
  for (size_t i = 0; i < signature.size() * 8; i += 7) {
    std::string changed = signature;
    changed[i / 8] = static_cast<char>(changed[i / 8] ^ (1 << (i % 8)));
    EXPECT_FALSE(VerifyEd25519(key.public_key(), "message", changed)) << i;
  }
  for (size_t length = 0; length < 128; ++length) {
    std::string resized = signature;
    resized.resize(length);
    EXPECT_EQ(VerifyEd25519(key.public_key(), "message", resized), length == 64) << length;
  }
}

TEST(SigningKeyTest, ReadsThePkcs8KeyOfRfc8410) {
  const Ed25519Key key = Ed25519Key::FromPem(
                             "-----BEGIN PRIVATE KEY-----\n"
                             "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
                             "-----END PRIVATE KEY-----\n")
                             .value();
  EXPECT_EQ(Base64Encode(SpkiFromPublicKey(key.public_key())),
            "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=");
  EXPECT_EQ(KeyId(key.public_key()), Sha256(SpkiFromPublicKey(key.public_key())));
}

TEST(SigningKeyTest, PemRoundTripsThroughAFile) {
  SeededRandom random(1);
  const Ed25519Key key = Ed25519Key::Generate(random);
  std::string folder = testing::TempDir() + "chayan-key-XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  ASSERT_OK(WriteFile(folder + "/key.pem", key.ToPem(), 0600));
  const absl::StatusOr<Ed25519Key> read = Ed25519Key::FromPemFile(folder + "/key.pem");
  ASSERT_OK(read);
  EXPECT_EQ(read->public_key(), key.public_key());
  EXPECT_EQ(read->Sign("m").value(), key.Sign("m").value());
  EXPECT_THAT(Ed25519Key::FromPemFile(folder + "/none.pem"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("none.pem")));
}

TEST(SigningKeyTest, RefusesTextThatIsNoEd25519Key) {
  EXPECT_THAT(Ed25519Key::FromPem(""), StatusIs(absl::StatusCode::kInvalidArgument, _));
  EXPECT_THAT(Ed25519Key::FromPem("-----BEGIN PRIVATE KEY-----\nMC4C\n-----END PRIVATE KEY-----\n"),
              StatusIs(absl::StatusCode::kInvalidArgument, _));
  // X25519 (RFC 7748), the neighbour that signs nothing.
  const std::string x25519 = Unhex("302e020100300506032b656e04220420") + std::string(32, 'k');
  EXPECT_THAT(Ed25519Key::FromPem("-----BEGIN PRIVATE KEY-----\n" + Base64Encode(x25519) +
                                  "\n-----END PRIVATE KEY-----\n"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("not Ed25519")));
}

TEST(SigningKeyTest, SpkiRoundTripsAndRefusesOtherForms) {
  const Ed25519PublicKey key = KeyFromHex(kSeed2).public_key();
  const std::string spki = SpkiFromPublicKey(key);
  EXPECT_EQ(spki.size(), 44u);
  EXPECT_EQ(PublicKeyFromSpki(spki).value(), key);
  for (size_t length = 0; length < spki.size(); ++length) {
    EXPECT_FALSE(PublicKeyFromSpki(spki.substr(0, length)).ok());
  }
  EXPECT_FALSE(PublicKeyFromSpki(spki + "x").ok());
  std::string other = spki;
  other[8] = '\x6e';  // X25519
  EXPECT_FALSE(PublicKeyFromSpki(other).ok());
}

}  // namespace
}  // namespace chayan::crypto
