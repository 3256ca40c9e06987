// Goal: a value can only ever be bound. Method: texts in which a colon, a question mark or a
// semicolon means something else, and texts that are no single SELECT.
#include "adapters/sql/statement.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace chayan::sql {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(StatementTest, TurnsNamesIntoQuestionMarksInOrder) {
  const auto statement =
      ParseStatement("SELECT a FROM t WHERE n = :number AND (:d IS NULL OR d=:d)");
  ASSERT_TRUE(statement.ok()) << statement.status();
  EXPECT_EQ(statement->text, "SELECT a FROM t WHERE n = ? AND (? IS NULL OR d=?)");
  EXPECT_THAT(statement->parameters, ElementsAre("number", "d", "d"));
}

TEST(StatementTest, LeavesQuotesCommentsAndCastsAlone) {
  const std::string text =
      "with x as (select ':a;?' as \"b:c\", 'it''s :d' -- :e ; ?\n /* :f ? */) select 1::text, n "
      "from x";
  const auto statement = ParseStatement(text);
  ASSERT_TRUE(statement.ok()) << statement.status();
  EXPECT_EQ(statement->text, text);
  EXPECT_THAT(statement->parameters, IsEmpty());
}

TEST(StatementTest, KeepsACommentThatEndsTheText) {
  const auto statement = ParseStatement("SELECT 1 -- last");
  ASSERT_TRUE(statement.ok()) << statement.status();
  EXPECT_EQ(statement->text, "SELECT 1 -- last");
}

struct Refusal {
  const char* text;
  const char* remedy;
};

class RefusedStatementTest : public ::testing::TestWithParam<Refusal> {};

TEST_P(RefusedStatementTest, SaysWhatToWriteInstead) {
  const auto statement = ParseStatement(GetParam().text);
  ASSERT_FALSE(statement.ok());
  EXPECT_THAT(std::string(statement.status().message()), HasSubstr(GetParam().remedy));
}

INSTANTIATE_TEST_SUITE_P(All, RefusedStatementTest,
                         ::testing::Values(Refusal{"DELETE FROM t", "one SELECT"},
                                           Refusal{"", "one SELECT"},
                                           Refusal{"SELECT 1; DELETE FROM t", "no semicolon"},
                                           Refusal{"SELECT ?", "name each parameter"},
                                           Refusal{"SELECT : number", "name the parameter"},
                                           Refusal{"SELECT 'x", "does not end"},
                                           Refusal{"SELECT /* x", "does not end"},
                                           Refusal{"SELECT $$:x$$", "single quotes"}));

}  // namespace
}  // namespace chayan::sql
