// Goal: what holds over SQLite holds over PostgreSQL: characters, NULL, binding, no writing, an end
// to statements, a server that goes away. Method: a server that pg_virtualenv made for this run and
// names in PGHOST … PGPASSWORD; tests/postgres/run starts both.
#include <cstdlib>
#include <string>

#include "adapters/sql/odbc.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace chayan::sql {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Optional;

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

class PostgresTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(Environment("PGPORT"), "") << "run it by tests/postgres/run";
    connection_string_ = *ConnectionAttribute("Driver", "PostgreSQL Unicode") +
                         *ConnectionAttribute("Servername", Environment("PGHOST")) +
                         *ConnectionAttribute("Port", Environment("PGPORT")) +
                         *ConnectionAttribute("Database", Environment("PGDATABASE")) +
                         *ConnectionAttribute("UID", Environment("PGUSER")) +
                         *ConnectionAttribute("PWD", Environment("PGPASSWORD"));
    auto writer =
        Connect({connection_string_,
                 {"DROP TABLE IF EXISTS p", "CREATE TABLE p (name text, n int, note text)",
                  "INSERT INTO p VALUES ('𠮷野·Ｘ', 7, NULL)"},
                 absl::Minutes(1)});
    ASSERT_TRUE(writer.ok()) << writer.status();
  }

  std::unique_ptr<Connection> Open(absl::Duration timeout = absl::Minutes(1)) {
    auto connection =
        Connect({connection_string_, {"SET default_transaction_read_only = on"}, timeout});
    EXPECT_TRUE(connection.ok()) << connection.status();
    return connection.ok() ? *std::move(connection) : nullptr;
  }

  std::string connection_string_;
};

TEST_F(PostgresTest, KeepsFourByteCharactersBothWaysAndTellsNull) {
  const auto rows = Open()->Select({"SELECT name, n, note FROM p WHERE name = ?", {"x"}},
                                   std::vector<Value>{"𠮷野·Ｘ"});
  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_EQ(rows->rows.size(), 1u);
  EXPECT_THAT(rows->rows[0],
              ElementsAre(Optional(std::string("𠮷野·Ｘ")), Optional(std::string("7")), Value()));
}

TEST_F(PostgresTest, AValueIsNeverSql) {
  const auto rows = Open()->Select({"SELECT n FROM p WHERE name = ?", {"x"}},
                                   std::vector<Value>{"'; DROP TABLE p; --"});
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_TRUE(rows->rows.empty());
  EXPECT_TRUE(Open()->Select({"SELECT n FROM p", {}}, {}).ok());
}

TEST_F(PostgresTest, BindsNull) {
  const auto rows = Open()->Select({"SELECT n FROM p WHERE ?::text IS NULL", {"x"}},
                                   std::vector<Value>{std::nullopt});
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_EQ(rows->rows.size(), 1u);
}

TEST_F(PostgresTest, CannotWrite) {
  for (const char* text :
       {"INSERT INTO p VALUES ('x', 1, NULL)", "DELETE FROM p", "DROP TABLE p"}) {
    EXPECT_FALSE(Open()->Select({text, {}}, {}).ok()) << text;
  }
  EXPECT_EQ(Open()->Select({"SELECT n FROM p", {}}, {})->rows.size(), 1u);
}

TEST_F(PostgresTest, EndsAStatementThatRunsTooLong) {
  const auto rows = Open(absl::Milliseconds(50))->Select({"SELECT pg_sleep(600)", {}}, {});
  EXPECT_TRUE(absl::IsDeadlineExceeded(rows.status())) << rows.status();
}

TEST_F(PostgresTest, TellsALostConnectionFromABadStatement) {
  const auto connection = Open();
  EXPECT_TRUE(absl::IsInternal(connection->Select({"SELECT missing FROM p", {}}, {}).status()));
  const auto other = Open();
  const auto pid = other->Select({"SELECT pg_backend_pid()", {}}, {});
  ASSERT_TRUE(pid.ok()) << pid.status();
  ASSERT_TRUE(
      Open()->Select({"SELECT pg_terminate_backend(" + *pid->rows[0][0] + ")", {}}, {}).ok());
  const auto lost = other->Select({"SELECT 1", {}}, {});
  EXPECT_TRUE(absl::IsUnavailable(lost.status())) << lost.status();
}

TEST_F(PostgresTest, AFaultRepeatsNoValue) {
  const auto rows =
      Open()->Select({"SELECT 1 FROM p WHERE n = ?::int", {"x"}}, std::vector<Value>{"A123456789"});
  ASSERT_FALSE(rows.ok());
  EXPECT_THAT(std::string(rows.status().message()), ::testing::Not(HasSubstr("A123456789")));
}

}  // namespace
}  // namespace chayan::sql
