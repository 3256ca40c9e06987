// Goal: notices are in the agency's tables once and whole over the servers that agencies have too:
// the tables of inbox.sql, transactions, counts of rows, two adapters at once. Method: a real
// server that was made for this run (testing_server.h).
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "adapters/connector/testing_take.h"
#include "adapters/sql/notice_table.h"
#include "adapters/sql/outcome_table.h"
#include "adapters/sql/testing_server.h"
#include "gateway/base/file.h"
#include "gateway/base/status_matchers.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace chayan::sql {
namespace {

using connector::TakeNow;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ServerNoticeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    connect_ = {TheServer().connection_string, {}, absl::Minutes(1), /*writable=*/true};
    auto connection = Connect(connect_);
    ASSERT_OK(connection.status());
    const auto run = [&](const std::string& sql) {
      ASSERT_OK((*connection)->Execute({sql, {}}, {}).status()) << sql;
    };
    run("DROP VIEW IF EXISTS chayan_inbox_in_force");
    for (const char* table :
         {"chayan_inbox", "chayan_inbox_subject", "chayan_inbox_element", "chayan_inbox_account",
          "chayan_outcome", "chayan_none_today", "customer"}) {
      run(absl::StrCat("DROP TABLE IF EXISTS ", table));
    }
    std::string schema;
    for (const absl::string_view line : absl::StrSplit(*ReadFile("adapters/sql/inbox.sql"), '\n')) {
      if (!absl::StartsWith(line, "--")) absl::StrAppend(&schema, line, "\n");
    }
    for (const absl::string_view sql : absl::StrSplit(schema, ';', absl::SkipWhitespace())) {
      run(std::string(sql));
    }
    run("CREATE TABLE customer (account VARCHAR(64), holder VARCHAR(200))");
    run("INSERT INTO customer VALUES ('P-1', 'old')");
  }

  NoticeTableSettings Settings() const {
    NoticeTableSettings settings;
    settings.connect = connect_;
    v1::OdbcSource& source = *settings.database.mutable_source();
    source.set_connections(2);
    source.set_failures_max(5);
    v1::NoticeStatement statement;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
        R"(statement: "UPDATE customer SET holder = :new WHERE account = :account"
           values { name: "new" element: "new_name" }
           values { name: "account" part: NOTICE_PART_CUSTOMER_ACCOUNT }
           rejected_without_row: REJECTION_REASON_NO_SUCH_PERSON)",
        &statement));
    settings.statements.push_back({statement, *ParseWrite(statement.statement())});
    return settings;
  }
  static v1::DeliveredNotice Rename(int number, const std::string& account = "P-1") {
    v1::DeliveredNotice notice;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
        R"(notice_kind: "person.name" payload { code: "new_name" text: "𠮷小明'; --" }
           subjects { name: "𠮷野" birth_date { era: ERA_ROC year: 77 month: 5 day: 20 } })",
        &notice));
    notice.set_delivery_id(absl::StrCat("018bcfe5-6800-7000-8000-00000000000", number));
    notice.set_notice_id(absl::StrCat("n-", number));
    notice.add_customer_accounts(account);
    return notice;
  }
  std::vector<std::string> Column(const std::string& sql) const {
    auto connection = Connect(connect_);
    EXPECT_OK(connection.status());
    const auto rows = (*connection)->Select({sql, {}}, {});
    EXPECT_OK(rows.status());
    std::vector<std::string> column;
    for (const auto& row : rows->rows) column.push_back(row[0].value_or("NULL"));
    return column;
  }

  SystemClock clock_;
  ConnectOptions connect_;
};

TEST_F(ServerNoticeTest, IsThereOnceWhateverComesTwice) {
  NoticeTable table(clock_, Settings());
  EXPECT_OK(table.Probe());
  for (int i = 0; i < 2; ++i) {
    const auto result = TakeNow(table, Rename(1));
    EXPECT_FALSE(result.not_taken.has_value()) << result.cause;
  }
  EXPECT_THAT(Column("SELECT holder FROM customer"), ElementsAre("𠮷小明'; --"));
  EXPECT_THAT(Column("SELECT birth_date FROM chayan_inbox_in_force WHERE name = '𠮷野'"),
              ElementsAre("1988-05-20"));
}

TEST_F(ServerNoticeTest, LeavesNothingOfANoticeThatFindsNoRow) {
  NoticeTable table(clock_, Settings());
  EXPECT_EQ(TakeNow(table, Rename(1, "P-9")).settlement.rejection_reason(),
            v1::REJECTION_REASON_NO_SUCH_PERSON);
  EXPECT_THAT(Column("SELECT COUNT(*) FROM chayan_inbox"), ElementsAre("0"));
  // The connection is as good as before.
  EXPECT_FALSE(TakeNow(table, Rename(2)).not_taken.has_value());
}

TEST_F(ServerNoticeTest, AFaultRepeatsNoValueAndLeavesNothing) {
  NoticeTableSettings settings = Settings();
  settings.statements[0].statement.text = "UPDATE customer SET missing = ? WHERE account = ?";
  NoticeTable table(clock_, settings);
  const auto result = TakeNow(table, Rename(1));
  EXPECT_EQ(result.not_taken, v1::NOT_TAKEN_REASON_SYSTEM_REFUSED);
  EXPECT_THAT(result.cause, ::testing::Not(HasSubstr("𠮷")));
  EXPECT_THAT(Column("SELECT COUNT(*) FROM chayan_inbox"), ElementsAre("0"));
}

// Two replicas get the same notice: one of them inserts it, the other finds it or comes again.
TEST_F(ServerNoticeTest, TwoAdaptersPutItThereOnce) {
  NoticeTable first(clock_, Settings());
  NoticeTable second(clock_, Settings());
  for (int number = 1; number <= 9; ++number) {
    std::vector<connector::NoticeResult> results(2);
    std::thread other([&] { results[0] = TakeNow(first, Rename(number)); });
    results[1] = TakeNow(second, Rename(number));
    other.join();
    EXPECT_TRUE(!results[0].not_taken.has_value() || !results[1].not_taken.has_value());
    for (int i = 0; i < 2; ++i) {
      if (!results[static_cast<size_t>(i)].not_taken.has_value()) continue;
      EXPECT_FALSE(TakeNow(i == 0 ? first : second, Rename(number)).not_taken.has_value());
    }
  }
  EXPECT_THAT(Column("SELECT COUNT(*) FROM chayan_inbox"), ElementsAre("9"));
}

TEST_F(ServerNoticeTest, AnOutcomeIsReadOnceAndAPeriodWithoutNoticesIsWrittenOnce) {
  auto connection = Connect(connect_);
  ASSERT_OK(connection.status());
  ASSERT_OK((*connection)
                ->Execute({"INSERT INTO chayan_outcome (delivery_id, state, case_number) VALUES "
                           "('d-1', 'ACKNOWLEDGED', '七')",
                           {}},
                          {})
                .status());
  const auto outcomes = ReadOutcomes(**connection);
  ASSERT_OK(outcomes.status());
  ASSERT_EQ(outcomes->size(), 1u);
  EXPECT_EQ((*outcomes)[0].settlement.recipient_case_number(), "七");
  ASSERT_OK(
      (*connection)->Execute({"UPDATE chayan_outcome SET case_number = '八'", {}}, {}).status());
  ASSERT_OK(WriteTold(**connection, (*outcomes)[0], "entry 16"));
  const auto changed = ReadOutcomes(**connection);
  ASSERT_OK(changed.status());
  ASSERT_EQ(changed->size(), 1u) << "the office changed it, and is told nothing of before";
  ASSERT_OK(WriteTold(**connection, (*changed)[0], "entry 17"));
  EXPECT_TRUE(ReadOutcomes(**connection)->empty());
  v1::NoneToday none;
  none.set_subscription("power-name");
  none.mutable_period_end_time()->set_seconds(1'768'469'400);
  for (int i = 0; i < 2; ++i) EXPECT_OK(WriteNone(**connection, none));
}

}  // namespace
}  // namespace chayan::sql
