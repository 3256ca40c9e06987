// Goal: what is demanded beside a grant's lists is demanded, each with its own reason and remedy:
// the county's rules, a second person's approval, workdays; and a grant ends when its term does,
// when nobody uses it, when its quota is used. Method: the sound question of the fixture, in the
// sample deployment with one thing more.
#include "gateway/policy/decide_fixture_for_test.h"

namespace chayan::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

// Friday to Sunday: 2026-01-16 is a Friday, noon in Taipei.
const absl::Time kFriday = kNoon + absl::Hours(24);

class DemandsTest : public DecideTest {
 protected:
  bool IsPermitted() { return std::holds_alternative<Permit>(Ask()); }
  v1::ErrorReason Reason() { return Refused().reason; }
  void AddRule(const std::string& text) {
    registry::Files files = snapshot_->files();
    files.emplace_back("county.textproto",
                       "county_rules { id: \"tainan\" county: \"67000\" " + text + " }");
    snapshot_ = MustCreate(files);
  }
  // A second person approves, with what its assertion says.
  void Approve(const std::string& id, const std::string& role, const std::string& approval) {
    v1::Person& approver = *request_.mutable_purpose()->mutable_approver();
    approver.set_id(id);
    approver.set_role(role);
    approver.set_assertion(Assertion(approver, absl::StrCat(",\"apr\":\"", approval, "\"")));
  }
};

TEST_F(DemandsTest, ACountyMayBarAKind) {
  AddRule("document_kinds: \"land.title\" barred: true");
  const Refusal refusal = Refused();
  EXPECT_EQ(refusal.reason, v1::ERROR_REASON_COUNTY_RULE);
  EXPECT_THAT(refusal.metadata, ::testing::Contains(Pair("county_rule", "tainan")));
  EXPECT_THAT(refusal.metadata, ::testing::Contains(Pair("narrowed", "barred")));
}

TEST_F(DemandsTest, ACountysRuleIsForItsOwnOfficesAndKindsAlone) {
  AddRule("document_kinds: \"land.building\" barred: true");
  EXPECT_TRUE(IsPermitted());
  Exchange("county: \"67000\" document_kinds: \"land.building\"", "county: \"65000\"");
  EXPECT_TRUE(IsPermitted());
}

TEST_F(DemandsTest, ACountyMayNarrowRolesFieldsAndHours) {
  AddRule(
      "person_roles: \"supervisor\" withheld_fields: \"address\" "
      "hours { from: \"13:00\" to: \"17:00\" }");
  const Refusal role = Refused();
  EXPECT_EQ(role.reason, v1::ERROR_REASON_COUNTY_RULE);
  ASSERT_EQ(role.violations.size(), 1u);
  EXPECT_EQ(role.violations[0].field, "purpose.person.role");
  EXPECT_THAT(role.violations[0].description, HasSubstr("supervisor"));

  request_.mutable_purpose()->mutable_person()->set_role("supervisor");
  const Refusal hours = Refused();
  EXPECT_THAT(hours.metadata, ::testing::Contains(Pair("narrowed", "hours")));
  now_ = kNoon + absl::Hours(1);
  EXPECT_TRUE(IsPermitted());
  request_.add_requested_fields("address");
  const Refusal field = Refused();
  EXPECT_THAT(field.metadata, ::testing::Contains(Pair("narrowed", "withheld_fields")));
  EXPECT_EQ(field.violations[0].field, "requested_fields[1]");
}

TEST_F(DemandsTest, ACountyMayDemandProofs) {
  AddRule("person_assertion_required: true");
  EXPECT_EQ(Reason(), v1::ERROR_REASON_PERSON_ASSERTION_REQUIRED);
  Vouch();
  EXPECT_TRUE(IsPermitted());
}

TEST_F(DemandsTest, ASensitiveKindIsAskedOnlyWithASecondPersonsApproval) {
  Exchange("code: \"land.title\"", "code: \"land.title\" approval_required: true");
  EXPECT_EQ(Reason(), v1::ERROR_REASON_PERSON_ASSERTION_REQUIRED);
  Vouch();
  const Refusal none = Refused();
  EXPECT_EQ(none.reason, v1::ERROR_REASON_APPROVAL_REQUIRED);
  EXPECT_EQ(none.violations[0].field, "purpose.approver");
  Approve("chief-01", "supervisor", ApprovalOf(request_));
  const Decision decision = Ask();
  ASSERT_TRUE(std::holds_alternative<Permit>(decision));
  EXPECT_EQ(std::get<Permit>(decision).person_proof, PersonProof::kApproved);
  EXPECT_EQ(ProofName(PersonProof::kApproved), "approved");
}

TEST_F(DemandsTest, AnApprovalIsOfAnotherPersonForThisVeryQuestion) {
  Exchange("code: \"land.title\"", "code: \"land.title\" approval_required: true");
  Vouch();
  Approve("clerk-07", "supervisor", ApprovalOf(request_));
  const Refusal own = Refused();
  EXPECT_EQ(own.reason, v1::ERROR_REASON_APPROVAL_INVALID);
  EXPECT_EQ(own.violations[0].field, "purpose.approver.id");

  v1::VerifyDocumentRequest others[4] = {request_, request_, request_, request_};
  others[0].set_document_kind("land.building");
  others[1].mutable_purpose()->set_case_number("another case");
  others[2].mutable_purpose()->mutable_person()->set_id("clerk-08");
  others[3].mutable_subject()->mutable_identifier()->set_value("B123456780");
  for (const v1::VerifyDocumentRequest& other : others) {
    Approve("chief-01", "supervisor", ApprovalOf(other));
    const Refusal refusal = Refused();
    EXPECT_EQ(refusal.reason, v1::ERROR_REASON_APPROVAL_INVALID);
    EXPECT_THAT(refusal.message, HasSubstr("\"apr\""));
  }
  // An ordinary assertion approves nothing.
  v1::Person& approver = *request_.mutable_purpose()->mutable_approver();
  approver.set_assertion(Assertion(approver));
  EXPECT_EQ(Reason(), v1::ERROR_REASON_APPROVAL_INVALID);
}

TEST_F(DemandsTest, AGrantMaySayWhoseApprovalCounts) {
  Exchange("code: \"land.title\"", "code: \"land.title\" approval_required: true");
  Exchange("id: \"shanhua-land-title\"\n",
           "id: \"shanhua-land-title\" approver_roles: \"director\"\n");
  Vouch();
  Approve("chief-01", "supervisor", ApprovalOf(request_));
  const Refusal refusal = Refused();
  EXPECT_EQ(refusal.reason, v1::ERROR_REASON_APPROVAL_INVALID);
  EXPECT_THAT(refusal.violations[0].description, HasSubstr("director"));
  Approve("chief-01", "director", ApprovalOf(request_));
  EXPECT_TRUE(IsPermitted());
}

TEST_F(DemandsTest, AGrantWithoutAnEndLastsFiveYears) {
  Exchange("id: \"shanhua-land-title\"\n",
           "id: \"shanhua-land-title\" not_before_time: \"2026-01-01T00:00:00Z\"\n");
  EXPECT_TRUE(IsPermitted());
  now_ = absl::FromUnixSeconds(1924992000);  // 2031-01-01T00:00:00Z
  EXPECT_TRUE(IsPermitted());
  now_ += absl::Seconds(1);
  EXPECT_EQ(Reason(), v1::ERROR_REASON_GRANT_NOT_IN_FORCE);
}

TEST_F(DemandsTest, AGrantMayHoldOnWorkdaysAlone) {
  Exchange("id: \"shanhua-land-title\"\n",
           "id: \"shanhua-land-title\" hours { from: \"08:00\" to: \"17:00\" workdays_only: true "
           "}\n");
  now_ = kFriday;
  EXPECT_TRUE(IsPermitted());
  now_ = kFriday + absl::Hours(24);
  const Refusal refusal = Refused();
  EXPECT_EQ(refusal.reason, v1::ERROR_REASON_OUTSIDE_HOURS);
  EXPECT_THAT(refusal.metadata, ::testing::Contains(Pair("workdays_only", "true")));
}

// Says of one grant what became of it.
class OneGrant final : public GrantStanding {
 public:
  std::optional<GrantEnd> EndOf(const registry::Grant& grant) const override {
    return grant.proto->id() == id ? end : std::nullopt;
  }
  bool HasQuotaLeft(const registry::Grant& grant) const override {
    return grant.proto->id() != id || !quota_used;
  }
  std::string id = "shanhua-land-title";
  std::optional<GrantEnd> end;
  bool quota_used = false;
};

TEST_F(DemandsTest, AGrantEndsByWhatBecameOfIt) {
  OneGrant standing;
  standing_ = &standing;
  EXPECT_TRUE(IsPermitted());
  standing.end = GrantEnd::kLapsed;
  EXPECT_EQ(Reason(), v1::ERROR_REASON_GRANT_LAPSED);
  standing.end = GrantEnd::kTermOver;
  EXPECT_EQ(Reason(), v1::ERROR_REASON_GRANT_NOT_IN_FORCE);
}

TEST_F(DemandsTest, AnotherGrantPermitsWhatTheQuotaOfTheFirstDoesNot) {
  Exchange("id: \"shanhua-land-title\"\n", "id: \"shanhua-land-title\" quota_per_day: 1\n");
  OneGrant standing;
  standing.quota_used = true;
  standing_ = &standing;
  const Refusal refusal = Refused();
  EXPECT_EQ(refusal.reason, v1::ERROR_REASON_QUOTA_EXHAUSTED);
  EXPECT_EQ(refusal.retry_delay, absl::Hours(12));
  registry::Files files = snapshot_->files();
  files.emplace_back("second.textproto",
                     "grants { id: \"shanhua-zweite\" member: \"hro-shanhua\" document_kind: "
                     "\"land.title\" claims: [\"land_office\", \"section\", \"lot\", "
                     "\"owner_name\"] fields: \"share\" purposes: \"household.move\" legal_bases: "
                     "\"household-act-68\" }");
  snapshot_ = MustCreate(files);
  const Decision decision = Ask();
  ASSERT_TRUE(std::holds_alternative<Permit>(decision));
  EXPECT_EQ(std::get<Permit>(decision).grant, "shanhua-zweite");
}

TEST_F(DemandsTest, EachGrantSaysWhatItHasAgainstAQuestion) {
  const std::vector<GrantVerdict> verdicts =
      ConsiderGrants(caller_, request_, *snapshot_, now_, *standing_);
  std::vector<std::pair<std::string, v1::ErrorReason>> said;
  for (const auto& [grant, reason] : verdicts) said.emplace_back(grant->proto->id(), reason);
  EXPECT_THAT(said, ElementsAre(Pair("shanhua-land-title", v1::ERROR_REASON_UNSPECIFIED),
                                Pair("shanhua-land-title-naturalisation",
                                     v1::ERROR_REASON_PURPOSE_NOT_GRANTED)));
}

}  // namespace
}  // namespace chayan::policy
