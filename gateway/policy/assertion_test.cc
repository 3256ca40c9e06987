// Goal: an assertion counts only if the member's own key signed it, for this member, person, role
// and deployment, now. Method: one sound assertion; each row spoils one thing of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_matchers.h"
#include "gateway/policy/decide.h"
#include "gateway/registry/sample_set.h"

namespace chayan::policy {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kNow = 1767225600;  // 2026-01-01T00:00:00Z

constexpr char kHeader[] = R"({"alg":"EdDSA","kid":"desk-1","typ":"JWT"})";
constexpr char kPayload[] =
    R"({"iss":"hro-shanhua","sub":"clerk-07","role":"clerk","aud":"chayan.example",)"
    R"("iat":1767225000,"exp":1767232200})";

std::string Sign(const std::string& header, const std::string& payload, char seed = 's') {
  const std::string text = absl::StrCat(Base64UrlEncode(header), ".", Base64UrlEncode(payload));
  return absl::StrCat(text, ".", Base64UrlEncode(registry::SampleKey(seed).Sign(text)->raw()));
}

class AssertionTest : public ::testing::Test {
 protected:
  absl::Status Verify(const std::string& assertion, int64_t now = kNow) const {
    Caller caller;
    caller.member = "hro-shanhua";
    caller.system = "counter";
    return VerifyAssertion(assertion, caller, "clerk-07", "clerk", *snapshot_,
                           absl::FromUnixSeconds(now));
  }

  const std::shared_ptr<const registry::Snapshot> snapshot_ =
      *registry::Snapshot::Create(registry::SampleFiles(), nullptr);
};

TEST_F(AssertionTest, AcceptsASoundOne) { EXPECT_OK(Verify(Sign(kHeader, kPayload))); }

TEST_F(AssertionTest, RefusesWhateverIsSpoiltInHeaderOrPayload) {
  struct Row {
    const char* from;
    const char* to;
    const char* message;
  };
  const Row rows[] = {
      {"\"EdDSA\"", "\"none\"", "\"alg\" is not EdDSA"},
      {"\"EdDSA\"", "\"HS256\"", "\"alg\" is not EdDSA"},
      {"\"EdDSA\"", "\"eddsa\"", "\"alg\" is not EdDSA"},
      {"\"alg\":\"EdDSA\",", "", "\"alg\" is missing"},
      {"\"desk-1\"", "\"desk-2\"", "\"kid\" names no assertion key"},
      {"\"desk-1\"", "1", "\"kid\" is missing or no text"},
      {"\"typ\":\"JWT\"", "\"crit\":[]", "\"crit\" asks"},
      {"\"typ\":\"JWT\"", "\"crit\":[\"b64\"],\"b64\":false", "\"crit\" asks"},
      {"\"typ\":\"JWT\"", "\"alg\":\"EdDSA\"", "the header is no JSON object"},
      {"hro-shanhua", "hro-banqiao", "\"iss\" does not belong"},
      {"clerk-07", "clerk-08", "\"sub\" does not belong"},
      {"\"role\":\"clerk\"", "\"role\":\"supervisor\"", "\"role\" does not belong"},
      {"\"role\":\"clerk\",", "", "\"role\" is missing"},
      {"chayan.example", "other.example", "\"aud\" does not belong"},
      {"\"aud\":\"chayan.example\"", "\"aud\":[\"chayan.example\"]",
       "\"aud\" is missing or no text"},
      {"\"iat\":1767225000,", "", "\"iat\" is missing"},
      {"\"iat\":1767225000", "\"iat\":\"1767225000\"", "\"iat\" is missing or no whole number"},
      {"\"iat\":1767225000", "\"iat\":1767225000.5", "\"iat\" is missing or no whole number"},
      {"\"iat\":1767225000", "\"iat\":-1", "\"iat\" is missing or no whole number"},
      {",\"exp\":1767232200", "", "\"exp\" is missing"},
      {"1767232200", "1e300", "\"exp\" is missing or no whole number"},
      {"1767232200", "1767268201", "\"exp\" is not within 12 hours"},
      {"1767232200", "1767225000", "\"exp\" is not within 12 hours"},
      {"\"iat\":1767225000", "\"nbf\":1767225700,\"iat\":1767225000", "\"nbf\" lies in the future"},
      {"{\"iss\"", "[\"iss\"", "the payload is no JSON object"},
      {"}", "", "is no JSON object"},
  };
  for (const Row& row : rows) {
    const std::string header = absl::StrReplaceAll(kHeader, {{row.from, row.to}});
    const std::string payload = absl::StrReplaceAll(kPayload, {{row.from, row.to}});
    ASSERT_TRUE(header != kHeader || payload != kPayload) << row.from;
    EXPECT_THAT(Verify(Sign(header, payload)),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(row.message)))
        << row.from << " → " << row.to;
  }
}

TEST_F(AssertionTest, RefusesAnotherKeysSignatureAndEveryChangedByte) {
  EXPECT_THAT(Verify(Sign(kHeader, kPayload, 'q')),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("signature")));
  const std::string sound = Sign(kHeader, kPayload);
  for (size_t i = 0; i < sound.size(); ++i) {
    std::string spoilt = sound;
    spoilt[i] = spoilt[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(Verify(spoilt).ok()) << i;
  }
}

TEST_F(AssertionTest, RefusesOtherShapes) {
  const std::string sound = Sign(kHeader, kPayload);
  const size_t dot = sound.find('.');
  for (const std::string& spoilt :
       {std::string(), std::string(".."), sound + ".", sound + ".x", "." + sound,
        sound.substr(0, sound.rfind('.')), sound.substr(0, sound.rfind('.') + 1), sound + "=",
        absl::StrCat(sound.substr(0, dot), ".", sound.substr(dot)), " " + sound, sound + "\n",
        std::string(kAssertionBytesMax + 1, 'a')}) {
    EXPECT_THAT(Verify(spoilt), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("")));
  }
}

TEST_F(AssertionTest, CountsFromIssueToExpiryWithTheClocksSkew) {
  const std::string sound = Sign(kHeader, kPayload);
  EXPECT_OK(Verify(sound, 1767225000 - 60));
  EXPECT_THAT(Verify(sound, 1767225000 - 61),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("\"iat\" lies")));
  EXPECT_OK(Verify(sound, 1767232200 + 59));
  EXPECT_THAT(Verify(sound, 1767232200 + 60),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("expired")));
}

TEST_F(AssertionTest, AnotherMembersKeyVouchesForNobodyHere) {
  Caller caller;
  caller.member = "hro-banqiao";
  const std::string theirs = absl::StrReplaceAll(kPayload, {{"hro-shanhua", "hro-banqiao"}});
  EXPECT_THAT(VerifyAssertion(Sign(kHeader, theirs), caller, "clerk-07", "clerk", *snapshot_,
                              absl::FromUnixSeconds(kNow)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("\"kid\" names no")));
}

}  // namespace
}  // namespace chayan::policy
