// Goal: a configuration either works or says everything that is wrong with it, with line and
// remedy. Method: one good file; each fault is one edit of it.
#include "adapters/sql/config.h"

#include <cstdlib>

#include "absl/strings/str_replace.h"
#include "adapters/sql/testing_database.h"
#include "gateway/base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace chayan::sql {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const char kKinds[] = R"(document_kinds {
  code: "land.title"
  claims { code: "lot" type: VALUE_TYPE_LAND_LOT }
  fields { code: "share" type: VALUE_TYPE_TEXT }
}
)";

const char kGood[] = R"(member: "land-ad"
system: "adapter-1"
trust_domain: "chayan.example"
gateways: "127.0.0.1:7443"
certificate_file: "tls.pem"
key_file: "tls.key"
roots_file: "/etc/roots.pem"
answer_key_file: "answer.key"
answer_log_file: "answers.log"
kind_files: "land.textproto"
source {
  driver: "SQLite3"
  sqlite_file: "land.db"
}
kinds {
  document_kind: "land.title"
  query: "SELECT * FROM t WHERE lot = :lot"
  parameters { name: "lot" claim: "lot" }
  subject { number_column: "Owner_Number" }
  claims { claim: "lot" column: "LOT" }
  fields { field: "share" column: "share" }
}
)";

class ConfigTest : public ::testing::Test {
 protected:
  void SetUp() override { CHAYAN_CHECK(WriteFile(folder_.File("land.textproto"), kKinds).ok()); }
  absl::StatusOr<AdapterSettings> Load(const std::string& text) {
    CHAYAN_CHECK(WriteFile(folder_.File("adapter.textproto"), text).ok());
    return LoadSettings(folder_.File("adapter.textproto"));
  }
  // What is said when `from` of the good file is `to`.
  std::string FaultOf(const std::string& from, const std::string& to) {
    const auto settings = Load(absl::StrReplaceAll(kGood, {{from, to}}));
    EXPECT_FALSE(settings.ok()) << from;
    return std::string(settings.status().message());
  }
  TestingFolder folder_;
};

TEST_F(ConfigTest, MakesAGoodFileReadyToUse) {
  const auto settings = Load(kGood);
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_EQ(settings->config.key_file(), folder_.File("tls.key"));
  EXPECT_EQ(settings->config.roots_file(), "/etc/roots.pem");
  EXPECT_EQ(settings->config.source().connections(), 4u);
  EXPECT_EQ(settings->connect.connection_string,
            "Driver=SQLite3;Database=file:" + folder_.File("land.db") +
                "?mode=ro;NoCreat=1;Timeout=5000;");
  EXPECT_THAT(settings->connect.session_statements,
              ::testing::ElementsAre("PRAGMA query_only = 1"));
  ASSERT_EQ(settings->kinds.size(), 1u);
  EXPECT_EQ(settings->kinds[0].query.text, "SELECT * FROM t WHERE lot = ?");
  EXPECT_EQ(settings->kinds[0].source.subject().number_column(), "owner_number");
  EXPECT_EQ(settings->kinds[0].source.claims(0).column(), "lot");
}

TEST_F(ConfigTest, TellsEveryFaultAtOnceWithItsLine) {
  std::string text = absl::StrReplaceAll(
      kGood, {{"claim: \"lot\" column", "claim: \"lott\" column"}, {"member: \"land-ad\"", ""}});
  text = absl::StrReplaceAll(text, {{"127.0.0.1:7443", "127.0.0.1"}});
  const auto settings = Load(text);
  const std::string file = folder_.File("adapter.textproto");
  EXPECT_THAT(std::string(settings.status().message()),
              AllOf(HasSubstr(file + ": member: is missing, add a line `member: \"land-ad\"`"),
                    HasSubstr(file + ":4: gateways: is no address, write host:port"),
                    HasSubstr(file + ":20: kinds[0].claims[0].claim: the kind has no such claim, "
                                     "write lot")));
}

TEST_F(ConfigTest, SaysEverywhereWhereTheTextItselfIsWrong) {
  const auto settings = Load(absl::StrReplaceAll(kGood, {{"system:", "sistem:"},
                                                         {"\"SQLite3\"", "SQLite3"},
                                                         {"claim: \"lot\" column", "claim: lot"}}));
  const std::string file = folder_.File("adapter.textproto");
  EXPECT_THAT(std::string(settings.status().message()),
              AllOf(HasSubstr(file + ":2: "), HasSubstr("\"sistem\"; did you mean system?"),
                    HasSubstr(file + ":12: "), HasSubstr(file + ":20: ")));
}

TEST_F(ConfigTest, NamesAKindThatNoFileDefines) {
  EXPECT_THAT(FaultOf("document_kind: \"land.title\"", "document_kind: \"land.tittle\""),
              HasSubstr(":16: kinds[0].document_kind: no file of kind_files defines it, "
                        "add the one that does, or write land.title"));
}

TEST_F(ConfigTest, NamesAKindFileThatIsMissing) {
  EXPECT_THAT(FaultOf("\"land.textproto\"", "\"gone.textproto\""), HasSubstr(":10: kind_files: "));
}

TEST_F(ConfigTest, NamesAParameterThatIsNotDefined) {
  EXPECT_THAT(FaultOf("= :lot", "= :lot AND a = :b"),
              HasSubstr(":17: kinds[0].query: :b is not defined"));
}

TEST_F(ConfigTest, NamesAParameterThatTheQueryDoesNotUse) {
  EXPECT_THAT(FaultOf("= :lot", "= 1"), HasSubstr("the query has no :lot"));
}

TEST_F(ConfigTest, RefusesAQueryThatIsNoSelect) {
  EXPECT_THAT(FaultOf("SELECT * FROM t", "DELETE FROM t"), HasSubstr("write one SELECT"));
}

TEST_F(ConfigTest, RefusesAMarkWithoutValues) {
  EXPECT_THAT(FaultOf("  fields {", "  void_when { column: \"status\" }\n  fields {"),
              HasSubstr("kinds[0].void_when.values: is missing"));
}

TEST_F(ConfigTest, RefusesAPasswordInTheFileAndDoesNotRepeatIt) {
  EXPECT_THAT(FaultOf("sqlite_file: \"land.db\"", "attributes { name: \"PWD\" text: \"hunter2\" }"),
              AllOf(HasSubstr("env:NAME"), Not(HasSubstr("hunter2"))));
}

TEST_F(ConfigTest, TakesSecretsFromEnvironmentAndFile) {
  setenv("CHAYAN_SQL_TEST_SECRET", "a;b", 1);
  CHAYAN_CHECK(WriteFile(folder_.File("user"), "reader\nsecond line\n").ok());
  const auto settings = Load(absl::StrReplaceAll(
      kGood, {{"sqlite_file: \"land.db\"",
               "attributes { name: \"PWD\" secret: \"env:CHAYAN_SQL_TEST_SECRET\" }\n"
               "attributes { name: \"UID\" secret: \"file:user\" }"}}));
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_EQ(settings->connect.connection_string, "Driver=SQLite3;PWD={a;b};UID=reader;");
}

TEST_F(ConfigTest, NamesASecretThatIsNotThere) {
  EXPECT_THAT(FaultOf("sqlite_file: \"land.db\"",
                      "attributes { name: \"PWD\" secret: \"env:CHAYAN_NOT_SET\" }"),
              HasSubstr("the environment has no CHAYAN_NOT_SET"));
}

TEST_F(ConfigTest, EscapesWhatAUriWouldMisread) {
  const auto settings =
      Load(absl::StrReplaceAll(kGood, {{"sqlite_file: \"land.db\"", "sqlite_file: \"/a?b#c%\""}}));
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_THAT(settings->connect.connection_string,
              HasSubstr("Database=file:/a%3fb%23c%25?mode=ro;"));
}

}  // namespace
}  // namespace chayan::sql
