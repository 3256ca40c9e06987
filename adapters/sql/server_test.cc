// Goal: what holds over SQLite holds over the servers that agencies have: characters, NULL,
// binding, no writing, an end to statements, a server that goes away. Method: a real server that
// was made for this run (testing_server.h).
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "adapters/sql/odbc.h"
#include "adapters/sql/testing_server.h"
#include "gateway/base/check.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace chayan::sql {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Optional;

class ServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    server_ = TheServer();
    auto writer =
        Connect({server_.connection_string,
                 {"DROP TABLE IF EXISTS p", "CREATE TABLE p (name text, n int, note text)",
                  "INSERT INTO p VALUES ('𠮷野·Ｘ', 7, NULL)"},
                 absl::Minutes(1)});
    ASSERT_TRUE(writer.ok()) << writer.status();
  }

  std::unique_ptr<Connection> Open(absl::Duration timeout = absl::Minutes(1)) {
    auto connection = Connect({server_.connection_string, {server_.read_only}, timeout});
    EXPECT_TRUE(connection.ok()) << connection.status();
    return connection.ok() ? *std::move(connection) : nullptr;
  }

  Server server_;
};

TEST_F(ServerTest, KeepsFourByteCharactersBothWaysAndTellsNull) {
  const auto rows = Open()->Select({"SELECT name, n, note FROM p WHERE name = ?", {"x"}},
                                   std::vector<Value>{"𠮷野·Ｘ"});
  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_EQ(rows->rows.size(), 1u);
  EXPECT_THAT(rows->rows[0],
              ElementsAre(Optional(std::string("𠮷野·Ｘ")), Optional(std::string("7")), Value()));
}

TEST_F(ServerTest, AValueIsNeverSql) {
  const auto rows = Open()->Select({"SELECT n FROM p WHERE name = ?", {"x"}},
                                   std::vector<Value>{"'; DROP TABLE p; --"});
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_TRUE(rows->rows.empty());
  EXPECT_TRUE(Open()->Select({"SELECT n FROM p", {}}, {}).ok());
}

TEST_F(ServerTest, BindsNull) {
  const auto rows = Open()->Select({server_.is_null, {"x"}}, std::vector<Value>{std::nullopt});
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_EQ(rows->rows.size(), 1u);
}

TEST_F(ServerTest, CannotWrite) {
  for (const char* text :
       {"INSERT INTO p VALUES ('x', 1, NULL)", "DELETE FROM p", "DROP TABLE p"}) {
    EXPECT_FALSE(Open()->Select({text, {}}, {}).ok()) << text;
  }
  EXPECT_EQ(Open()->Select({"SELECT n FROM p", {}}, {})->rows.size(), 1u);
}

TEST_F(ServerTest, EndsAStatementThatRunsTooLong) {
  const auto connection = Open(absl::Seconds(2));
  ASSERT_NE(connection, nullptr);
  const auto rows = connection->Select({server_.endless, {}}, {});
  EXPECT_TRUE(absl::IsDeadlineExceeded(rows.status())) << rows.status();
}

TEST_F(ServerTest, TellsALostConnectionFromABadStatement) {
  const auto connection = Open();
  EXPECT_TRUE(absl::IsInternal(connection->Select({"SELECT missing FROM p", {}}, {}).status()));
  const auto other = Open();
  const auto id = other->Select({server_.own_id, {}}, {});
  ASSERT_TRUE(id.ok()) << id.status();
  // What it says is not looked at: a server need not answer a KILL with rows.
  Open()
      ->Select({absl::StrCat(server_.end_connection, *id->rows[0][0], ")"), {}}, {})
      .IgnoreError();
  const auto lost = other->Select({"SELECT 1", {}}, {});
  EXPECT_TRUE(absl::IsUnavailable(lost.status())) << lost.status();
}

TEST_F(ServerTest, AFaultRepeatsNoValue) {
  const auto rows = Open()->Select({server_.as_number, {"x"}}, std::vector<Value>{"A123456789"});
  ASSERT_FALSE(rows.ok());
  EXPECT_THAT(std::string(rows.status().message()), ::testing::Not(HasSubstr("A123456789")));
}

}  // namespace
}  // namespace chayan::sql
