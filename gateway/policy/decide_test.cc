// Goal: what is granted is permitted with exactly that, and every way in which a question is not
// granted has its own reason, in the order that decide.h states. Method: one sound question to the
// sample deployment; each test changes one thing of question, caller or registry.
#include <functional>
#include <map>
#include <string>

#include "gateway/policy/decide_fixture_for_test.h"

namespace chayan::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> Fields(const Refusal& refusal) {
  std::vector<std::string> fields;
  for (const FieldViolation& violation : refusal.violations) fields.push_back(violation.field);
  return fields;
}

TEST_F(DecideTest, PermitsWhatIsGrantedWithExactlyThat) {
  const Decision decision = Ask();
  const auto* permit = std::get_if<Permit>(&decision);
  ASSERT_NE(permit, nullptr);
  EXPECT_EQ(permit->grant, "shanhua-land-title");
  EXPECT_EQ(permit->kind, snapshot_->FindKind("land.title"));
  EXPECT_THAT(permit->claims, ElementsAre("land_office", "section", "lot", "owner_name"));
  EXPECT_THAT(permit->released_fields, ElementsAre("share"));
  EXPECT_EQ(permit->person_proof, PersonProof::kNone);
  EXPECT_EQ(permit->quota_per_day, 0u);
}

TEST_F(DecideTest, TheSecondGrantPermitsWhatTheFirstDoesNot) {
  request_.mutable_purpose()->set_purpose_code("nationality.naturalisation");
  request_.mutable_purpose()->set_legal_basis("nationality-rules-9");
  request_.mutable_purpose()->mutable_person()->set_role("supervisor");
  const Decision decision = Ask();
  ASSERT_TRUE(std::holds_alternative<Permit>(decision));
  EXPECT_EQ(std::get<Permit>(decision).grant, "shanhua-land-title-naturalisation");
}

struct Row {
  const char* name;
  std::function<void(v1::VerifyDocumentRequest&, Caller&)> spoil;
  v1::ErrorReason reason;
};

TEST_F(DecideTest, EachThingThatIsNotGrantedHasItsReason) {
  using R = v1::VerifyDocumentRequest;
  const Row rows[] = {
      {"member is gone", [](R&, Caller& c) { c.member = "hro-x"; },
       v1::ERROR_REASON_CALLER_UNKNOWN},
      {"system is gone", [](R&, Caller& c) { c.system = "kiosk"; },
       v1::ERROR_REASON_CALLER_UNKNOWN},
      {"role", [](R&, Caller& c) { c.member = "operator", c.system = "console"; },
       v1::ERROR_REASON_ROLE_NOT_ALLOWED},
      {"another office", [](R& r, Caller&) { r.set_acting_for("hro-banqiao"); },
       v1::ERROR_REASON_ACTING_FOR_NOT_ALLOWED},
      {"no such office", [](R& r, Caller&) { r.set_acting_for("hro-shanhau"); },
       v1::ERROR_REASON_ACTING_FOR_NOT_ALLOWED},
      {"kind", [](R& r, Caller&) { r.set_document_kind("land.tile"); },
       v1::ERROR_REASON_DOCUMENT_KIND_UNKNOWN},
      {"no grant",
       [](R& r, Caller& c) {
         c.member = "hro-banqiao";
         r.set_acting_for("hro-banqiao");
         r.set_document_kind("immigration.entry_exit");
       },
       v1::ERROR_REASON_NO_GRANT},
      {"purpose",
       [](R& r, Caller&) { r.mutable_purpose()->set_purpose_code("household.move-abroad"); },
       v1::ERROR_REASON_PURPOSE_NOT_GRANTED},
      {"purpose unknown", [](R& r, Caller&) { r.mutable_purpose()->set_purpose_code("curiosity"); },
       v1::ERROR_REASON_PURPOSE_NOT_GRANTED},
      {"legal basis",
       [](R& r, Caller&) { r.mutable_purpose()->set_legal_basis("nationality-rules-9"); },
       v1::ERROR_REASON_LEGAL_BASIS_NOT_GRANTED},
      {"person's role",
       [](R& r, Caller&) { r.mutable_purpose()->mutable_person()->set_role("intern"); },
       v1::ERROR_REASON_PERSON_ROLE_NOT_GRANTED},
      {"claim unknown", [](R& r, Caller&) { r.mutable_claims(3)->set_code("owner"); },
       v1::ERROR_REASON_CLAIM_UNKNOWN},
      {"field unknown", [](R& r, Caller&) { r.add_requested_fields("price"); },
       v1::ERROR_REASON_REQUESTED_FIELD_UNKNOWN},
      {"field not granted",
       [](R& r, Caller& c) {
         c.member = "hro-banqiao";
         r.set_acting_for("hro-banqiao");
         r.add_requested_fields("address");
       },
       v1::ERROR_REASON_FIELD_NOT_GRANTED},
      {"no claims", [](R& r, Caller&) { r.clear_claims(); }, v1::ERROR_REASON_FIELD_INVALID},
      {"claim twice", [](R& r, Caller&) { *r.add_claims() = r.claims(0); },
       v1::ERROR_REASON_FIELD_INVALID},
      {"field twice", [](R& r, Caller&) { r.add_requested_fields("share"); },
       v1::ERROR_REASON_FIELD_INVALID},
      {"too many claims",
       [](R& r, Caller&) {
         for (int i = 0; i < 29; ++i) r.add_claims()->set_code(absl::StrCat("c", i));
       },
       v1::ERROR_REASON_FIELD_INVALID},
      {"too many fields",
       [](R& r, Caller&) {
         for (int i = 0; i < 32; ++i) r.add_requested_fields("share");
       },
       v1::ERROR_REASON_FIELD_INVALID},
      {"assertion",
       [](R& r, Caller&) { r.mutable_purpose()->mutable_person()->set_assertion("a.b.c"); },
       v1::ERROR_REASON_PERSON_ASSERTION_INVALID},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    v1::VerifyDocumentRequest request = SoundRequest();
    Caller caller = caller_;
    row.spoil(request, caller);
    const Decision decision = Decide(caller, request, *snapshot_, now_);
    ASSERT_TRUE(std::holds_alternative<Refusal>(decision));
    EXPECT_EQ(std::get<Refusal>(decision).reason_name(), ReasonName(row.reason));
  }
}

TEST_F(DecideTest, NamesEveryMissingFieldAtOnce) {
  request_.Clear();
  const Refusal refusal = Refused();
  EXPECT_EQ(refusal.reason, v1::ERROR_REASON_FIELD_MISSING);
  EXPECT_THAT(Fields(refusal), ElementsAre("acting_for", "purpose.person.id", "purpose.person.role",
                                           "purpose.purpose_code", "purpose.legal_basis",
                                           "purpose.case_number", "document_kind"));
}

TEST_F(DecideTest, NamesEachMissingFieldAloneAndTakesBlanksForMissing) {
  using R = v1::VerifyDocumentRequest;
  const std::pair<const char*, std::function<void(R&, const char*)>> fields[] = {
      {"acting_for", [](R& r, const char* text) { r.set_acting_for(text); }},
      {"purpose.person.id",
       [](R& r, const char* text) { r.mutable_purpose()->mutable_person()->set_id(text); }},
      {"purpose.person.role",
       [](R& r, const char* text) { r.mutable_purpose()->mutable_person()->set_role(text); }},
      {"purpose.purpose_code",
       [](R& r, const char* text) { r.mutable_purpose()->set_purpose_code(text); }},
      {"purpose.legal_basis",
       [](R& r, const char* text) { r.mutable_purpose()->set_legal_basis(text); }},
      {"purpose.case_number",
       [](R& r, const char* text) { r.mutable_purpose()->set_case_number(text); }},
      {"document_kind", [](R& r, const char* text) { r.set_document_kind(text); }},
  };
  for (const auto& [field, set] : fields) {
    for (const char* text : {"", " \t"}) {
      request_ = SoundRequest();
      set(request_, text);
      const Refusal refusal = Refused();
      EXPECT_EQ(refusal.reason, v1::ERROR_REASON_FIELD_MISSING);
      EXPECT_THAT(Fields(refusal), ElementsAre(field));
    }
  }
}

TEST_F(DecideTest, NamesEveryUnknownClaimAndFieldWithWhatWasMeant) {
  request_.mutable_claims(3)->set_code("owner_nam");
  request_.add_claims()->set_code("");
  request_.add_requested_fields("registered_dat");
  const Refusal refusal = Refused();
  EXPECT_EQ(refusal.reason, v1::ERROR_REASON_CLAIM_UNKNOWN);
  EXPECT_THAT(Fields(refusal),
              ElementsAre("claims[3].code", "claims[4].code", "requested_fields[1]"));
  EXPECT_THAT(refusal.violations[0].description, HasSubstr("did you mean owner_name?"));
  EXPECT_THAT(refusal.violations[1].description, HasSubstr("write one of land_office, section"));
  EXPECT_THAT(refusal.violations[2].description, HasSubstr("did you mean registered_date?"));
}

TEST_F(DecideTest, NamesTheClaimsAndFieldsThatAreNotGranted) {
  request_.mutable_purpose()->set_purpose_code("nationality.naturalisation");
  request_.mutable_purpose()->set_legal_basis("nationality-rules-9");
  request_.mutable_purpose()->mutable_person()->set_role("supervisor");
  request_.add_claims()->set_code("address");
  request_.add_requested_fields("owner_class");
  const Refusal refusal = Refused();
  EXPECT_EQ(refusal.reason, v1::ERROR_REASON_CLAIM_NOT_GRANTED);
  EXPECT_THAT(Fields(refusal), ElementsAre("claims[4].code", "requested_fields[1]"));
  const std::map<std::string, std::string> metadata(refusal.metadata.begin(),
                                                    refusal.metadata.end());
  EXPECT_EQ(metadata.at("claims"), "address");
  EXPECT_EQ(metadata.at("grant"), "shanhua-land-title-naturalisation");
  EXPECT_EQ(metadata.at("purpose_code"), "nationality.naturalisation");
}

TEST_F(DecideTest, SaysNothingOfClaimsToThoseWhoMayNotAskAtAll) {
  request_.mutable_claims(0)->set_code("nonsense");
  request_.mutable_purpose()->set_purpose_code("household.move-abroad");
  const Refusal refusal = Refused();
  EXPECT_EQ(refusal.reason, v1::ERROR_REASON_PURPOSE_NOT_GRANTED);
  EXPECT_THAT(refusal.violations, IsEmpty());
}

TEST_F(DecideTest, AGrantIsInForceFromItsBeginToItsEnd) {
  Exchange("id: \"shanhua-land-title\"",
           "id: \"shanhua-land-title\" not_before_time: \"2026-01-15T04:00:00Z\" not_after_time: "
           "\"2026-01-15T05:00:00Z\"");
  EXPECT_TRUE(std::holds_alternative<Permit>(Ask()));
  now_ = kNoon - absl::Nanoseconds(1);
  EXPECT_EQ(Refused().reason, v1::ERROR_REASON_GRANT_NOT_IN_FORCE);
  now_ = kNoon + absl::Hours(1);
  EXPECT_TRUE(std::holds_alternative<Permit>(Ask()));
  now_ += absl::Nanoseconds(1);
  const Refusal refusal = Refused();
  EXPECT_EQ(refusal.reason, v1::ERROR_REASON_GRANT_NOT_IN_FORCE);
  EXPECT_THAT(refusal.metadata,
              ::testing::Contains(::testing::Pair("not_after_time", "2026-01-15T05:00:00Z")));
}

TEST_F(DecideTest, HoursAreThoseOfTaipei) {
  Exchange("id: \"shanhua-land-title\"",
           "id: \"shanhua-land-title\" hours { from: \"08:00\" to: \"17:30\" }");
  const absl::Time midnight = kNoon - absl::Hours(12);
  const auto reason_at = [&](absl::Duration time_of_day) {
    now_ = midnight + time_of_day;
    const Decision decision = Ask();
    return std::holds_alternative<Permit>(decision) ? "permitted"
                                                    : std::get<Refusal>(decision).reason_name();
  };
  EXPECT_EQ(reason_at(absl::Hours(8) - absl::Seconds(1)), "OUTSIDE_HOURS");
  EXPECT_EQ(reason_at(absl::Hours(8)), "permitted");
  EXPECT_EQ(reason_at(absl::Hours(17) + absl::Minutes(30) - absl::Seconds(1)), "permitted");
  EXPECT_EQ(reason_at(absl::Hours(17) + absl::Minutes(30)), "OUTSIDE_HOURS");
}

TEST_F(DecideTest, TheReasonIsOfTheGrantThatComesFurthest) {
  // The first grant by id fails at the purpose, the second at the claims.
  Add(R"(grants { id: "aaa" member: "hro-shanhua" document_kind: "land.title"
    claims: [ "land_office", "section", "lot" ] purposes: "household.move-abroad"
    legal_bases: "household-act-68" }
  grants { id: "bbb" member: "hro-shanhua" document_kind: "land.title"
    claims: [ "land_office", "section", "lot" ] purposes: "household.move-abroad"
    legal_bases: "household-rules-7" })");
  request_.mutable_purpose()->set_purpose_code("household.move-abroad");
  const Refusal refusal = Refused();
  EXPECT_EQ(refusal.reason, v1::ERROR_REASON_CLAIM_NOT_GRANTED);
  EXPECT_THAT(refusal.metadata, ::testing::Contains(::testing::Pair("grant", "aaa")));
}

TEST_F(DecideTest, AGrantHoldsForItsSystemsAndOfficesAlone) {
  Exchange("systems { name: \"counter\" role: ROLE_HOUSEHOLD acting_for: \"hro-shanhua\" }",
           "systems { name: \"counter\" role: ROLE_HOUSEHOLD acting_for: \"hro-shanhua\" "
           "acting_for: \"hro-banqiao\" } systems { name: \"kiosk\" role: ROLE_HOUSEHOLD "
           "acting_for: \"hro-shanhua\" }");
  Exchange("id: \"shanhua-land-title\"",
           "id: \"shanhua-land-title\" systems: \"counter\" acting_for: \"hro-shanhua\"");
  Exchange("id: \"shanhua-land-title-naturalisation\"",
           "id: \"shanhua-land-title-naturalisation\" systems: \"counter\" acting_for: "
           "\"hro-shanhua\"");
  EXPECT_TRUE(std::holds_alternative<Permit>(Ask()));
  request_.set_acting_for("hro-banqiao");
  EXPECT_EQ(Refused().reason, v1::ERROR_REASON_NO_GRANT);
  request_.set_acting_for("hro-shanhua");
  caller_.system = "kiosk";
  EXPECT_EQ(Refused().reason, v1::ERROR_REASON_NO_GRANT);
}

TEST_F(DecideTest, AKindMayDemandThePersonsAssertion) {
  Exchange("code: \"land.title\"", "code: \"land.title\" person_assertion_required: true");
  EXPECT_EQ(Refused().reason, v1::ERROR_REASON_PERSON_ASSERTION_REQUIRED);
  Vouch();
  const Decision decision = Ask();
  ASSERT_TRUE(std::holds_alternative<Permit>(decision));
  EXPECT_EQ(std::get<Permit>(decision).person_proof, PersonProof::kMember);
}

TEST_F(DecideTest, CarriesTheGrantsQuota) {
  request_.set_document_kind("immigration.entry_exit");
  request_.clear_claims();
  request_.add_claims()->set_code("date");
  request_.clear_requested_fields();
  const Decision decision = Ask();
  ASSERT_TRUE(std::holds_alternative<Permit>(decision));
  EXPECT_EQ(std::get<Permit>(decision).quota_per_day, 5000u);
}

}  // namespace
}  // namespace chayan::policy
