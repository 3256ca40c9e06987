// Goal: a notice is in the agency's tables once, whole or not at all, and a trial in none of the
// business. Method: a SQLite file behind ODBC with the tables of inbox.sql; server_test does the
// core of it over PostgreSQL and MariaDB.
#include "adapters/sql/notice_table.h"

#include "absl/strings/str_cat.h"
#include "adapters/connector/testing_notices.h"
#include "adapters/connector/testing_take.h"
#include "adapters/sql/testing_database.h"
#include "gateway/base/file.h"
#include "gateway/base/status_matchers.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace chayan::sql {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class NoticeTableTest : public ::testing::Test {
 protected:
  void SetUp() override {
    RunSqlite(database_, absl::StrCat(*ReadFile("adapters/sql/inbox.sql"),
                                      "CREATE TABLE customer (account TEXT, holder TEXT);"
                                      "INSERT INTO customer VALUES ('P-1', 'old');"));
  }
  absl::StatusOr<NoticeTableSettings> Load(const std::string& more) {
    return connector::LoadNoticesTo(
        folder_,
        absl::StrCat("database { source { driver: \"", SqliteDriver(),
                     "\" sqlite_file: \"power.db\" connections: 1 failures_max: 3 "
                     "retry_after_ms: 5000 } ",
                     more, "}"),
        LoadNoticeTable);
  }
  void Start(const std::string& more = "") {
    auto settings = Load(more);
    ASSERT_OK(settings.status());
    table_ = std::make_unique<NoticeTable>(clock_, *std::move(settings));
  }
  static v1::DeliveredNotice Rename(const std::string& account = "P-1") {
    v1::DeliveredNotice notice;
    CHAYAN_CHECK(google::protobuf::TextFormat::ParseFromString(
        R"(delivery_id: "018bcfe5-6800-7000-8000-000000000001" notice_id: "n-1"
           notice_kind: "person.name" subscription: "power-name" publisher: "hro-1"
           effective_date { era: ERA_ROC year: 115 month: 1 day: 15 }
           subjects { name: "𠮷小明'; DROP TABLE customer; --"
                      identifier { scheme: IDENTIFIER_SCHEME_NATIONAL_ID value: "A123456789" } }
           payload { code: "new_name" text: "吉小明" })",
        &notice));
    notice.add_customer_accounts(account);
    return notice;
  }
  connector::NoticeResult Take(const v1::DeliveredNotice& notice) {
    return connector::TakeNow(*table_, notice);
  }
  std::vector<std::string> Column(const std::string& sql) {
    auto settings = Load("");
    auto connection = Connect(settings->connect);
    CHAYAN_CHECK(connection.ok());
    const auto rows = (*connection)->Select({sql, {}}, {});
    EXPECT_OK(rows.status());
    std::vector<std::string> column;
    for (const auto& row : rows->rows) column.push_back(row[0].value_or("NULL"));
    return column;
  }

  static constexpr char kUpdate[] = R"(statements {
      notice_kinds: "person.name"
      statement: "UPDATE customer SET holder = :new WHERE account = :account"
      values { name: "new" element: "new_name" }
      values { name: "account" part: NOTICE_PART_CUSTOMER_ACCOUNT }
      rejected_without_row: REJECTION_REASON_NO_SUCH_PERSON }
    statements_acknowledge: true)";

  TestingFolder folder_;
  const std::string database_ = folder_.File("power.db");
  SimulatedClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  std::unique_ptr<NoticeTable> table_;
};

TEST_F(NoticeTableTest, PutsANoticeIntoTheInboxOnce) {
  Start();
  for (int i = 0; i < 2; ++i) {
    const auto result = Take(Rename());
    EXPECT_FALSE(result.not_taken.has_value()) << result.cause;
    EXPECT_EQ(result.settlement.state(), v1::DELIVERY_STATE_UNSPECIFIED);
  }
  EXPECT_THAT(Column("SELECT effective_date || test FROM chayan_inbox"),
              ElementsAre("2026-01-150"));
  EXPECT_THAT(Column("SELECT name FROM chayan_inbox_subject WHERE number = 'A123456789'"),
              ElementsAre("𠮷小明'; DROP TABLE customer; --"));
  EXPECT_THAT(Column("SELECT value FROM chayan_inbox_element WHERE code = 'new_name'"),
              ElementsAre("吉小明"));
  EXPECT_THAT(Column("SELECT account FROM chayan_inbox_account"), ElementsAre("P-1"));
}

TEST_F(NoticeTableTest, TheInForceViewForgetsWhatWasReversed) {
  Start();
  Take(Rename());
  EXPECT_THAT(Column("SELECT number FROM chayan_inbox_in_force"), ElementsAre("A123456789"));
  v1::DeliveredNotice reversal = Rename();
  reversal.set_delivery_id("018bcfe5-6800-7000-8000-000000000002");
  reversal.set_notice_id("n-2");
  reversal.set_reverses_notice_id("n-1");
  Take(reversal);
  EXPECT_THAT(Column("SELECT number FROM chayan_inbox_in_force"), IsEmpty());
}

TEST_F(NoticeTableTest, RunsTheAgencysOwnStatementOnceAndAcknowledges) {
  Start(kUpdate);
  EXPECT_EQ(Take(Rename()).settlement.state(), v1::DELIVERY_STATE_ACKNOWLEDGED);
  EXPECT_THAT(Column("SELECT holder FROM customer"), ElementsAre("吉小明"));
  RunSqlite(database_, "UPDATE customer SET holder = 'later'");
  EXPECT_EQ(Take(Rename()).settlement.state(), v1::DELIVERY_STATE_ACKNOWLEDGED);
  EXPECT_THAT(Column("SELECT holder FROM customer"), ElementsAre("later"));
}

TEST_F(NoticeTableTest, AnAccountThatNobodyHasIsRejectedAndLeavesNothing) {
  Start(kUpdate);
  const auto result = Take(Rename("P-9"));
  EXPECT_EQ(result.settlement.state(), v1::DELIVERY_STATE_REJECTED);
  EXPECT_EQ(result.settlement.rejection_reason(), v1::REJECTION_REASON_NO_SUCH_PERSON);
  EXPECT_THAT(Column("SELECT delivery_id FROM chayan_inbox"), IsEmpty());
  // Its publisher sends it again when the account is there.
  RunSqlite(database_, "INSERT INTO customer VALUES ('P-9', 'old')");
  EXPECT_EQ(Take(Rename("P-9")).settlement.state(), v1::DELIVERY_STATE_ACKNOWLEDGED);
}

TEST_F(NoticeTableTest, ATrialTouchesNoBusiness) {
  Start(kUpdate);
  v1::DeliveredNotice trial = Rename();
  trial.set_test(true);
  EXPECT_FALSE(Take(trial).not_taken.has_value());
  EXPECT_THAT(Column("SELECT holder FROM customer"), ElementsAre("old"));
  EXPECT_THAT(Column("SELECT test FROM chayan_inbox"), ElementsAre("1"));
  EXPECT_THAT(Column("SELECT number FROM chayan_inbox_subject"), IsEmpty());
}

TEST_F(NoticeTableTest, AStatementThatFailsLeavesNothingAndIsNoFaultOfTheDatabase) {
  Start(R"(statements { statement: "DELETE FROM nowhere WHERE n = :n"
                        values { name: "n" part: NOTICE_PART_NAME } })");
  const auto result = Take(Rename());
  EXPECT_EQ(result.not_taken, v1::NOT_TAKEN_REASON_SYSTEM_REFUSED);
  EXPECT_THAT(result.cause, HasSubstr("SQLSTATE"));
  EXPECT_THAT(result.cause, ::testing::Not(HasSubstr("A123456789")));
  EXPECT_THAT(Column("SELECT delivery_id FROM chayan_inbox"), IsEmpty());
  EXPECT_FALSE(table_->Health().down);
}

TEST_F(NoticeTableTest, AMissingDatabaseIsDownAndTheNoticeComesAgain) {
  Start();
  std::filesystem::rename(database_, database_ + ".away");
  EXPECT_EQ(Take(Rename()).not_taken, v1::NOT_TAKEN_REASON_SYSTEM_DOWN);
  EXPECT_FALSE(table_->Probe().ok());
  std::filesystem::rename(database_ + ".away", database_);
  EXPECT_FALSE(Take(Rename()).not_taken.has_value());
  EXPECT_OK(table_->Probe());
}

TEST_F(NoticeTableTest, ADatabaseWithoutTheInboxSaysWhatMakesIt) {
  RunSqlite(database_, "DROP VIEW chayan_inbox_in_force; DROP TABLE chayan_inbox");
  Start();
  EXPECT_THAT(table_->Probe().ToString(), HasSubstr("chayan_inbox (adapters/sql/inbox.sql"));
}

TEST_F(NoticeTableTest, ReadsWhatTheOfficeDidUntilItIsTold) {
  Start();
  EXPECT_THAT(*table_->Outcomes(), IsEmpty()) << "nobody asked for them";
  Start("outcomes: true");
  RunSqlite(database_,
            "INSERT INTO chayan_outcome (delivery_id, state, case_number, reason, words) VALUES "
            "('d-1', 'ACKNOWLEDGED', '115-7', NULL, NULL),"
            "('d-2', 'REJECTED', NULL, 'OTHER', '已搬離'), ('d-3', 'REJECTED', NULL, 'MOOD', NULL),"
            "('d-4', 'DONE', NULL, NULL, NULL)");
  const auto outcomes = table_->Outcomes();
  ASSERT_OK(outcomes.status());
  ASSERT_EQ(outcomes->size(), 4u);
  EXPECT_EQ((*outcomes)[0].settlement.state(), v1::DELIVERY_STATE_ACKNOWLEDGED);
  EXPECT_EQ((*outcomes)[0].settlement.recipient_case_number(), "115-7");
  EXPECT_EQ((*outcomes)[1].settlement.rejection_reason(), v1::REJECTION_REASON_OTHER);
  EXPECT_EQ((*outcomes)[1].settlement.rejection_text(), "已搬離");
  EXPECT_THAT((*outcomes)[2].fault, HasSubstr("reason: write NOT_OURS"));
  EXPECT_THAT((*outcomes)[3].fault, HasSubstr("state: write"));
  ASSERT_OK(table_->OutcomeTold((*outcomes)[0], "entry 17"));
  std::string words;
  for (int i = 0; i < 300; ++i) words += "字";
  ASSERT_OK(table_->OutcomeTold((*outcomes)[2], words));
  EXPECT_EQ(table_->Outcomes()->size(), 2u);
  EXPECT_THAT(Column("SELECT told FROM chayan_outcome WHERE delivery_id = 'd-1'"),
              ElementsAre("entry 17"));
  EXPECT_THAT(Column("SELECT told FROM chayan_outcome WHERE delivery_id = 'd-3'"),
              ElementsAre(words.substr(0, 200 * std::string("字").size())));
  EXPECT_OK(table_->Probe());
  RunSqlite(database_, "DROP TABLE chayan_outcome");
  EXPECT_THAT(table_->Probe().ToString(), HasSubstr("chayan_outcome (adapters/sql/inbox.sql"));
}

// The word is of what was read: a correction that came meanwhile is told of by itself.
TEST_F(NoticeTableTest, ARowThatChangedSinceItWasReadIsNotTold) {
  Start("outcomes: true");
  for (const char* change : {"state = 'ACKNOWLEDGED', reason = NULL", "case_number = '115-7'",
                             "reason = 'NOT_OURS'", "words = '已搬離'", "told = 'by hand'"}) {
    SCOPED_TRACE(change);
    RunSqlite(database_,
              "DELETE FROM chayan_outcome; INSERT INTO chayan_outcome (delivery_id, state, reason) "
              "VALUES ('d-1', 'REJECTED', 'DATA_DOUBT')");
    const auto read = table_->Outcomes();
    ASSERT_OK(read.status());
    ASSERT_EQ(read->size(), 1u);
    RunSqlite(database_, absl::StrCat("UPDATE chayan_outcome SET ", change));
    EXPECT_OK(table_->OutcomeTold((*read)[0], "entry 7"));
    EXPECT_THAT(Column("SELECT told FROM chayan_outcome"),
                ElementsAre(testing::AnyOf("NULL", "by hand")));
  }
  // Once it is untold again, it is told as it is now.
  RunSqlite(database_, "UPDATE chayan_outcome SET told = NULL");
  EXPECT_OK(table_->OutcomeTold(table_->Outcomes()->front(), "entry 8"));
  EXPECT_THAT(Column("SELECT told FROM chayan_outcome"), ElementsAre("entry 8"));
}

// No notice comes that would find it: the looks themselves do.
TEST_F(NoticeTableTest, AfterAnOutageOutcomesAreReadAgain) {
  Start("outcomes: true");
  RunSqlite(database_,
            "INSERT INTO chayan_outcome (delivery_id, state) VALUES ('d-1', 'ACKNOWLEDGED')");
  std::filesystem::rename(database_, database_ + ".away");
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(table_->Outcomes().ok());
  EXPECT_TRUE(table_->Health().down);
  std::filesystem::rename(database_ + ".away", database_);
  EXPECT_THAT(*table_->Outcomes(), IsEmpty()) << "it is left alone for a while";
  clock_.Advance(absl::Seconds(5));
  const auto outcomes = table_->Outcomes();
  ASSERT_OK(outcomes.status());
  EXPECT_EQ(outcomes->size(), 1u);
  EXPECT_FALSE(table_->Health().down);
}

TEST_F(NoticeTableTest, APeriodWithoutNoticesIsThereOnce) {
  Start();
  v1::NoneToday none;
  none.set_subscription("power-name");
  none.mutable_period_end_time()->set_seconds(1'768'469'400);
  none.set_entry_index(7);
  for (int i = 0; i < 2; ++i) EXPECT_OK(table_->NoneToday(none));
  EXPECT_THAT(Column("SELECT subscription || ' ' || period_end_time || ' ' || entry_index "
                     "FROM chayan_none_today"),
              ElementsAre("power-name 2026-01-15T09:30:00.000Z 7"));
  RunSqlite(database_, "DROP TABLE chayan_none_today");
  EXPECT_FALSE(table_->NoneToday(none).ok());
  EXPECT_THAT(table_->Probe().ToString(), HasSubstr("chayan_none_today (adapters/sql/inbox.sql"));
}

TEST_F(NoticeTableTest, SaysEveryFaultOfItsSettings) {
  const std::string faults(Load(R"(
    statements { statement: "SELECT 1" }
    statements { statement: "DELETE FROM t WHERE a = :a" values { name: "b" element: "x" } }
    statements { statement: "DELETE FROM t" rejected_without_row: REJECTION_REASON_OTHER }
    statements { })")
                               .status()
                               .message());
  for (const char* fault :
       {"statements[0].statement: writes nothing", "statements[1].statement: :a is not defined",
        "statements[1].values: the statement has no :b",
        "statements[2].rejected_without_row: OTHER", "statements[3].statement: is missing"}) {
    EXPECT_THAT(faults, HasSubstr(absl::StrCat("notices.database.", fault)));
  }
}

}  // namespace
}  // namespace chayan::sql
