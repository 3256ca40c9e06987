// Goal: an answer says what the rows say and nothing beyond. Method: a small kind over rows written
// here; each test is one situation at a counter.
#include "adapters/connector/answer.h"

#include "adapters/connector/kind.h"
#include "gateway/base/check.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace chayan::connector {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const absl::Time kAsOf = absl::FromUnixSeconds(1'790'000'000);

template <typename Message>
Message Parse(const std::string& text) {
  Message message;
  CHAYAN_CHECK(google::protobuf::TextFormat::ParseFromString(text, &message));
  return message;
}

KindPlan Plan() {
  KindPlan plan;
  plan.kind = Parse<v1::DocumentKind>(R"(
      code: "land.title"
      claims { code: "lot" type: VALUE_TYPE_LAND_LOT }
      claims { code: "owner_name" type: VALUE_TYPE_NAME }
      claims { code: "share" type: VALUE_TYPE_TEXT }
      claims { code: "class" type: VALUE_TYPE_CODE codes: "whole" }
      claims { code: "unmapped" type: VALUE_TYPE_TEXT }
      fields { code: "share" type: VALUE_TYPE_TEXT }
      fields { code: "registered_date" type: VALUE_TYPE_DATE })");
  plan.source = Parse<v1::KindSource>(R"(
      subject { number_column: "number" name_column: "name" birth_date_column: "birth"
                person_column: "person" }
      claims { claim: "lot" column: "lot" }
      claims { claim: "owner_name" column: "name" }
      claims { claim: "share" column: "share" rule: COMPARISON_RULE_SHARE }
      claims { claim: "class" column: "class" codes { held: "1" code: "whole" } }
      fields { field: "share" column: "share" }
      fields { field: "registered_date" column: "registered" }
      void_when { column: "status" values: "VOID" }
      restricted_when { column: "restricted" values: "1" }
      document_reference_column: "case_number")");
  return plan;
}

v1::VerifyDocumentRequest Request(const std::string& claims) {
  return Parse<v1::VerifyDocumentRequest>(R"(
      request_id: "0b2f8d70-7b3a-4c39-9b6c-0d0f6a3c0001" document_kind: "land.title"
      subject { identifier { scheme: IDENTIFIER_SCHEME_NATIONAL_ID value: "A123456789" }
                name: "王小明" birth_date { era: ERA_ROC year: 77 month: 5 day: 20 } }
      requested_fields: "share" requested_fields: "registered_date" )" +
                                          claims);
}

v1::QuestionPermit Permit() {
  return Parse<v1::QuestionPermit>(R"(
      claims: "lot" claims: "owner_name" claims: "share" claims: "class" claims: "unmapped"
      released_fields: "share" released_fields: "registered_date")");
}

// Columns that a test does not name hold what agrees with Request().
struct Row {
  Value number = "A123456789";
  Value name = "王小明";
  Value birth = "0770520";
  Value person = "1";
  Value share = "1/2";
  Value status = "CURRENT";
  Value restricted = "0";
  Value registered = "1100301";
  Value reference = "110松山字第001號";
};

Rows RowsOf(const std::vector<Row>& rows) {
  Rows result;
  result.columns = {"number", "name",   "birth",      "person",     "share",      "lot",
                    "class",  "status", "restricted", "registered", "case_number"};
  for (const Row& row : rows) {
    result.rows.push_back({row.number, row.name, row.birth, row.person, row.share,
                           Value("00480000"), Value("1"), row.status, row.restricted,
                           row.registered, row.reference});
  }
  return result;
}

v1::VerificationAnswer Ask(const std::string& claims, const std::vector<Row>& rows) {
  return AnswerFromRows(Plan(), Request(claims), Permit(), RowsOf(rows), kAsOf).answer;
}

const char kLot[] = "claims { code: 'lot' text: '48' }";

TEST(AnswerTest, MatchCarriesVerdictsFieldsAndReference) {
  const auto answer = Ask(std::string(kLot) + "claims { code: 'share' text: '2分之1' }", {Row{}});
  EXPECT_EQ(answer.outcome(), v1::OUTCOME_MATCH);
  ASSERT_EQ(answer.verdicts_size(), 2);
  EXPECT_EQ(answer.verdicts(0).code(), "lot");
  EXPECT_EQ(answer.verdicts(0).match_level(), v1::MATCH_LEVEL_EQUIVALENT);
  EXPECT_EQ(answer.verdicts(1).verdict(), v1::VERDICT_MATCH);
  ASSERT_EQ(answer.released_fields_size(), 2);
  EXPECT_EQ(answer.released_fields(0).text(), "1/2");
  EXPECT_EQ(answer.released_fields(1).date().year(), 110);
  EXPECT_EQ(answer.document_reference(), "110松山字第001號");
  EXPECT_EQ(answer.as_of_time().seconds(), absl::ToUnixSeconds(kAsOf));
  EXPECT_EQ(answer.answered_by(), v1::ANSWER_SOURCE_HOLDER);
  EXPECT_EQ(answer.request_id(), "0b2f8d70-7b3a-4c39-9b6c-0d0f6a3c0001");
}

TEST(AnswerTest, OneDifferenceDecidesAndNothingIsReleased) {
  const auto answer =
      Ask("claims { code: 'owner_name' text: '王■明' }"
          "claims { code: 'share' text: '1/3' }",
          {Row{}});
  EXPECT_EQ(answer.outcome(), v1::OUTCOME_MISMATCH);
  EXPECT_THAT(answer.released_fields(), IsEmpty());
  EXPECT_EQ(answer.document_reference(), "");
}

TEST(AnswerTest, AnUncomparableClaimOutweighsAVariant) {
  const auto answer = Ask("claims { code: 'owner_name' text: '王■明' }", {Row{}});
  EXPECT_EQ(answer.outcome(), v1::OUTCOME_UNCOMPARABLE);
  EXPECT_THAT(answer.released_fields(), IsEmpty());
}

TEST(AnswerTest, AClaimWithoutAColumnKeepsTheAnswerFromMatching) {
  const auto answer = Ask(std::string(kLot) + "claims { code: 'unmapped' text: 'x' }", {Row{}});
  EXPECT_EQ(answer.outcome(), v1::OUTCOME_UNCOMPARABLE);
  EXPECT_EQ(answer.verdicts(1).verdict(), v1::VERDICT_NOT_COMPARED);
  EXPECT_EQ(answer.verdicts(1).not_compared_reason(), v1::NOT_COMPARED_REASON_CLAIM_UNKNOWN);
}

TEST(AnswerTest, AnEmptyColumnIsNotCompared) {
  Row row;
  row.share = std::nullopt;
  const auto answer = Ask("claims { code: 'share' text: '1/2' }", {row});
  EXPECT_EQ(answer.outcome(), v1::OUTCOME_NOT_COMPARED);
  EXPECT_EQ(answer.not_compared_reason(), v1::NOT_COMPARED_REASON_ASK_HOLDER);
}

TEST(AnswerTest, AQuestionBeyondThePermitIsNotAnswered) {
  v1::QuestionPermit permit = Permit();
  permit.clear_claims();
  const auto answer = AnswerFromRows(Plan(), Request(kLot), permit, RowsOf({Row{}}), kAsOf).answer;
  EXPECT_EQ(answer.outcome(), v1::OUTCOME_NOT_COMPARED);
  EXPECT_EQ(answer.not_compared_reason(), v1::NOT_COMPARED_REASON_ASK_HOLDER);
}

TEST(AnswerTest, AFieldOutsideThePermitIsNotReleased) {
  v1::QuestionPermit permit = Permit();
  permit.clear_released_fields();
  const auto answer = AnswerFromRows(Plan(), Request(kLot), permit, RowsOf({Row{}}), kAsOf).answer;
  EXPECT_EQ(answer.outcome(), v1::OUTCOME_MATCH);
  EXPECT_THAT(answer.released_fields(), IsEmpty());
}

TEST(AnswerTest, AFieldAskedForTwiceIsReleasedOnce) {
  v1::VerifyDocumentRequest request = Request(kLot);
  request.add_requested_fields("share");
  EXPECT_EQ(AnswerFromRows(Plan(), request, Permit(), RowsOf({Row{}}), kAsOf)
                .answer.released_fields_size(),
            2);
}

TEST(AnswerTest, TranslatesTheDatabasesOwnCodes) {
  EXPECT_EQ(Ask("claims { code: 'class' text: 'whole' }", {Row{}}).outcome(), v1::OUTCOME_MATCH);
}

TEST(AnswerTest, NoRowIsNotFound) {
  const auto answer = Ask(kLot, {});
  EXPECT_EQ(answer.outcome(), v1::OUTCOME_NOT_FOUND);
  EXPECT_THAT(answer.verdicts(), IsEmpty());
}

TEST(AnswerTest, AnotherPersonsRowIsNotFound) {
  Row row;
  row.number = "A220000036";
  EXPECT_EQ(Ask(kLot, {row}).outcome(), v1::OUTCOME_NOT_FOUND);
}

TEST(AnswerTest, ANumberWithAnotherNameIsNotThePerson) {
  Row row;
  row.name = "李大同";
  EXPECT_EQ(Ask(kLot, {row}).outcome(), v1::OUTCOME_NOT_FOUND);
}

TEST(AnswerTest, AWrongNameThatIsClaimedTooIsAMismatch) {
  Row row;
  row.name = "王大明";
  const auto answer = Ask("claims { code: 'owner_name' text: '王小明' }", {row});
  EXPECT_EQ(answer.outcome(), v1::OUTCOME_MISMATCH);
  EXPECT_EQ(answer.verdicts(0).verdict(), v1::VERDICT_MISMATCH);
}

TEST(AnswerTest, AWrongNameNeverReachesAMatch) {
  Row row;
  row.name = "王大明";
  row.status = "VOID";
  EXPECT_EQ(Ask(kLot, {row, row}).outcome(), v1::OUTCOME_NOT_FOUND);
}

TEST(AnswerTest, PicksTheSubjectAmongCoOwners) {
  Row other;
  other.number = "A220000036";
  other.name = "李美玉";
  other.share = "1/3";
  const auto answer = Ask("claims { code: 'share' text: '1/2' }", {other, Row{}});
  EXPECT_EQ(answer.outcome(), v1::OUTCOME_MATCH);
}

TEST(AnswerTest, ASubjectKnownOnlyByAVariantNameIsForAPersonToDecide) {
  Row row;
  row.name = "王小眀";
  row.birth = std::nullopt;
  const auto answer = Ask(kLot, {row});
  // Whether the pair is listed or not, it is never a plain match.
  EXPECT_NE(answer.outcome(), v1::OUTCOME_MATCH);
}

TEST(AnswerTest, AnOldNumberWithTheRightNameIsForAPersonToDecide) {
  Row row;
  row.number = "A12345678";
  EXPECT_EQ(Ask(kLot, {row}).outcome(), v1::OUTCOME_UNCOMPARABLE);
}

TEST(AnswerTest, AnOldNumberWithAnotherNameIsNotFound) {
  Row row;
  row.number = "A12345678";
  row.name = "李大同";
  EXPECT_EQ(Ask(kLot, {row}).outcome(), v1::OUTCOME_NOT_FOUND);
}

TEST(AnswerTest, SeveralRowsOfThePersonAreAmbiguous) {
  const auto answer = Ask(kLot, {Row{}, Row{}});
  EXPECT_EQ(answer.outcome(), v1::OUTCOME_NOT_COMPARED);
  EXPECT_EQ(answer.not_compared_reason(), v1::NOT_COMPARED_REASON_ASK_HOLDER);
}

TEST(AnswerTest, OfRecordsTheOneThatAgreesBestIsMeant) {
  KindPlan plan = Plan();
  plan.source.set_several_rows(v1::SEVERAL_ROWS_BEST);
  Row other;
  other.share = "1/3";
  const auto answer = AnswerFromRows(plan, Request("claims { code: 'share' text: '1/2' }"),
                                     Permit(), RowsOf({other, Row{}}), kAsOf)
                          .answer;
  EXPECT_EQ(answer.outcome(), v1::OUTCOME_MATCH);
  EXPECT_EQ(answer.released_fields(0).text(), "1/2");
}

TEST(AnswerTest, OfEquallyGoodRecordsOnlyWhatAllSayIsReleased) {
  KindPlan plan = Plan();
  plan.source.set_several_rows(v1::SEVERAL_ROWS_BEST);
  Row other;
  other.registered = "1110301";
  const auto answer =
      AnswerFromRows(plan, Request(kLot), Permit(), RowsOf({other, Row{}}), kAsOf).answer;
  ASSERT_EQ(answer.released_fields_size(), 1);
  EXPECT_EQ(answer.released_fields(0).code(), "share");
}

TEST(AnswerTest, TwoPersonsUnderOneNumberAreAmbiguous) {
  KindPlan plan = Plan();
  plan.source.set_several_rows(v1::SEVERAL_ROWS_BEST);
  Row other;
  other.person = "2";
  const auto answer =
      AnswerFromRows(plan, Request(kLot), Permit(), RowsOf({other, Row{}}), kAsOf).answer;
  EXPECT_EQ(answer.not_compared_reason(), v1::NOT_COMPARED_REASON_ASK_HOLDER);
}

TEST(AnswerTest, AVoidDocumentIsNotCompared) {
  Row row;
  row.status = "VOID";
  const auto answer = Ask(kLot, {row});
  EXPECT_EQ(answer.outcome(), v1::OUTCOME_VOID);
  EXPECT_THAT(answer.verdicts(), IsEmpty());
}

TEST(AnswerTest, ASuccessorStandsForAVoidDocument) {
  Row row;
  row.status = "VOID";
  EXPECT_EQ(Ask(kLot, {row, Row{}}).outcome(), v1::OUTCOME_MATCH);
}

TEST(AnswerTest, AProtectedPersonsAnswerIsTheOrdinaryOneWhateverTheRowHolds) {
  Row row;
  row.restricted = "1";
  const HolderAnswer protected_answer =
      AnswerFromRows(Plan(), Request(kLot), Permit(), RowsOf({row}), kAsOf);
  row.status = "VOID";
  row.share = "1/9";
  const HolderAnswer with_other_data =
      AnswerFromRows(Plan(), Request(kLot), Permit(), RowsOf({row, row}), kAsOf);
  const HolderAnswer ordinary = NotCompared(Request(kLot));
  EXPECT_TRUE(protected_answer.restricted);
  EXPECT_TRUE(with_other_data.restricted);
  EXPECT_FALSE(ordinary.restricted);
  EXPECT_EQ(protected_answer.answer.SerializeAsString(), ordinary.answer.SerializeAsString());
  EXPECT_EQ(with_other_data.answer.SerializeAsString(), ordinary.answer.SerializeAsString());
}

// Whoever could tell these apart would know a protected person by the answer.
TEST(AnswerTest, EveryAnswerThatComparedNothingIsTheProtectedPersonsButForTheRequestId) {
  Row restricted;
  restricted.restricted = "1";
  Row nothing_held;
  nothing_held.share = std::nullopt;
  Row another_person;
  another_person.person = "2";
  Rows too_many = RowsOf({Row{}});
  too_many.truncated = true;
  const std::string share = "claims { code: 'share' text: '1/2' }";
  const std::string unmapped = "claims { code: 'unmapped' text: 'x' }";
  struct Case {
    const char* name;
    std::string claims;
    Rows rows;
  };
  const std::vector<Case> cases = {{"several rows", kLot, RowsOf({Row{}, Row{}})},
                                   {"two persons", kLot, RowsOf({Row{}, another_person})},
                                   {"too many rows", kLot, too_many},
                                   {"no value", share, RowsOf({nothing_held})},
                                   {"no column", unmapped, RowsOf({Row{}})},
                                   {"beyond the permit", "claims { code: 'x' }", RowsOf({Row{}})}};
  v1::VerificationAnswer hidden =
      AnswerFromRows(Plan(), Request(kLot), Permit(), RowsOf({restricted}), kAsOf).answer;
  ASSERT_EQ(hidden.outcome(), v1::OUTCOME_NOT_COMPARED);
  for (const Case& one : cases) {
    v1::VerifyDocumentRequest request = Request(one.claims);
    request.set_request_id(one.name);
    const HolderAnswer answer = AnswerFromRows(Plan(), request, Permit(), one.rows, kAsOf);
    EXPECT_FALSE(answer.restricted) << one.name;
    hidden.set_request_id(one.name);
    EXPECT_EQ(answer.answer.SerializeAsString(), hidden.SerializeAsString()) << one.name;
  }
}

TEST(AnswerTest, AProtectedCoOwnerDoesNotHideTheSubject) {
  Row other;
  other.number = "A220000036";
  other.restricted = "1";
  EXPECT_EQ(Ask(kLot, {other, Row{}}).outcome(), v1::OUTCOME_MATCH);
}

TEST(AnswerTest, TooManyRowsAreAmbiguous) {
  Rows rows = RowsOf({Row{}});
  rows.truncated = true;
  EXPECT_EQ(AnswerFromRows(Plan(), Request(kLot), Permit(), rows, kAsOf).answer.outcome(),
            v1::OUTCOME_NOT_COMPARED);
}

TEST(AnswerTest, ATextBeyondTheBoundIsNotReleased) {
  KindPlan plan = Plan();
  plan.source.mutable_fields(0)->set_column("case_number");
  Row row;
  row.reference = std::string(501, 'x');
  const auto answer = AnswerFromRows(plan, Request(kLot), Permit(), RowsOf({row}), kAsOf).answer;
  ASSERT_EQ(answer.released_fields_size(), 1);
  EXPECT_EQ(answer.released_fields(0).code(), "registered_date");
  EXPECT_EQ(answer.document_reference(), "");
}

TEST(CheckColumnsTest, NamesWhatIsMissing) {
  Rows rows = RowsOf({Row{}});
  EXPECT_TRUE(CheckColumns(Plan(), rows).ok());
  rows.columns[0] = "nummer";
  const absl::Status status = CheckColumns(Plan(), rows);
  EXPECT_TRUE(absl::IsInternal(status));
  EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("number"));
}

TEST(BindValuesTest, BindsNormalFormsAndNullForWhatIsNotAsked) {
  KindPlan plan = Plan();
  const std::vector<std::string> names = {"lot", "number", "birth", "share", "day"};
  *plan.source.mutable_parameters() = Parse<v1::KindSource>(R"(
          parameters { name: "lot" claim: "lot" }
          parameters { name: "share" claim: "share" }
          parameters { name: "number" subject: SUBJECT_PART_NUMBER }
          parameters { name: "birth" subject: SUBJECT_PART_BIRTH_DATE
                       date_form: DATE_FORM_ROC_MINUS }
          parameters { name: "day" as_of_date: true })")
                                          .parameters();
  auto request = Request("claims { code: 'lot' text: '179-1065' }");
  request.mutable_subject()->mutable_identifier()->set_value(" ａ123456789");
  const absl::CivilDay today(2026, 1, 15);
  auto values = BindValues(plan, names, request, today);
  ASSERT_TRUE(values.ok()) << values.status();
  EXPECT_THAT(*values, ElementsAre(Value("01791065"), Value("A123456789"), Value("0770520"),
                                   Value(), Value("2026-01-15")));
  request.mutable_subject()->mutable_birth_date()->set_era(v1::ERA_BEFORE_ROC);
  request.mutable_subject()->mutable_birth_date()->set_year(10);
  EXPECT_EQ((*BindValues(plan, names, request, today))[2], Value("-0100520"));
}

TEST(BindValuesTest, BindsCodesAsTheAgencyWritesThem) {
  KindPlan plan = Plan();
  const std::vector<std::string> names = {"share"};
  *plan.source.mutable_parameters() = Parse<v1::KindSource>(R"(
          parameters { name: "share" claim: "share"
                       codes { held: "1" code: "whole" } codes { held: "2" code: "half" } })")
                                          .parameters();
  const absl::CivilDay today(2026, 1, 15);
  EXPECT_THAT(*BindValues(plan, names, Request("claims { code: 'share' text: 'half' }"), today),
              ElementsAre(Value("2")));
  EXPECT_THAT(*BindValues(plan, names, Request("claims { code: 'share' text: 'third' }"), today),
              ElementsAre(Value("third")));
}

TEST(BindValuesTest, BindsWhoAsksAndWhy) {
  KindPlan plan = Plan();
  const std::vector<std::string> names = {"person", "office", "case", "purpose"};
  *plan.source.mutable_parameters() = Parse<v1::KindSource>(R"(
          parameters { name: "person" asker: ASKER_PART_PERSON }
          parameters { name: "office" asker: ASKER_PART_OFFICE }
          parameters { name: "case" asker: ASKER_PART_CASE_NUMBER }
          parameters { name: "purpose" asker: ASKER_PART_PURPOSE })")
                                          .parameters();
  v1::VerifyDocumentRequest request = Request(R"(
          acting_for: 'hro-1'
          purpose { person { id: 'clerk-7' } case_number: '115-42' purpose_code: 'move' })");
  EXPECT_THAT(*BindValues(plan, names, request, absl::CivilDay(2026, 1, 15)),
              ElementsAre(Value("clerk-7"), Value("hro-1"), Value("115-42"), Value("move")));
}

TEST(BindValuesTest, AZeroByteNeverReachesTheDriver) {
  KindPlan plan = Plan();
  const std::vector<std::string> names = {"share", "name"};
  *plan.source.mutable_parameters() = Parse<v1::KindSource>(R"(
          parameters { name: "share" claim: "share" }
          parameters { name: "name" subject: SUBJECT_PART_NAME })")
                                          .parameters();
  const absl::CivilDay today(2026, 1, 15);
  const auto sound = Request("claims { code: 'share' text: '1/2' }");
  ASSERT_TRUE(BindValues(plan, names, sound, today).ok());
  auto request = sound;
  request.mutable_claims(0)->set_text(std::string("1/2\0", 4));
  EXPECT_TRUE(absl::IsInvalidArgument(BindValues(plan, names, request, today).status()));
  request = sound;
  request.mutable_subject()->set_name(std::string("\0王", 4));
  EXPECT_TRUE(absl::IsInvalidArgument(BindValues(plan, names, request, today).status()));
}

TEST(CanAnswerForTest, ARegisterOfTodayAnswersForTodayOnly) {
  const absl::CivilDay today(2026, 1, 15);
  auto request = Request(kLot);
  EXPECT_TRUE(CanAnswerFor(Plan(), request, today));
  *request.mutable_as_of_date() = Parse<v1::EraDate>("era: ERA_ROC year: 115 month: 1 day: 15");
  EXPECT_TRUE(CanAnswerFor(Plan(), request, today));
  request.mutable_as_of_date()->set_day(14);
  EXPECT_FALSE(CanAnswerFor(Plan(), request, today));
  KindPlan plan = Plan();
  plan.source.add_parameters()->set_as_of_date(true);
  EXPECT_TRUE(CanAnswerFor(plan, request, today));
}

TEST(ParseAsOfTest, ReadsATimeAndADayInTaipei) {
  EXPECT_EQ(*ParseAsOf("2026-01-15T08:30:00Z"), absl::FromUnixSeconds(1'768'465'800));
  EXPECT_EQ(*ParseAsOf("2026-01-15"), absl::FromUnixSeconds(1'768'406'400));
  EXPECT_FALSE(ParseAsOf("yesterday").ok());
  EXPECT_FALSE(ParseAsOf("2026").ok());
}

TEST(KindDigestTest, DoesNotDependOnOrderAndDependsOnTypes) {
  v1::DocumentKind kind = Plan().kind;
  const crypto::Digest digest = KindDigest(kind);
  kind.mutable_claims()->SwapElements(0, 2);
  EXPECT_EQ(KindDigest(kind), digest);
  kind.mutable_claims(0)->set_type(v1::VALUE_TYPE_CODE);
  EXPECT_NE(KindDigest(kind), digest);
}

}  // namespace
}  // namespace chayan::connector
