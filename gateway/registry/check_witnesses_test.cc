// Goal: a witness policy that cannot be met, reached or verified is refused with its line and a
// remedy; a sound one reads for verifiers as it decides here.
// Method: one sound policy, each time with one text exchanged for another.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "gateway/base/status_matchers.h"
#include "gateway/registry/sample_set.h"
#include "gateway/registry/snapshot.h"

namespace chayan::registry {
namespace {

using ::testing::HasSubstr;

std::string KeyOf(char seed) {
  return tlog::VerifierKey(absl::StrCat("witness.example/", std::string(1, seed)),
                           tlog::KeyType::kCosignatureV1, SampleKey(seed).public_key())
      .ToString();
}

// The sample deployment's witness-1 dials in.
std::string SoundPolicy() {
  return absl::StrReplaceAll(
      R"(witness_policy {
  witnesses { name: "first" vkey: "KEY1" url: "https://one.example/w" root_certificate_pem: "PEM" }
  witnesses { name: "second" vkey: "KEY2" url: "http://127.0.0.1:8080" }
  witnesses { name: "third" vkey: "KEY3" dials_in { member: "witness-1" system: "witness" } }
  groups { name: "called" members: "first" members: "second" threshold: 1 }
  groups { name: "both" members: "called" members: "third" }
  quorum: "both"
  grace_seconds: 60
  missing_quorum: MISSING_QUORUM_CLOSED
  timestamp_authority { url: "http://tsa.example/" root_certificate_pem: "PEM" }
}
)",
      {{"KEY1", KeyOf('1')},
       {"KEY2", KeyOf('2')},
       {"KEY3", KeyOf('3')},
       {"tsa.example/\"", "tsa.example\""},
       {"PEM", absl::CEscape(kSampleIssuerPem)}});
}

std::vector<std::string> FaultsOf(const std::string& policy) {
  Files files = SampleFiles();
  files.emplace_back("witnesses.textproto", policy);
  std::vector<std::string> faults;
  const bool is_sound = Snapshot::Create(std::move(files), &faults).ok();
  EXPECT_EQ(is_sound, faults.empty());
  return faults;
}

TEST(WitnessPolicyTest, AcceptsASoundPolicyAndReadsItForVerifiers) {
  Files files = SampleFiles();
  EXPECT_EQ(Snapshot::Create(files, nullptr).value()->witness_policy(), nullptr);
  files.emplace_back("witnesses.textproto", SoundPolicy());
  std::vector<std::string> faults;
  const auto snapshot = Snapshot::Create(files, &faults);
  ASSERT_OK(snapshot) << absl::StrJoin(faults, "\n");
  const WitnessPolicy& policy = *(*snapshot)->witness_policy();
  EXPECT_TRUE(policy.closed);
  EXPECT_EQ(policy.grace, absl::Minutes(1));
  ASSERT_EQ(policy.keys.size(), 3u);
  EXPECT_EQ(policy.keys[2].ToString(), KeyOf('3'));
  const auto text = tlog::Policy::Parse(TlogPolicyText(
      policy.proto,
      "gateway.example/log/test+5e1e7226+AWtPm3/0lSSGqzSdnC9NFbZ20lJ1pHDMU0ZbGP1GOL9v"));
  ASSERT_OK(text);
  EXPECT_EQ(text->logs().size(), 1u);
  const std::pair<std::vector<int>, bool> cases[] = {
      {{0, 0, 1}, false}, {{1, 0, 0}, false}, {{1, 0, 1}, true}, {{0, 1, 1}, true}};
  for (const auto& [cosigned, quorum] : cases) {
    const bool flags[] = {cosigned[0] != 0, cosigned[1] != 0, cosigned[2] != 0};
    EXPECT_EQ(policy.quorum.IsQuorum(flags), quorum);
    EXPECT_EQ(text->IsQuorum(flags), quorum);
  }
}

TEST(WitnessPolicyTest, EveryFaultIsReportedWithARemedy) {
  struct Row {
    const char* from;
    const char* to;
    const char* fault;
  };
  const Row rows[] = {
      {"\"first\" vkey", "\"First\" vkey", "witnesses[0].name: has a wrong form"},
      {"\"first\" vkey", "\"second\" vkey", "two witnesses or groups are named \"second\""},
      {"KEY2", "KEY1", "witnesses[1].vkey: is another witness's too"},
      {"KEY2", "nonsense", "witnesses[1].vkey: "},
      {"KEY2", "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
       "is no key of type cosignature/v1"},
      {"http://127.0.0.1:8080", "ftp://127.0.0.1", "witnesses[1].url: has a wrong form"},
      {"http://127.0.0.1:8080", "http://127.0.0.1/", "without a slash at the end"},
      {"url: \"http://127.0.0.1:8080\"", "", "cannot be reached; write url or dials_in"},
      {"url: \"http://127.0.0.1:8080\"", "url: \"http://w.example\" root_certificate_pem: \"PEM\"",
       "has no effect without https"},
      {"system: \"witness\"", "system: \"witnes\"", "dials_in.system: there is no system"},
      {"member: \"witness-1\"", "member: \"hro-taipei\"", "dials_in.member: there is no member"},
      {"members: \"second\"", "members: \"fourth\"", "groups[0].members[1]: there is no"},
      {"threshold: 1", "threshold: 3", "more than the group has members"},
      {"members: \"third\"", "members: \"first\"", "is a member of a group already"},
      {"quorum: \"both\"", "quorum: \"all\"", "witness_policy.quorum: there is no"},
      {"grace_seconds: 60", "grace_seconds: 90000", "write at most 86400"},
      {"missing_quorum: MISSING_QUORUM_CLOSED", "", "missing_quorum: is not set"},
      {"tsa.example", "tsa.example?q", "timestamp_authority.url: has a wrong form"},
  };
  for (const Row& row : rows) {
    std::string policy = SoundPolicy();
    std::string from = row.from;
    if (from == "KEY2") from = KeyOf('2');
    const std::string to = absl::StrReplaceAll(
        row.to, {{"KEY1", KeyOf('1')}, {"PEM", absl::CEscape(kSampleIssuerPem)}});
    const size_t at = policy.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    policy.replace(at, from.size(), to);
    const std::vector<std::string> faults = FaultsOf(policy);
    EXPECT_THAT(absl::StrJoin(faults, "\n"), HasSubstr(row.fault)) << row.from << " -> " << row.to;
    for (const std::string& fault : faults) EXPECT_THAT(fault, HasSubstr("witnesses.textproto:"));
  }
}

TEST(WitnessPolicyTest, ThereIsOneAtMost) {
  Files files = SampleFiles();
  files.emplace_back("a.textproto", SoundPolicy());
  files.emplace_back("b.textproto", SoundPolicy());
  std::vector<std::string> faults;
  EXPECT_FALSE(Snapshot::Create(std::move(files), &faults).ok());
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_THAT(faults[0], HasSubstr("b.textproto:1: witness_policy: the set has another"));
}

TEST(WitnessPolicyTest, AChangeIsShown) {
  Files files = SampleFiles();
  const auto before = *Snapshot::Create(files, nullptr);
  files.emplace_back("witnesses.textproto", SoundPolicy());
  const auto after = *Snapshot::Create(files, nullptr);
  EXPECT_THAT(absl::StrJoin(Differences(*before, *after), "\n"),
              ::testing::AllOf(HasSubstr("+ witness policy"), HasSubstr("+ witness third")));
}

}  // namespace
}  // namespace chayan::registry
