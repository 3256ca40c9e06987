// Goal: a question to a real database comes back as a true answer, and a source that fails as
// SOURCE_DOWN, never as anything a clerk could take for a finding. Method: a SQLite file behind
// ODBC; the source is broken by removing it.
#include "adapters/sql/connector.h"

#include "absl/synchronization/notification.h"
#include "adapters/sql/testing_database.h"
#include "gateway/base/file.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace chayan::sql {
namespace {

const char kKinds[] = R"(document_kinds {
  code: "land.title"
  claims { code: "lot" type: VALUE_TYPE_LAND_LOT }
  claims { code: "owner_name" type: VALUE_TYPE_NAME }
})";

std::string Config(const std::string& as_of_query) {
  return R"(member: "land-ad" system: "adapter-1" trust_domain: "chayan.example"
gateways: "127.0.0.1:7443" certificate_file: "c" key_file: "k" roots_file: "r"
answer_key_file: "a" answer_log_file: "l" kind_files: "land.textproto"
source { driver: ")" +
         SqliteDriver() + R"(" sqlite_file: "land.db" connections: 2 failures_max: 2 }
kinds {
  document_kind: "land.title"
  query: "SELECT lot, owner, number FROM title WHERE lot = :lot"
  parameters { name: "lot" claim: "lot" }
  subject { number_column: "number" name_column: "owner" }
  claims { claim: "lot" column: "lot" }
  claims { claim: "owner_name" column: "owner" }
  as_of_query: ")" +
         as_of_query + "\"\n}\n";
}

class ConnectorTest : public ::testing::Test {
 protected:
  void SetUp() override { Start("SELECT as_of FROM state"); }

  void Start(const std::string& as_of_query) {
    RunSqlite(database_,
              "DROP TABLE IF EXISTS title; DROP TABLE IF EXISTS state;"
              "CREATE TABLE title (lot TEXT, owner TEXT, number TEXT);"
              "INSERT INTO title VALUES ('00480000', '𠮷小明', 'A123456789');"
              "CREATE TABLE state (as_of TEXT);"
              "INSERT INTO state VALUES ('2026-01-15T00:00:00Z');");
    CHAYAN_CHECK(WriteFile(folder_.File("land.textproto"), kKinds).ok());
    CHAYAN_CHECK(WriteFile(folder_.File("adapter.textproto"), Config(as_of_query)).ok());
    auto settings = LoadSettings(folder_.File("adapter.textproto"));
    ASSERT_TRUE(settings.ok()) << settings.status();
    connector_ = std::make_unique<SqlConnector>(clock_, *std::move(settings));
  }

  v1::VerificationAnswer Ask(const std::string& name, const std::string& lot = "48",
                             const std::string& kind = "land.title") {
    v1::VerifyDocumentRequest request;
    CHAYAN_CHECK(google::protobuf::TextFormat::ParseFromString(
        "request_id: 'r' subject { identifier { scheme: IDENTIFIER_SCHEME_NATIONAL_ID "
        "value: 'A123456789' } }",
        &request));
    request.set_document_kind(kind);
    v1::Claim* claim = request.add_claims();
    claim->set_code("lot");
    claim->set_text(lot);
    claim = request.add_claims();
    claim->set_code("owner_name");
    claim->set_text(name);
    v1::QuestionPermit permit;
    permit.add_claims("lot");
    permit.add_claims("owner_name");
    absl::Notification answered;
    v1::VerificationAnswer answer;
    connector_->Answer({request, permit, absl::Seconds(60)}, [&](connector::HolderAnswer given) {
      answer = std::move(given.answer);
      answered.Notify();
    });
    answered.WaitForNotification();
    return answer;
  }

  TestingFolder folder_;
  const std::string database_ = folder_.File("land.db");
  SimulatedClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  std::unique_ptr<SqlConnector> connector_;
};

TEST_F(ConnectorTest, AnswersFromTheDatabase) {
  const auto answer = Ask("𠮷小明");
  EXPECT_EQ(answer.outcome(), v1::OUTCOME_MATCH);
  EXPECT_EQ(answer.verdicts(1).match_level(), v1::MATCH_LEVEL_EXACT);
  EXPECT_EQ(answer.as_of_time().seconds(), 1'768'435'200);
}

// Half of what a question costs the database; an answer may be newer than it says.
TEST_F(ConnectorTest, AsksHowNewTheRegisterIsOnceASecond) {
  Ask("𠮷小明");
  RunSqlite(database_, "UPDATE state SET as_of = '2026-01-16T00:00:00Z'");
  clock_.Advance(absl::Seconds(1) - absl::Nanoseconds(1));
  EXPECT_EQ(Ask("𠮷小明").as_of_time().seconds(), 1'768'435'200);
  clock_.Advance(absl::Nanoseconds(1));
  EXPECT_EQ(Ask("𠮷小明").as_of_time().seconds(), 1'768'435'200 + 86'400);
}

TEST_F(ConnectorTest, TellsWhatDiffersAndWhatIsMissing) {
  EXPECT_EQ(Ask("吉大明").outcome(), v1::OUTCOME_MISMATCH);
  EXPECT_EQ(Ask("𠮷小明", "49").outcome(), v1::OUTCOME_NOT_FOUND);
}

TEST_F(ConnectorTest, AKindItDoesNotHoldIsAskedOfTheHolder) {
  const auto answer = Ask("x", "48", "land.building");
  EXPECT_EQ(answer.outcome(), v1::OUTCOME_NOT_COMPARED);
  EXPECT_EQ(answer.not_compared_reason(), v1::NOT_COMPARED_REASON_ASK_HOLDER);
}

TEST_F(ConnectorTest, AMissingSourceIsDownAndComesBack) {
  std::filesystem::rename(database_, database_ + ".away");
  for (int i = 0; i < 2; ++i) {
    const auto answer = Ask("𠮷小明");
    EXPECT_EQ(answer.outcome(), v1::OUTCOME_SOURCE_DOWN);
    EXPECT_EQ(answer.answered_by(), v1::ANSWER_SOURCE_HOLDER);
    EXPECT_FALSE(answer.forwarded());
  }
  EXPECT_TRUE(connector_->source_is_down());
  std::filesystem::rename(database_ + ".away", database_);
  EXPECT_EQ(Ask("𠮷小明").outcome(), v1::OUTCOME_SOURCE_DOWN);
  clock_.Advance(absl::Seconds(5));
  EXPECT_EQ(Ask("𠮷小明").outcome(), v1::OUTCOME_MATCH);
}

TEST_F(ConnectorTest, WhatIsNoTextIsNotCompared) {
  for (const char* owner : {"CAST(x'c328' AS TEXT)", "'𠮷小明' || char(7)"}) {
    RunSqlite(database_, std::string("UPDATE title SET owner = ") + owner);
    EXPECT_EQ(Ask("𠮷小明").outcome(), v1::OUTCOME_NOT_COMPARED) << owner;
  }
  EXPECT_FALSE(connector_->source_is_down());
}

TEST_F(ConnectorTest, BytesInPlaceOfTextAreNoFinding) {
  RunSqlite(database_,
            "ALTER TABLE title RENAME TO kept; CREATE VIEW title AS SELECT lot, CAST(owner AS "
            "BLOB) AS owner, number FROM kept");
  EXPECT_EQ(Ask("𠮷小明").outcome(), v1::OUTCOME_SOURCE_DOWN);
  RunSqlite(database_, "DROP VIEW title; ALTER TABLE kept RENAME TO title");
}

TEST_F(ConnectorTest, AQueryThatDoesNotFitIsDownAndNotNotFound) {
  Start("SELECT nothing FROM state");
  const auto answer = Ask("𠮷小明");
  EXPECT_EQ(answer.outcome(), v1::OUTCOME_SOURCE_DOWN);
  EXPECT_TRUE(answer.forwarded());
}

}  // namespace
}  // namespace chayan::sql
