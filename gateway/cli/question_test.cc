// Goal: what was typed becomes the question that was meant, and what is wrong is named with the
// flag and what to write; the CSV of a batch survives quotes, commas and line ends. Method: tables.
#include "gateway/cli/question.h"

#include <gtest/gtest.h>

#include <functional>
#include <utility>
#include <vector>

#include "gateway/base/status_matchers.h"
#include "gateway/cli/batch.h"
#include "gateway/cli/examples.h"

namespace chayan::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

v1::DocumentKindDescription Kind() {
  v1::DocumentKindDescription kind;
  kind.set_document_kind("land.title");
  for (const auto& [code, type] : {std::pair<const char*, const char*>{"lot", "LAND_LOT"},
                                   {"owner_name", "NAME"},
                                   {"registered_on", "DATE"}}) {
    v1::ElementDescription* claim = kind.add_claims();
    claim->set_code(code);
    claim->set_type(type);
  }
  return kind;
}

TypedQuestion Typed() {
  TypedQuestion typed;
  typed.request_id = "0190a6c0-0000-7000-8000-000000000001";
  typed.acting_for = "hro-shanhua";
  typed.person = "clerk-7";
  typed.person_role = "clerk";
  typed.purpose = "household.move";
  typed.basis = "household-act-68";
  typed.case_number = "115-1";
  typed.id = "A123456789";
  typed.birth_date = "0770520";
  typed.claims = {"lot=48", "registered_on=民前10年3月2日"};
  return typed;
}

TEST(BuildQuestion, PutsEachValueInTheFormItsClaimHas) {
  const auto question = BuildQuestion(Typed(), Kind());
  ASSERT_OK(question);
  EXPECT_EQ(question->subject().identifier().scheme(), v1::IDENTIFIER_SCHEME_NATIONAL_ID);
  EXPECT_EQ(question->subject().birth_date().year(), 77);
  EXPECT_EQ(question->claims(0).text(), "48");
  EXPECT_EQ(question->claims(1).date().era(), v1::ERA_BEFORE_ROC);
  EXPECT_EQ(question->claims(1).date().year(), 10);
  EXPECT_FALSE(question->has_as_of_date());
}

TEST(BuildQuestion, KeepsTheNumberAsTypedForTheGatewayToFold) {
  TypedQuestion typed = Typed();
  typed.id = "a１23456789";
  const auto question = BuildQuestion(typed, Kind());
  ASSERT_OK(question);
  EXPECT_EQ(question->subject().identifier().value(), "a１23456789");
  EXPECT_EQ(question->subject().identifier().scheme(), v1::IDENTIFIER_SCHEME_NATIONAL_ID);
}

TEST(BuildQuestion, TellsTheSchemesOfNumbersApart) {
  const std::vector<std::pair<std::string, v1::IdentifierScheme>> numbers = {
      {"A800000014", v1::IDENTIFIER_SCHEME_RESIDENT_NUMBER},
      {"AC01234567", v1::IDENTIFIER_SCHEME_OLD_RESIDENT_NUMBER},
      {"04595257", v1::IDENTIFIER_SCHEME_BUSINESS_NUMBER},
  };
  for (const auto& [number, scheme] : numbers) {
    TypedQuestion typed = Typed();
    typed.id = number;
    EXPECT_EQ(BuildQuestion(typed, Kind())->subject().identifier().scheme(), scheme) << number;
  }
  TypedQuestion passport = Typed();
  passport.id = "312345678";
  passport.id_scheme = "passport";
  EXPECT_EQ(BuildQuestion(passport, Kind())->subject().identifier().scheme(),
            v1::IDENTIFIER_SCHEME_PASSPORT);
}

TEST(BuildQuestion, NamesTheFlagThatIsMissingOrWrong) {
  const std::vector<std::pair<const char*, std::function<void(TypedQuestion&)>>> faults = {
      {"--acting-for", [](auto& t) { t.acting_for.clear(); }},
      {"--person", [](auto& t) { t.person.clear(); }},
      {"--purpose", [](auto& t) { t.purpose.clear(); }},
      {"--basis", [](auto& t) { t.basis.clear(); }},
      {"--case", [](auto& t) { t.case_number.clear(); }},
      {"--id", [](auto& t) { t.id.clear(); }},
      {"--id-scheme", [](auto& t) { t.id = "X"; }},
      {"--id-scheme", [](auto& t) { t.id_scheme = "library-card"; }},
      {"--claim", [](auto& t) { t.claims.clear(); }},
      {"CODE=VALUE", [](auto& t) { t.claims = {"lot"}; }},
      {"CODE=VALUE", [](auto& t) { t.claims = {"lot="}; }},
      {"lot, owner_name, registered_on", [](auto& t) { t.claims = {"shoe_size=42"}; }},
      {"--claim registered_on", [](auto& t) { t.claims = {"registered_on=1140229"}; }},
      {"--birth", [](auto& t) { t.birth_date = "115115"; }},
      {"--as-of", [](auto& t) { t.as_of_date = "tomorrow"; }},
  };
  for (const auto& [named, break_it] : faults) {
    TypedQuestion typed = Typed();
    break_it(typed);
    EXPECT_THAT(BuildQuestion(typed, Kind()),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(named)));
  }
}

TEST(Examples, AreFoundByNameByKindAndByDefault) {
  EXPECT_STREQ(FindExample("")->name, "match");
  EXPECT_STREQ(FindExample("variant")->expected, "VARIANT");
  EXPECT_STREQ(FindExample("immigration.entry_exit")->name, "entry-exit");
  EXPECT_EQ(FindExample("nonsense"), nullptr);
  TypedQuestion typed;
  typed.case_number = "mine";
  FillFrom(*FindExample("mismatch"), typed);
  EXPECT_EQ(typed.case_number, "mine");  // what was typed stays
  EXPECT_EQ(typed.kind, "land.title");
  EXPECT_THAT(typed.claims, ::testing::Contains("owner_name=王大明"));
}

TEST(Csv, SurvivesQuotesCommasLineEndsAndTheByteOrderMark) {
  const auto rows = ParseCsv("\xEF\xBB\xBFkind,name\r\nland.title,\"王,\"\"小\"\"\n明\"\n\nx,\n");
  ASSERT_OK(rows);
  EXPECT_THAT(*rows, ElementsAre(ElementsAre("kind", "name"),
                                 ElementsAre("land.title", "王,\"小\"\n明"), ElementsAre("x", "")));
  std::string out;
  for (const auto& row : *rows) AppendCsvRow(out, row);
  EXPECT_EQ(*ParseCsv(out), *rows);
  EXPECT_THAT(ParseCsv("a,\"b\nc"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("line 1")));
}

TEST(Csv, FillsEmptyColumnsFromTheFlags) {
  TypedQuestion defaults = Typed();
  defaults.claims.clear();
  const auto questions =
      QuestionsFromCsv({{"id", "case", "claim.lot", "claim.owner_name", "fields"},
                        {"A123456789", "", "48", "", "share registered_date"},
                        {"F120000020", "115-2", "49", "林青峰", ""}},
                       defaults);
  ASSERT_OK(questions);
  EXPECT_EQ((*questions)[0].case_number, "115-1");
  EXPECT_THAT((*questions)[0].claims, ElementsAre("lot=48"));
  EXPECT_THAT((*questions)[0].fields, ElementsAre("share", "registered_date"));
  EXPECT_EQ((*questions)[1].case_number, "115-2");
  EXPECT_THAT((*questions)[1].claims, ElementsAre("lot=49", "owner_name=林青峰"));
  EXPECT_THAT(QuestionsFromCsv({{"shoe"}, {"42"}}, defaults),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("column 'shoe'")));
  EXPECT_THAT(QuestionsFromCsv({{"id", "case"}, {"x"}}, defaults),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("row 1")));
}

}  // namespace
}  // namespace chayan::cli
