// One sound question to the sample deployment, and ways to spoil it. For tests alone.
#ifndef CHAYAN_GATEWAY_POLICY_DECIDE_FIXTURE_FOR_TEST_H_
#define CHAYAN_GATEWAY_POLICY_DECIDE_FIXTURE_FOR_TEST_H_

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gateway/base/check.h"
#include "gateway/base/encoding.h"
#include "gateway/policy/decide.h"
#include "gateway/registry/sample_set.h"

namespace chayan::policy {

// 2026-01-15, 12:00 in Taipei.
inline const absl::Time kNoon = absl::FromUnixSeconds(1768449600);

inline std::shared_ptr<const registry::Snapshot> MustCreate(const registry::Files& files) {
  std::vector<std::string> faults;
  const auto snapshot = registry::Snapshot::Create(files, &faults);
  EXPECT_TRUE(snapshot.ok()) << absl::StrJoin(faults, "\n");
  CHAYAN_CHECK(snapshot.ok());
  return *snapshot;
}

inline v1::VerifyDocumentRequest SoundRequest() {
  v1::VerifyDocumentRequest request;
  CHAYAN_CHECK(google::protobuf::TextFormat::ParseFromString(
      R"(acting_for: "hro-shanhua"
         purpose {
           person { id: "clerk-07" role: "clerk" }
           purpose_code: "household.move" legal_basis: "household-act-68" case_number: "115-000123"
         }
         document_kind: "land.title"
         claims { code: "land_office" text: "AD" }
         claims { code: "section" text: "0863" }
         claims { code: "lot" text: "179-1065" }
         claims { code: "owner_name" text: "王小明" }
         requested_fields: "share")",
      &request));
  return request;
}

inline Caller Counter() {
  Caller caller;
  caller.member = "hro-shanhua";
  caller.system = "counter";
  caller.role = v1::ROLE_HOUSEHOLD;
  return caller;
}

class DecideTest : public ::testing::Test {
 protected:
  Decision Ask() { return Decide(caller_, request_, *snapshot_, now_, *standing_); }
  // The refusal that must come.
  Refusal Refused() {
    Decision decision = Ask();
    const auto* refusal = std::get_if<Refusal>(&decision);
    EXPECT_NE(refusal, nullptr);
    if (refusal == nullptr) return {};
    // No value of the question beyond what the registry holds.
    for (const char* value : {"clerk-07", "115-000123", "王小明", "179-1065"}) {
      EXPECT_FALSE(absl::StrContains(refusal->ToStatusBytes(), value)) << value;
    }
    return *refusal;
  }
  // A compact JWS by the member's key; `more` are further claims, ",\"apr\":…".
  std::string Assertion(const v1::Person& person, const std::string& more = {}) {
    const std::string text = absl::StrCat(
        Base64UrlEncode(R"({"alg":"EdDSA","kid":"desk-1"})"), ".",
        Base64UrlEncode(absl::StrCat(
            R"({"iss":"hro-shanhua","sub":")", person.id(), R"(","role":")", person.role(),
            R"(","aud":"chayan.example","iat":)", absl::ToUnixSeconds(kNoon), R"(,"exp":)",
            absl::ToUnixSeconds(kNoon) + 60, more, "}")));
    return absl::StrCat(text, ".", Base64UrlEncode(registry::SampleKey('s').Sign(text)->raw()));
  }
  // The asking person is proved.
  void Vouch() {
    v1::Person& person = *request_.mutable_purpose()->mutable_person();
    person.set_assertion(Assertion(person));
  }
  void Add(const std::string& text) {
    registry::Files files = registry::SampleFiles();
    files.emplace_back("more.textproto", text);
    snapshot_ = MustCreate(files);
  }
  void Exchange(const std::string& from, const std::string& to) {
    registry::Files files = snapshot_->files();
    for (auto& [path, text] : files) {
      if (const size_t at = text.find(from); at != std::string::npos) {
        text.replace(at, from.size(), to);
        snapshot_ = MustCreate(files);
        return;
      }
    }
    FAIL() << from;
  }

  std::shared_ptr<const registry::Snapshot> snapshot_ = MustCreate(registry::SampleFiles());
  v1::VerifyDocumentRequest request_ = SoundRequest();
  Caller caller_ = Counter();
  absl::Time now_ = kNoon;
  const GrantStanding* standing_ = &FreshGrants();
};

}  // namespace chayan::policy

#endif  // CHAYAN_GATEWAY_POLICY_DECIDE_FIXTURE_FOR_TEST_H_
