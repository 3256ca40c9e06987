// Goal: a notice is permitted by a grant that covers all of it and by nothing else, and each way in
// which it is not has its own reason. Method: one sound notice to the sample deployment; each test
// changes one thing of notice, caller or registry.
#include "gateway/policy/decide_notice.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "gateway/base/check.h"
#include "gateway/registry/sample_set.h"

namespace chayan::policy {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::SizeIs;

// 2026-01-15, 12:00 in Taipei.
const absl::Time kNoon = absl::FromUnixSeconds(1768449600);

class DecideNoticeTest : public ::testing::Test {
 protected:
  DecideNoticeTest() {
    CHAYAN_CHECK(google::protobuf::TextFormat::ParseFromString(
        R"(person { id: "clerk-07" role: "clerk" }
           legal_basis: "household-act-68" case_number: "115-000123")",
        &purpose_));
    caller_.member = "hro-shanhua";
    caller_.system = "counter";
    caller_.role = v1::ROLE_HOUSEHOLD;
    Add("");
  }

  void Add(const std::string& text) {
    registry::Files files = registry::SampleFiles();
    files.emplace_back("more.textproto", text);
    std::vector<std::string> faults;
    const auto snapshot = registry::Snapshot::Create(files, &faults);
    ASSERT_TRUE(snapshot.ok()) << absl::StrJoin(faults, "\n");
    snapshot_ = *snapshot;
  }
  NoticeDecision Ask() {
    return DecideNotice(caller_, {office_, purpose_, kind_, bulk_}, *snapshot_, kNoon);
  }
  v1::ErrorReason Reason() {
    const NoticeDecision decision = Ask();
    const auto* const refusal = std::get_if<Refusal>(&decision);
    if (refusal == nullptr) return v1::ERROR_REASON_UNSPECIFIED;
    // Nothing that only the caller said.
    for (const char* value : {"clerk-07", "115-000123"}) {
      EXPECT_FALSE(absl::StrContains(refusal->ToStatusBytes(), value)) << value;
    }
    refusal_ = *refusal;
    return refusal->reason;
  }

  std::shared_ptr<const registry::Snapshot> snapshot_;
  Caller caller_;
  std::string office_ = "hro-shanhua";
  std::string kind_ = "person.death";
  v1::Purpose purpose_;
  bool bulk_ = false;
  Refusal refusal_;
};

TEST_F(DecideNoticeTest, PermitsWhatIsGranted) {
  const NoticeDecision decision = Ask();
  const auto* const permit = std::get_if<NoticePermit>(&decision);
  ASSERT_NE(permit, nullptr) << std::get<Refusal>(decision).message;
  EXPECT_EQ(permit->grant, "shanhua-person-death");
  EXPECT_EQ(permit->kind, snapshot_->FindNoticeKind("person.death"));
  EXPECT_EQ(permit->person_proof, PersonProof::kNone);
}

TEST_F(DecideNoticeTest, TheCallerIsLookedAtFirst) {
  kind_ = "no.such";
  caller_.system = "nobody";
  EXPECT_EQ(Reason(), v1::ERROR_REASON_CALLER_UNKNOWN);
  caller_.member = "nhi";
  caller_.system = "adapter-1";
  EXPECT_EQ(Reason(), v1::ERROR_REASON_ROLE_NOT_ALLOWED);
  EXPECT_THAT(refusal_.message, HasSubstr("may not publish"));
  caller_.member = "hro-shanhua";
  caller_.system = "counter";
  office_ = "nhi";
  EXPECT_EQ(Reason(), v1::ERROR_REASON_ACTING_FOR_NOT_ALLOWED);
}

TEST_F(DecideNoticeTest, EveryMissingFieldIsNamedAtOnce) {
  purpose_.clear_case_number();
  purpose_.mutable_person()->clear_role();
  EXPECT_EQ(Reason(), v1::ERROR_REASON_FIELD_MISSING);
  EXPECT_THAT(refusal_.violations, SizeIs(2));
  EXPECT_THAT(refusal_.metadata, Contains(Pair("fields",
                                               "purpose.person.role, "
                                               "purpose.case_number")));
}

TEST_F(DecideNoticeTest, AKindThatIsNotThereIsNamedWithItsNeighbour) {
  kind_ = "person.deaht";
  EXPECT_EQ(Reason(), v1::ERROR_REASON_FIELD_INVALID);
  ASSERT_THAT(refusal_.violations, SizeIs(1));
  EXPECT_EQ(refusal_.violations[0].field, "notice_kind");
  EXPECT_THAT(refusal_.violations[0].description, HasSubstr("did you mean person.death?"));
}

TEST_F(DecideNoticeTest, WhatTheGrantDoesNotCoverIsRefusedWithItsReason) {
  purpose_.set_legal_basis("land-registration-rules-149");
  EXPECT_EQ(Reason(), v1::ERROR_REASON_LEGAL_BASIS_NOT_GRANTED);
  purpose_.set_legal_basis("household-act-68");
  purpose_.mutable_person()->set_role("janitor");
  EXPECT_EQ(Reason(), v1::ERROR_REASON_PERSON_ROLE_NOT_GRANTED);
  purpose_.mutable_person()->set_role("clerk");
  bulk_ = true;
  EXPECT_EQ(Reason(), v1::ERROR_REASON_NO_GRANT);
  EXPECT_THAT(refusal_.metadata, Contains(Pair("grant", "shanhua-person-death")));
}

TEST_F(DecideNoticeTest, NoGrantIsNoRight) {
  Add(R"(notice_kinds {
           code: "person.other" title { zh_tw: "其他" en: "Other" }
           legal_bases: "household-act-68" dead_letter_policy: DEAD_LETTER_POLICY_SKIP
           exception_owner: "hro-shanhua" retention_class: RETENTION_CLASS_FIVE_YEARS })");
  kind_ = "person.other";
  EXPECT_EQ(Reason(), v1::ERROR_REASON_NO_GRANT);
}

// A second grant helps where the first does not; before and after its time it does not.
TEST_F(DecideNoticeTest, TheGrantThatComesFurthestDecides) {
  bulk_ = true;
  const std::string begin = R"(notice_grants { id: "zz-bulk" member: "hro-shanhua"
      notice_kind: "person.death" legal_bases: "household-act-68" bulk_allowed: true )";
  Add(begin + "}");
  EXPECT_EQ(Reason(), v1::ERROR_REASON_UNSPECIFIED);
  Add(begin + "not_before_time: \"2026-01-15T04:00:00Z\" }");
  EXPECT_EQ(Reason(), v1::ERROR_REASON_UNSPECIFIED);
  // The other grant covers everything but bulk, which is further.
  Add(begin + "not_before_time: \"2026-01-15T04:00:01Z\" }");
  EXPECT_EQ(Reason(), v1::ERROR_REASON_NO_GRANT);
  purpose_.mutable_person()->set_role("janitor");
  EXPECT_EQ(Reason(), v1::ERROR_REASON_GRANT_NOT_IN_FORCE);
  Add(begin + "systems: \"counter\" not_after_time: \"2026-01-15T03:59:59Z\" }");
  EXPECT_EQ(Reason(), v1::ERROR_REASON_GRANT_NOT_IN_FORCE);
}

TEST_F(DecideNoticeTest, AnAssertionThatIsThereIsVerified) {
  purpose_.mutable_person()->set_assertion("no.jws.here");
  EXPECT_EQ(Reason(), v1::ERROR_REASON_PERSON_ASSERTION_INVALID);
}

}  // namespace
}  // namespace chayan::policy
