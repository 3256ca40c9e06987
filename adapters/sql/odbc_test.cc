// Goal: what is in the database comes out code point for code point, nothing can be written, and a
// statement that runs on is ended. Method: a real driver over a real file.
#include "adapters/sql/odbc.h"

#include "adapters/sql/testing_database.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace chayan::sql {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Optional;

constexpr absl::Duration kLong = absl::Seconds(60);

class OdbcTest : public ::testing::Test {
 protected:
  void SetUp() override {
    RunSqlite(file_,
              "CREATE TABLE p (Name TEXT, n INTEGER, note TEXT);"
              "INSERT INTO p VALUES ('𠮷野·Ｘ', 7, NULL), ('', 8, 'x''; DROP TABLE p; --');");
  }

  absl::StatusOr<std::unique_ptr<Connection>> Open(absl::Duration timeout = kLong) {
    return Connect({.connection_string = "Driver=" + SqliteDriver() + ";Database=file:" + file_ +
                                         "?mode=ro;NoCreat=1;",
                    .session_statements = {"PRAGMA query_only = 1"},
                    .statement_timeout = timeout});
  }

  Rows Select(const std::string& text, std::vector<std::string> names, std::vector<Value> values) {
    auto connection = Open();
    EXPECT_TRUE(connection.ok()) << connection.status();
    auto rows = (*connection)->Select({text, std::move(names)}, values);
    EXPECT_TRUE(rows.ok()) << rows.status();
    return rows.ok() ? *std::move(rows) : Rows();
  }

  TestingFolder folder_;
  const std::string file_ = folder_.File("p.sqlite");
};

TEST_F(OdbcTest, KeepsFourByteCharactersBothWays) {
  const Rows rows = Select("SELECT Name, n FROM p WHERE Name = ?", {"name"}, {"𠮷野·Ｘ"});
  EXPECT_THAT(rows.columns, ElementsAre("name", "n"));
  ASSERT_EQ(rows.rows.size(), 1u);
  EXPECT_THAT(rows.rows[0],
              ElementsAre(Optional(std::string("𠮷野·Ｘ")), Optional(std::string("7"))));
}

TEST_F(OdbcTest, TellsNullFromEmpty) {
  const Rows rows = Select("SELECT name, note FROM p ORDER BY n", {}, {});
  ASSERT_EQ(rows.rows.size(), 2u);
  EXPECT_EQ(rows.rows[0][1], std::nullopt);
  EXPECT_THAT(rows.rows[1][0], Optional(std::string()));
}

TEST_F(OdbcTest, BindsNull) {
  EXPECT_EQ(Select("SELECT n FROM p WHERE ? IS NULL", {"x"}, {std::nullopt}).rows.size(), 2u);
}

TEST_F(OdbcTest, AValueIsNeverSql) {
  const std::string hostile = "x'; DROP TABLE p; --";
  EXPECT_EQ(Select("SELECT n FROM p WHERE note = ?", {"x"}, {hostile}).rows.size(), 1u);
  EXPECT_EQ(Select("SELECT n FROM p", {}, {}).rows.size(), 2u);
}

TEST_F(OdbcTest, ReadsAValueLongerThanOnePiece) {
  const std::string text(3000, 'a');
  const Rows rows = Select("SELECT ? || 'b'", {"x"}, {text});
  ASSERT_EQ(rows.rows.size(), 1u);
  EXPECT_THAT(rows.rows[0][0], Optional(text + "b"));
}

TEST_F(OdbcTest, RefusesAValueBeyondTheBound) {
  auto connection = Open();
  ASSERT_TRUE(connection.ok()) << connection.status();
  EXPECT_TRUE(
      absl::IsInternal((*connection)->Select({"SELECT hex(zeroblob(20000))", {}}, {}).status()));
}

TEST_F(OdbcTest, StopsAtTheBoundOfRowsAndSaysSo) {
  Rows rows = Select(
      "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 1001) SELECT x "
      "FROM c",
      {}, {});
  EXPECT_EQ(rows.rows.size(), kRowsMax);
  EXPECT_TRUE(rows.truncated);
}

TEST_F(OdbcTest, CannotWrite) {
  auto connection = Open();
  ASSERT_TRUE(connection.ok()) << connection.status();
  for (const char* text : {"INSERT INTO p VALUES ('x', 1, NULL)", "DELETE FROM p",
                           "CREATE TABLE q (a)", "DROP TABLE p"}) {
    EXPECT_FALSE((*connection)->Select({text, {}}, {}).ok()) << text;
  }
  EXPECT_EQ(Select("SELECT n FROM p", {}, {}).rows.size(), 2u);
}

TEST_F(OdbcTest, DoesNotCreateAFileThatIsMissing) {
  std::filesystem::remove(file_);
  EXPECT_TRUE(absl::IsUnavailable(Open().status()));
  EXPECT_FALSE(std::filesystem::exists(file_));
}

TEST_F(OdbcTest, EndsAStatementThatRunsTooLong) {
  auto connection = Open(absl::Seconds(1));
  ASSERT_TRUE(connection.ok()) << connection.status();
  // Without the timer this runs for minutes.
  const auto rows = (*connection)
                        ->Select({"WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c "
                                  "WHERE x < 2000000000) SELECT count(*) FROM c",
                                  {}},
                                 {});
  EXPECT_TRUE(absl::IsDeadlineExceeded(rows.status())) << rows.status();
}

TEST_F(OdbcTest, AFaultRepeatsNoValue) {
  auto connection = Open();
  ASSERT_TRUE(connection.ok()) << connection.status();
  const auto rows =
      (*connection)
          ->Select({"SELECT * FROM missing WHERE a = ?", {"a"}}, std::vector<Value>{"A123456789"});
  EXPECT_TRUE(absl::IsInternal(rows.status()));
  EXPECT_THAT(std::string(rows.status().message()), HasSubstr("SQLSTATE"));
  EXPECT_THAT(std::string(rows.status().message()), ::testing::Not(HasSubstr("A123456789")));
}

TEST(ConnectionAttributeTest, QuotesWhatWouldEndTheAttribute) {
  EXPECT_EQ(*ConnectionAttribute("PWD", "a;b"), "PWD={a;b};");
  EXPECT_EQ(*ConnectionAttribute("Database", "/x y"), "Database=/x y;");
}

TEST(ConnectionAttributeTest, RefusesWhatCannotBeWritten) {
  EXPECT_FALSE(ConnectionAttribute("PWD", "a}b").ok());
  EXPECT_FALSE(ConnectionAttribute("a;b", "x").ok());
  EXPECT_FALSE(ConnectionAttribute("", "x").ok());
}

}  // namespace
}  // namespace chayan::sql
