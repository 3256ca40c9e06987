// Goal: signatures are those of Standard Webhooks. Method: the example of its specification, keys
// of OpenSSL; tests/connectors checks the same against the npm library and Node's crypto.
#include "adapters/http/webhook_signer.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gateway/base/encoding.h"
#include "gateway/base/random.h"
#include "gateway/base/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace chayan::http_connector {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

// libraries/javascript of the specification's repository tests with these.
constexpr char kSecret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr char kId[] = "msg_p5jXN8AQM9LWM0D4loKWxJek";

TEST(WebhookSignerTest, SignsTheSpecificationsExample) {
  WebhookSigner signer;
  ASSERT_OK(signer.AddSecret(kSecret));
  const auto signature = signer.Sign(kId, 1614265330, R"({"test": 2432232314})");
  ASSERT_OK(signature.status());
  EXPECT_EQ(*signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(WebhookSignerTest, SignsWithEveryKeyWhileOneReplacesTheOther) {
  SystemRandom random;
  const auto old_key = crypto::Ed25519Key::Generate(random);
  const auto new_key = crypto::Ed25519Key::Generate(random);
  WebhookSigner signer;
  EXPECT_TRUE(signer.empty());
  ASSERT_OK(signer.AddSecret(kSecret));
  ASSERT_OK(signer.AddSecret(Base64Encode(std::string(32, 'x'))));
  ASSERT_OK(signer.AddKey(old_key.ToPem()));
  ASSERT_OK(signer.AddKey(new_key.ToPem()));
  const auto header = signer.Sign("id", 17, "body");
  ASSERT_OK(header.status());
  const std::vector<std::string> signatures = absl::StrSplit(*header, ' ');
  ASSERT_THAT(signatures, SizeIs(4));
  EXPECT_NE(signatures[0], signatures[1]);
  for (const auto& [key, at] : {std::pair(old_key, 2), std::pair(new_key, 3)}) {
    absl::string_view text = signatures[static_cast<size_t>(at)];
    ASSERT_TRUE(absl::ConsumePrefix(&text, "v1a,"));
    EXPECT_TRUE(crypto::VerifyEd25519(key.public_key(), "id.17.body", *Base64Decode(text)));
  }
}

TEST(WebhookSignerTest, RefusesWhatIsNoSecretWithoutRepeatingIt) {
  WebhookSigner signer;
  for (const std::string& text :
       {std::string("short-secret"), absl::StrCat("whsec_", Base64Encode(std::string(23, 'x'))),
        Base64Encode(std::string(65, 'x')), std::string()}) {
    const absl::Status status = signer.AddSecret(text);
    EXPECT_THAT(std::string(status.message()), HasSubstr("openssl rand -base64 32"));
    if (text.empty()) continue;
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr(text)));
  }
  EXPECT_THAT(std::string(signer.AddKey("no key").message()), HasSubstr("openssl genpkey"));
  for (int i = 0; i < 2; ++i) ASSERT_OK(signer.AddSecret(kSecret));
  EXPECT_THAT(std::string(signer.AddSecret(kSecret).message()), HasSubstr("remove the oldest"));
}

}  // namespace
}  // namespace chayan::http_connector
