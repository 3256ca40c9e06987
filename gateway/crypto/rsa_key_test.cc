// Goal: RS256 is what others verify, and no weak or other key passes. Method: OpenSSL's own
// verification; keys made here.
#include "gateway/crypto/rsa_key.h"

#include "gateway/base/encoding.h"
#include "gateway/base/status_matchers.h"
#include "gateway/crypto/openssl.h"
#include "gateway/crypto/signing_key.h"
#include "gateway/crypto/test_pki.h"

namespace chayan::crypto {
namespace {

using ::testing::HasSubstr;

std::string PemOf(EVP_PKEY* key) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  CHAYAN_CHECK(PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) ==
               1);
  return TestPem(bio.get());
}

TEST(RsaKeyTest, SignsWhatOpensslVerifies) {
  const PkeyPtr made(EVP_RSA_gen(2048));
  const absl::StatusOr<RsaKey> key = RsaKey::FromPem(PemOf(made.get()));
  ASSERT_OK(key);
  const absl::StatusOr<std::string> signature = key->SignRs256("header.payload");
  ASSERT_OK(signature);
  const MdContextPtr context(EVP_MD_CTX_new());
  ASSERT_EQ(EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, made.get()), 1);
  const std::string message = "header.payload";
  EXPECT_EQ(EVP_DigestVerify(context.get(), Bytes(*signature), signature->size(), Bytes(message),
                             message.size()),
            1);
  // Deterministic, as PKCS#1 v1.5 is.
  EXPECT_EQ(*key->SignRs256("header.payload"), *signature);
  EXPECT_NE(*key->SignRs256("header.payloae"), *signature);
}

TEST(RsaKeyTest, RefusesOtherAndWeakKeys) {
  const PkeyPtr weak(EVP_RSA_gen(1024));
  const PkeyPtr curve(EVP_EC_gen("P-256"));
  EXPECT_THAT(RsaKey::FromPem(PemOf(weak.get())),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("2048")));
  EXPECT_THAT(RsaKey::FromPem(PemOf(curve.get())),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("not RSA")));
  EXPECT_THAT(RsaKey::FromPem("secret text"), StatusIs(absl::StatusCode::kInvalidArgument,
                                                       ::testing::Not(HasSubstr("secret text"))));
}

}  // namespace
}  // namespace chayan::crypto
