// Goal: every kind of fault is reported, on its line, with its path and a remedy, and all faults of
// a set at once; a sound set has none. Method: the sample deployment's files, each time with one
// text exchanged for another, beside the exact lines that must come out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gateway/base/status_matchers.h"
#include "gateway/registry/sample_set.h"
#include "gateway/registry/snapshot.h"

namespace chayan::registry {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

std::vector<std::string> FaultsOf(Files files) {
  std::vector<std::string> faults;
  const auto snapshot = Snapshot::Create(std::move(files), &faults);
  EXPECT_EQ(snapshot.ok(), faults.empty());
  return faults;
}

// Exchanges the first `from` in the file and says in which line. A text that is not there is a
// fault of the test.
int Exchange(Files& files, const std::string& path, const std::string& from,
             const std::string& to) {
  for (auto& [name, text] : files) {
    if (name != path) continue;
    const size_t at = text.find(from);
    if (at == std::string::npos) break;
    text.replace(at, from.size(), to);
    return 1 + static_cast<int>(std::count(text.begin(), text.begin() + at, '\n'));
  }
  ADD_FAILURE() << path << " lacks " << from;
  return 0;
}

// Whether `fault` begins with `expected`, whose file name is followed by a mark for the line.
void ExpectFault(const std::string& fault, const std::string& expected, int exchange_line) {
  const std::vector<std::string> wanted = absl::StrSplit(expected, absl::MaxSplits(':', 2));
  const std::vector<std::string> found = absl::StrSplit(fault, absl::MaxSplits(':', 2));
  ASSERT_EQ(wanted.size(), 3u);
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0], wanted[0]);
  EXPECT_THAT(found[2], StartsWith(wanted[2])) << fault;
  int offset = 0;
  if (wanted[1] == "*") return;
  if (wanted[1] != "@") {
    ASSERT_TRUE(absl::SimpleAtoi(absl::StripPrefix(wanted[1], "@"), &offset)) << expected;
  }
  EXPECT_EQ(found[1], absl::StrCat(exchange_line + offset)) << fault;
}

TEST(RegistryCheckTest, AcceptsTheSampleDeployment) {
  EXPECT_THAT(FaultsOf(SampleFiles()), IsEmpty());
}

struct Row {
  const char* name;
  const char* path;
  const char* from;
  const char* to;
  // The beginnings of the lines that must come out, in order. "@" is the line of the exchange,
  // "@+2" the second after it; "*" is any line.
  std::vector<std::string> faults;
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

class RegistryFaultTest : public ::testing::TestWithParam<Row> {};

TEST_P(RegistryFaultTest, IsReportedOnItsLineWithARemedy) {
  Files files = SampleFiles();
  const int line = Exchange(files, GetParam().path, GetParam().from, GetParam().to);
  const std::vector<std::string> faults = FaultsOf(files);
  ASSERT_EQ(faults.size(), GetParam().faults.size()) << absl::StrJoin(faults, "\n");
  for (size_t i = 0; i < faults.size(); ++i) {
    ExpectFault(faults[i], GetParam().faults[i], line);
  }
}

const Row kRows[] = {
    // Text that cannot be read.
    {"UnknownField",
     "members.textproto",
     "id: \"hro-banqiao\"",
     "idd: \"hro-banqiao\"",
     {"counties.textproto:*: county_rules[1].county: there is no member in a county \"65000\"",
      "grants.textproto:*: grants[4].member: there is no member \"hro-banqiao\"; write the name of "
      "a member",
      "grants.textproto:*: grants[5].member: there is no member \"hro-banqiao\"",
      "members.textproto:@-1: members[1].id: is missing; write 2 to 64",
      "members.textproto:@: column 6: Message type \"chayan.v1.Member\" has no field named "
      "\"idd\"; did you mean id?",
      "members.textproto:@+3: members[1].systems[0].acting_for[0]: there is no member",
      "notices.textproto:*: notice_grants[15].member: there is no member \"hro-banqiao\"",
      "notices.textproto:*: notice_grants[16].member: there is no member \"hro-banqiao\"",
      "notices.textproto:*: notice_grants[17].member: there is no member \"hro-banqiao\"",
      "recipients.textproto:*: subscriptions[26].recipient: there is no member \"hro-banqiao\"",
      "recipients.textproto:*: subscriptions[26].routing.values[0]: there is no member "
      "\"hro-banqiao\""}},
    {"UnknownEnumValue",
     "members.textproto",
     "ROLE_WITNESS",
     "ROLE_WITNES",
     {"members.textproto:@: column 47: Unknown enumeration value of \"ROLE_WITNES\" for field "
      "\"role\"; did you mean ROLE_WITNESS?"}},
    {"SyntaxErrorLeavesOnlyItsElementOut",
     "grants.textproto",
     "id: \"banqiao-land-title\"\n",
     "id \"banqiao-land-title\"\n",
     {"grants.textproto:@: column 6: Expected \":\", found \"\"banqiao-land-title\"\""}},
    {"SingularFieldTwice",
     "deployment.textproto",
     "trust_domain: \"chayan.example\"",
     "trust_domain: \"chayan.example\" trust_domain: \"x\"",
     {"deployment.textproto:@: column 57: Non-repeated field"}},
    // Deployment, issuers.
    {"NoDeployment",
     "deployment.textproto",
     "deployment { trust_domain: \"chayan.example\" }",
     "",
     {"agencies.textproto:*: deployment: the set has none; write deployment {"}},
    {"TwoDeployments",
     "members.textproto",
     "members {",
     "deployment { trust_domain: \"b.example\" } members {",
     {"members.textproto:@: deployment: the set has another deployment; write exactly one"}},
    {"TrustDomainInCapitals",
     "deployment.textproto",
     "chayan.example",
     "Chayan.example",
     {"deployment.textproto:@: deployment.trust_domain: has a wrong form; write lower-case"}},
    {"ApprovalByNobody",
     "deployment.textproto",
     "trust_domain: \"chayan.example\"",
     "trust_domain: \"chayan.example\" approval_required: true",
     {"deployment.textproto:@: deployment.approval_required: no member with a system of role "
      "ROLE_OPERATOR has an assertion key"}},
    {"IssuerIsNoCertificate",
     "keys.textproto",
     "-----BEGIN",
     "-----BEGUN",
     {"keys.textproto:@: issuers[0].certificate_pem: is no PEM certificate"}},
    // Members and systems.
    {"MemberIdInCapitals",
     "members.textproto",
     "id: \"witness-1\"",
     "id: \"Witness-1\"",
     {"members.textproto:@: members[4].id: has a wrong form; write 2 to 64 lower-case"}},
    {"MemberIdReserved",
     "members.textproto",
     "id: \"witness-1\"",
     "id: \"gateway\"",
     {"members.textproto:@: members[4].id: \"gateway\" is reserved"}},
    {"MemberTwice",
     "members.textproto",
     "id: \"witness-1\"",
     "id: \"operator\"",
     {"members.textproto:@+7: members[5].id: there is another member \"operator\" in the set"}},
    {"NoEnglishName",
     "members.textproto",
     " en: \"First Witness\"",
     "",
     {"members.textproto:@: members[4].name.en: is missing; write the English text"}},
    {"NoName",
     "members.textproto",
     "name { zh_tw: \"第一見證機關\" en: \"First Witness\" }",
     "",
     {"members.textproto:@-2: members[4].name: is missing; write { zh_tw:"}},
    {"IssuerMissing",
     "members.textproto",
     "issuers: \"dev-intermediate\"",
     "",
     {"members.textproto:@-3: members[0].issuers: has systems but no issuer; name"}},
    {"IssuerUnknown",
     "members.textproto",
     "dev-intermediate",
     "dev-intermediat",
     {"members.textproto:@: members[0].issuers[0]: there is no issuer \"dev-intermediat\"; did you "
      "mean \"dev-intermediate\"?"}},
    {"SystemTwice",
     "members.textproto",
     "name: \"auditor-2\"",
     "name: \"auditor-1\"",
     {"members.textproto:@: members[3].systems[1].name: the member has another system"}},
    {"RoleMissing",
     "members.textproto",
     " role: ROLE_WITNESS",
     "",
     {"members.textproto:@: members[4].systems[0].role: is not set; write one of "
      "ROLE_HOUSEHOLD, "}},
    {"RoleOutOfRange",
     "members.textproto",
     "ROLE_WITNESS",
     "99",
     {"members.textproto:@: members[4].systems[0].role: is not set; write one of "}},
    {"ActingForUnknown",
     "members.textproto",
     "acting_for: \"hro-shanhua\"",
     "acting_for: \"hro-shanhau\"",
     {"members.textproto:@: members[0].systems[0].acting_for[0]: there is no member "
      "\"hro-shanhau\"; did you mean \"hro-shanhua\"?"}},
    {"HouseholdActsForNobody",
     "members.textproto",
     " acting_for: \"hro-shanhua\"",
     "",
     {"members.textproto:@: members[0].systems[0].acting_for: is empty, so"}},
    {"AuditorActsForAnOffice",
     "members.textproto",
     "role: ROLE_WITNESS",
     "role: ROLE_WITNESS acting_for: \"operator\"",
     {"members.textproto:@: members[4].systems[0].acting_for: has no effect for ROLE_WITNESS"}},
    {"BindingWithoutTarget",
     "members.textproto",
     "role: ROLE_WITNESS",
     "role: ROLE_WITNESS certificates {}",
     {"members.textproto:@: members[4].systems[0].certificates[0]: binds nothing"}},
    {"BindingOfAnotherForm",
     "members.textproto",
     "role: ROLE_WITNESS",
     "role: ROLE_WITNESS certificates { spki_sha256: \"AB\" }",
     {"members.textproto:@: members[4].systems[0].certificates[0].spki_sha256: has a wrong form"}},
    {"BindingWithLeadingZero",
     "members.textproto",
     "role: ROLE_WITNESS",
     "role: ROLE_WITNESS certificates { issuer_serial { issuer: \"dev-intermediate\" serial: "
     "\"0a\" } }",
     {"members.textproto:@: members[4].systems[0].certificates[0].issuer_serial.serial: has a"}},
    {"BindingTwice",
     "members.textproto",
     "role: ROLE_WITNESS",
     "role: ROLE_WITNESS certificates { issuer_serial { issuer: \"dev-intermediate\" serial: \"a\" "
     "} } certificates { issuer_serial { issuer: \"dev-intermediate\" serial: \"a\" } }",
     {"members.textproto:@: members[4].systems[0].certificates[1]: this certificate is bound"}},
    {"DeskWithoutName",
     "agencies.textproto",
     "name { zh_tw: \"登記課\" en: \"Registration Division\" }",
     "",
     {"agencies.textproto:@-1: members[1].desk.name: is missing"}},
    // Keys.
    {"AnswerKeyMalformed",
     "keys.textproto",
     "MCowBQYDK2VwAyEA",
     "MCowBQYDK2VwAyEB",
     {"keys.textproto:@: answer_keys[0].public_key: is no Ed25519 public key; write its"}},
    {"AnswerKeyOfAHousehold",
     "keys.textproto",
     "member: \"land-ad\" system: \"adapter-1\"",
     "member: \"hro-shanhua\" system: \"counter\"",
     {"keys.textproto:@: answer_keys[0].system: there is no adapter system of \"hro-shanhua\" "
      "\"counter\"; the set has none, add it"}},
    {"AnswerKeyTimeMalformed",
     "keys.textproto",
     "member: \"land-ad\"",
     "not_before_time: \"2026-01-01\" member: \"land-ad\"",
     {"keys.textproto:@: answer_keys[0].not_before_time: is no RFC 3339 time in UTC"}},
    {"AnswerKeyEndsBeforeItBegins",
     "keys.textproto",
     "member: \"land-ad\"",
     "not_before_time: \"2026-01-01T00:00:00Z\" not_after_time: \"2025-01-01T00:00:00Z\" member: "
     "\"land-ad\"",
     {"keys.textproto:@: answer_keys[0].not_after_time: is not after not_before_time"}},
    {"AssertionKeyWithoutId",
     "keys.textproto",
     "key_id: \"desk-1\"",
     "",
     {"keys.textproto:@: assertion_keys[0].key_id: is missing"}},
    // The catalogue.
    {"PurposeInCapitals",
     "codes.textproto",
     "\"household.doorplate\"",
     "\"Household.doorplate\"",
     {"codes.textproto:@: purposes[3].code: has a wrong form; write 1 to 64 lower-case",
      "grants-catalogue.textproto:*: grants[22].purposes[2]: there",
      "grants-catalogue.textproto:*: grants[24].purposes[0]: there",
      "grants.textproto:*: grants[0].purposes[2]: there is no purpose \"household.doorplate\"; "
      "did you mean \"Household.doorplate\"?",
      "grants.textproto:*: grants[2].purposes[2]: there",
      "grants.textproto:*: grants[4].purposes[2]: there",
      "grants.textproto:*: grants[5].purposes[2]: there"}},
    {"PurposeReserved",
     "codes.textproto",
     "purposes {",
     "purposes { code: \"unknown\" title { zh_tw: \"x\" en: \"x\" } } purposes {",
     {"codes.textproto:@: purposes[0].code: \"unknown\" is reserved"}},
    {"ClaimTypeMissing",
     "land.textproto",
     "code: \"owner_name\" type: VALUE_TYPE_NAME",
     "code: \"owner_name\"",
     {"land.textproto:@: document_kinds[0].claims[3].type: is not set; write one of "
      "VALUE_TYPE_TEXT, "}},
    {"ClaimTwice",
     "land.textproto",
     "code: \"lot\"",
     "code: \"section\"",
     {"grants.textproto:*: grants[0].claims[2]: there is no claim of \"land.title\" \"lot\"",
      "grants.textproto:*: grants[1].claims[2]: there is no claim of \"land.title\" \"lot\"",
      "grants.textproto:*: grants[4].claims[2]: there is no claim of \"land.title\" \"lot\"",
      "land.textproto:@: document_kinds[0].claims[2].code: the kind has \"section\" twice"}},
    {"CodeTypeWithoutCodes",
     "immigration.textproto",
     "codes: [ \"in\", \"out\" ]",
     "",
     {"immigration.textproto:@-1: document_kinds[0].claims[0].codes: is empty; write the codes"}},
    {"CodesOfAnotherType",
     "land.textproto",
     "code: \"lot\" type",
     "codes: \"x\" code: \"lot\" type",
     {"land.textproto:@: document_kinds[0].claims[2].codes: has no effect here"}},
    {"RequiredField",
     "land.textproto",
     "fields { code: \"share\"",
     "fields { required: true code: \"share\"",
     {"land.textproto:@: document_kinds[0].fields[0].required: has no effect for a field"}},
    {"RoutingClaimUnknown",
     "land.textproto",
     "routing_claim: \"land_office\"",
     "routing_claim: \"land_ofice\"",
     {"land.textproto:@: document_kinds[0].routing_claim: there is no claim \"land_ofice\"; did "
      "you mean \"land_office\"?"}},
    {"RoutingClaimNotRequired",
     "land.textproto",
     "code: \"land_office\" type: VALUE_TYPE_LAND_OFFICE required: true",
     "code: \"land_office\" type: VALUE_TYPE_LAND_OFFICE",
     {"land.textproto:*: document_kinds[0].routing_claim: claim \"land_office\" may be left out"}},
    {"RoutingClaimOfAnotherType",
     "land.textproto",
     "routing_claim: \"land_office\"",
     "routing_claim: \"lot\"",
     {"land.textproto:@: document_kinds[0].routing_claim: claim \"lot\" is of type LAND_LOT"}},
    {"AnswerModeAndRetentionMissing",
     "immigration.textproto",
     "answer_mode: ANSWER_MODE_SYNC\n  service_level_workdays: 3\n  retention_class: "
     "RETENTION_CLASS_FIVE_YEARS",
     "",
     {"immigration.textproto:*: document_kinds[0].answer_mode: is not set; write one of "
      "ANSWER_MODE_SYNC",
      "immigration.textproto:*: document_kinds[0].retention_class: is not set"}},
    {"APersonAnswersWithoutATerm",
     "land.textproto",
     "answer_mode: ANSWER_MODE_SYNC\n  service_level_workdays: 1",
     "answer_mode: ANSWER_MODE_HUMAN",
     {"land.textproto:*: document_kinds[0].service_level_workdays: is 0, but a person answers; "
      "write within how many workdays"}},
    {"APersonAnswersWithoutAForm",
     "immigration.textproto",
     "answer_mode: ANSWER_MODE_SYNC\n  service_level_workdays: 3\n  retention_class: "
     "RETENTION_CLASS_FIVE_YEARS\n  verify_every_signature: true\n  subject_detail_required: "
     "true\n  replaces { zh_tw: \"入出國日期證明書\" en: \"Certificate of entry and exit dates\" "
     "}\n  replaces_sheets: 1\n  fallback_form: \"入出國資料查詢傳真表\"",
     "answer_mode: ANSWER_MODE_ASYNC service_level_workdays: 3 retention_class: "
     "RETENTION_CLASS_FIVE_YEARS",
     {"immigration.textproto:*: document_kinds[0].fallback_form: is empty, but a person answers; "
      "write the form"}},
    {"SpecialDataForwardedUnrecorded",
     "immigration.textproto",
     "subject_detail_required: true",
     "sensitivity: SENSITIVITY_SPECIAL",
     {"immigration.textproto:*: document_kinds[0].log_before_forward: is false, but a question "
      "about special data"}},
    {"NoDeskToAnswer",
     "courts.textproto",
     "holder: \"notary-tainan\"",
     "holder: \"hro-shanhua\"",
     {"courts.textproto:@: routes[12].holder: \"hro-shanhua\" has no desk, but its desk answers "
      "kind \"court.lease\"; write desk"}},
    {"LegalBasisUnknown",
     "land.textproto",
     "[ \"household-act-68\"",
     "[ \"household-act-86\"",
     {"grants.textproto:*: grants[0].legal_bases[0]: there is no legal basis of \"land.title\" "
      "\"household-act-68\"",
      "grants.textproto:*: grants[4].legal_bases[0]: there is no legal basis",
      "land.textproto:@: document_kinds[0].legal_bases[0]: there is no legal basis "
      "\"household-act-86\"; did you mean \"household-act-68\"?"}},
    {"HolderTimeoutTooLong",
     "land.textproto",
     "repeatable: true",
     "holder_timeout_ms: 600000",
     {"land.textproto:@: document_kinds[0].holder_timeout_ms: is 600000; write 100 to 120000"}},
    // Routes.
    {"RouteToAnUnknownHolder",
     "land.textproto",
     "holder: \"land-ad\"",
     "holder: \"land-da\"",
     {"land.textproto:@: routes[0].holder: there is no member \"land-da\"; did you mean "
      "\"land-ad\"?"}},
    {"RouteToAnOfficeWithoutAdapter",
     "land.textproto",
     "holder: \"land-ad\"",
     "holder: \"hro-shanhua\"",
     {"land.textproto:@: routes[0].holder: \"hro-shanhua\" has no system with role ROLE_ADAPTER"}},
    {"RouteOfAnUnknownKind",
     "immigration.textproto",
     "routes { document_kind: \"immigration.",
     "routes { document_kind: \"imigration.",
     {"immigration.textproto:@: routes[0].document_kind: there is no document kind "
      "\"imigration.entry_exit\"; did you mean \"immigration.entry_exit\"?"}},
    {"RoutesOverlapWhateverTheCase",
     "land.textproto",
     "areas: \"QD\"",
     "areas: \"ad\"",
     {"land.textproto:@: routes[1].areas: area \"AD\" is routed to \"land-ad\" already"}},
    {"RouteWithoutAreas",
     "land.textproto",
     " areas: \"QD\"",
     "",
     {"land.textproto:@: routes[1].areas: is empty; write the values of claim \"land_office\""}},
    {"RouteWithAreasButNoRoutingClaim",
     "immigration.textproto",
     "holder: \"nia\"",
     "holder: \"nia\" areas: \"AD\"",
     {"immigration.textproto:@: routes[0].areas: has no effect: kind"}},
    {"TwoRoutesWithoutRoutingClaim",
     "immigration.textproto",
     "routes {",
     "routes { document_kind: \"immigration.entry_exit\" holder: \"land-ad\" }\nroutes {",
     {"immigration.textproto:@+1: routes[1].document_kind: \"land-ad\" answers this kind already"}},
    {"AreaOfAnotherForm",
     "land.textproto",
     "areas: \"QD\"",
     "areas: \"Q1\"",
     {"land.textproto:@: routes[1].areas[0]: \"Q1\": "}},
    // Grants.
    {"GrantTwice",
     "grants.textproto",
     "id: \"banqiao-land-title\"",
     "id: \"shanhua-land-title\"",
     {"grants.textproto:@: grants[4].id: there is another grant \"shanhua-land-title\""}},
    {"GrantToAnAgency",
     "grants.textproto",
     "member: \"hro-shanhua\"",
     "member: \"nia\"",
     {"grants.textproto:@: grants[0].member: \"nia\" has no system with role ROLE_HOUSEHOLD"}},
    {"GrantOfAnUnknownSystem",
     "grants.textproto",
     "member: \"hro-shanhua\"",
     "member: \"hro-shanhua\" systems: \"countre\"",
     {"grants.textproto:@: grants[0].systems[0]: there is no system with role "
      "ROLE_HOUSEHOLD of \"hro-shanhua\" \"countre\"; did you mean \"counter\"?"}},
    {"GrantForAnotherOffice",
     "grants.textproto",
     "member: \"hro-shanhua\"",
     "member: \"hro-shanhua\" acting_for: \"hro-banqiao\"",
     {"grants.textproto:@: grants[0].acting_for[0]: there is no office for which"}},
    {"GrantOfAnUnknownField",
     "grants.textproto",
     "\"owner_class\"",
     "\"owner_clas\"",
     {"grants.textproto:@: grants[0].fields[3]: there is no field of \"land.title\" "
      "\"owner_clas\"; did you mean \"owner_class\"?"}},
    {"GrantWithoutARequiredClaim",
     "grants.textproto",
     "\"land_office\", ",
     "",
     {"grants.textproto:@: grants[0].claims: lacks \"land_office\""}},
    {"GrantWithAClaimTwice",
     "grants.textproto",
     "\"lot\", ",
     "\"lot\", \"lot\", ",
     {"grants.textproto:@: grants[0].claims[3]: \"lot\" stands here twice; write it once"}},
    {"GrantWithoutPurpose",
     "grants.textproto",
     "purposes: \"nationality.naturalisation\"",
     "",
     {"grants.textproto:@-6: grants[1].purposes: is empty, so nothing is granted"}},
    {"GrantHoursMalformed",
     "grants.textproto",
     "quota_per_day: 5000",
     "hours { from: \"8:00\" to: \"25:00\" }",
     {"grants.textproto:@: grants[3].hours.from: is no time of day",
      "grants.textproto:@: grants[3].hours.to: is no time of day"}},
    {"GrantHoursReversed",
     "grants.textproto",
     "quota_per_day: 5000",
     "hours { from: \"17:30\" to: \"08:00\" }",
     {"grants.textproto:@: grants[3].hours.to: is not later than from"}},
    // Notices.
    {"NoticeKindTwice",
     "notices.textproto",
     "code: \"person.birth\"",
     "code: \"person.death\"",
     {"notices.textproto:@: notice_kinds[2].code: there is another notice kind \"person.death\"",
      "notices.textproto:*: notice_grants[2].notice_kind: there is no notice kind",
      "notices.textproto:*: notice_grants[16].notice_kind: there is no notice kind",
      "recipients.textproto:*: subscriptions[3].notice_kind: there is no notice kind",
      "recipients.textproto:*: subscriptions[9].notice_kind: there is no notice kind"}},
    {"NoticeKindWithoutPolicy",
     "notices.textproto",
     "dead_letter_policy: DEAD_LETTER_POLICY_HOLD",
     "",
     {"notices.textproto:*: notice_kinds[0].dead_letter_policy: is not set; write one of "
      "DEAD_LETTER_POLICY_HOLD"}},
    {"NoticeGrantToAnAgency",
     "notices.textproto",
     "member: \"court-tainan\"",
     "member: \"land-ad\"",
     {"notices.textproto:@: notice_grants[18].member: \"land-ad\" has no system with role "
      "ROLE_HOUSEHOLD or ROLE_PUBLISHER that could publish"}},
    {"SubscriptionOfNobodyWhoListens",
     "recipients.textproto",
     "recipient: \"tax-south\"",
     "recipient: \"audit-office\"",
     {"recipients.textproto:@: subscriptions[0].recipient: \"audit-office\" has no system that "
      "could take it in this way; add a system with role ROLE_ADAPTER"}},
    {"SubscriptionByAnUnknownConsent",
     "recipients.textproto",
     "consent: \"labor\"",
     "consent: \"labour\"",
     {"recipients.textproto:@: subscriptions[8].consent: there is no consent of \"person.death\" "
      "\"labour\"; did you mean \"labor\"?"}},
    {"SubscriptionToAnUnknownField",
     "recipients.textproto",
     "fields: [ \"death_date\", \"registration_date\" ]",
     "fields: [ \"death_day\" ]",
     {"recipients.textproto:@: subscriptions[0].fields[0]: there is no payload element of "
      "\"person.death\" \"death_day\"; did you mean \"death_date\"?"}},
    {"SubscriptionToNoPartOfTheSubject",
     "recipients.textproto",
     "subject_parts: [ NOTICE_PART_IDENTIFIER, NOTICE_PART_NAME, NOTICE_PART_BIRTH_DATE ]",
     "",
     {"recipients.textproto:*: subscriptions[0].subject_parts: is empty, so the recipient cannot "
      "tell whom it is about"}},
    {"RoutingByAWordInPlaceOfAnArea",
     "recipients.textproto",
     "values: [ \"67000\", \"10020\" ]",
     "values: [ \"Tainan\" ]",
     {"recipients.textproto:@: subscriptions[0].routing.values[0]: is no area; write the digits"}},
    {"RoutingWithoutValues",
     "recipients.textproto",
     "routing { key: ROUTING_KEY_OFFICE values: [ \"hro-shanhua\" ] }",
     "routing { key: ROUTING_KEY_OFFICE }",
     {"recipients.textproto:@: subscriptions[10].routing.values: is empty, so nothing matches"}},
    {"RoutingByAccountWithValues",
     "recipients.textproto",
     "key: ROUTING_KEY_CUSTOMER_ACCOUNT",
     "key: ROUTING_KEY_CUSTOMER_ACCOUNT values: \"1\"",
     {"recipients.textproto:@: subscriptions[29].routing.values: has no effect: customer accounts "
      "match by their provider"}},
    {"HostedPull",
     "recipients.textproto",
     "way: DELIVERY_WAY_PULL",
     "way: DELIVERY_WAY_PULL hosted: true",
     {"recipients.textproto:@: subscriptions[26].hosted: has no effect for notices that are "
      "pulled"}},
    {"ScheduleWithoutATime",
     "recipients.textproto",
     "rule: SCHEDULE_RULE_DAILY time_of_day: \"17:30\"",
     "rule: SCHEDULE_RULE_DAILY",
     {"recipients.textproto:@: subscriptions[8].schedule.time_of_day: is no time of day"}},
    {"WeeklyOnNoDay",
     "recipients.textproto",
     "weekday: 5",
     "weekday: 8",
     {"recipients.textproto:@: subscriptions[14].schedule.weekday: is missing or no weekday; "
      "write 1 (Monday) to 7"}},
    {"MonthlyOnNoWorkday",
     "recipients.textproto",
     "workday: 3 }",
     "weekday: 3 }",
     {"recipients.textproto:@: subscriptions[13].schedule.weekday: has an effect for "
      "SCHEDULE_RULE_WEEKLY alone; remove it",
      "recipients.textproto:@: subscriptions[13].schedule.workday: is missing or too large; write "
      "1 to 20"}},
    {"HolidayOfAnotherYear",
     "calendar.textproto",
     "\"2026-01-01\"",
     "\"2025-01-01\"",
     {"calendar.textproto:@: calendar_years[0].holidays[0]: \"2025-01-01\" is not in 2026"}},
    {"WorkdayThatIsWorkedAnyway",
     "calendar.textproto",
     "year: 2026",
     "year: 2026 workdays: \"2026-02-10\"",
     {"calendar.textproto:@: calendar_years[0].workdays[0]: \"2026-02-10\" is no Saturday or "
      "Sunday, so it is worked anyway; remove it"}},
    {"ListOverSeveralLines",
     "grants.textproto",
     "[ \"share\", \"registered_date\", \"address\", \"owner_class\" ]",
     "[ \"share\",\n\"registered_date\",\n\"adress\" ]",
     {"grants.textproto:@+2: grants[0].fields[2]: there is no field of \"land.title\" \"adress\"; "
      "did you mean \"address\"?"}},
};

INSTANTIATE_TEST_SUITE_P(Rows, RegistryFaultTest, ::testing::ValuesIn(kRows),
                         [](const auto& row) { return row.param.name; });

TEST(RegistryCheckTest, ReportsEveryFaultOfTheSetAtOnce) {
  Files files = SampleFiles();
  Exchange(files, "members.textproto", "ROLE_WITNESS", "ROLE_WITNES");
  Exchange(files, "members.textproto", "acting_for: \"court-tainan\"", "acting_for: \"court\"");
  Exchange(files, "land.textproto", "areas: \"QD\"", "areas: \"AD\"");
  Exchange(files, "grants.textproto", "\"household-rules-7\"", "\"household-rules-9\"");
  Exchange(files, "codes.textproto", "purposes { code", "purposes { cod");
  const std::vector<std::string> faults = FaultsOf(files);
  const std::string all = absl::StrJoin(faults, "\n");
  EXPECT_THAT(all, HasSubstr("Unknown enumeration value of \"ROLE_WITNES\""));
  EXPECT_THAT(all, HasSubstr("there is no member \"court\""));
  EXPECT_THAT(all, HasSubstr("area \"AD\" is routed"));
  EXPECT_THAT(all, HasSubstr("\"household-rules-9\""));
  EXPECT_THAT(all, HasSubstr("has no field named \"cod\"; did you mean code?"));
}

TEST(RegistryCheckTest, DoesNotBlameReferencesToAnElementThatCannotBeRead) {
  Files files = SampleFiles();
  Exchange(files, "land.textproto", "type: VALUE_TYPE_LAND_LOT", "type: VALUE_TYPE_LOT");
  EXPECT_THAT(FaultsOf(files),
              ElementsAre(HasSubstr("Unknown enumeration value of \"VALUE_TYPE_LOT\"")));
}

TEST(RegistryCheckTest, ReportsAnIssuerThatIsNoAuthorityOrStandsTwice) {
  Files files = SampleFiles();
  files.emplace_back(
      "more.textproto",
      absl::StrCat("issuers { id: \"leaf\" certificate_pem: \"", absl::CEscape(kSampleLeafPem),
                   "\" }\nissuers { id: \"again\" certificate_pem: \"",
                   absl::CEscape(kSampleIssuerPem),
                   "\" }\nissuers { id: \"both\" certificate_pem: \"",
                   absl::CEscape(kSampleIssuerPem), absl::CEscape(kSampleLeafPem), "\" }\n"));
  EXPECT_THAT(FaultsOf(files),
              ElementsAre(HasSubstr("more.textproto:1: issuers[0].certificate_pem: is the "
                                    "certificate of no CA"),
                          HasSubstr("more.textproto:2: issuers[1].certificate_pem: is the "
                                    "certificate of issuer \"dev-intermediate\" too"),
                          HasSubstr("more.textproto:3: issuers[2].certificate_pem: holds 2")));
}

TEST(RegistryCheckTest, ReportsAKeyThatTwoAdaptersShare) {
  Files files = SampleFiles();
  Exchange(files, "keys.textproto", SamplePublicKey('q'), SamplePublicKey('a'));
  EXPECT_THAT(FaultsOf(files),
              ElementsAre(HasSubstr("keys.textproto:3: answer_keys[1].public_key: is registered "
                                    "already")));
}

TEST(RegistryCheckTest, RefusesWhatIsNoSetOfFiles) {
  EXPECT_THAT(FaultsOf({}), ElementsAre(HasSubstr("no *.textproto file")));
  Files outside = SampleFiles();
  outside.emplace_back("../x.textproto", "");
  EXPECT_THAT(FaultsOf(outside), ElementsAre(HasSubstr("a path inside the folder")));
  Files twice = SampleFiles();
  twice.emplace_back("codes.textproto", "");
  EXPECT_THAT(FaultsOf(twice),
              Contains(HasSubstr("codes.textproto:1: the set has this file twice")));
  Files latin = SampleFiles();
  latin.emplace_back("x.textproto", "# \xe9\n");
  EXPECT_THAT(FaultsOf(latin), ElementsAre(HasSubstr("x.textproto:1: is not UTF-8")));
}

TEST(RegistryCheckTest, BoundsFilesAndBytes) {
  Files many = SampleFiles();
  for (int i = 0; i < 1000; ++i) many.emplace_back(absl::StrCat("f", i, ".textproto"), "");
  EXPECT_THAT(FaultsOf(many), ElementsAre(HasSubstr("at most 1000 files")));
  Files large = SampleFiles();
  large.emplace_back("x.textproto", std::string(4 << 20, ' '));
  EXPECT_THAT(FaultsOf(large), ElementsAre(HasSubstr("at most 1000 files and 4194304 bytes")));
}

TEST(RegistryCheckTest, EndsWhateverIsCutOffOrTurnedAround) {
  // Each file cut at each 7th byte, or in 40 places: faults, never a crash, never silence about a
  // torn element.
  const Files sample = SampleFiles();
  for (size_t f = 0; f < sample.size(); ++f) {
    const size_t step = std::max<size_t>(7, sample[f].second.size() / 40);
    for (size_t end = 0; end < sample[f].second.size(); end += step) {
      Files files = sample;
      files[f].second.resize(end);
      std::vector<std::string> faults;
      const auto snapshot = Snapshot::Create(files, &faults);
      EXPECT_EQ(snapshot.ok(), faults.empty());
      for (const std::string& fault : faults) EXPECT_THAT(fault, HasSubstr(".textproto:"));
    }
  }
}

}  // namespace
}  // namespace chayan::registry
