// Goal: what an agency's settings name is what a notice says, for each subject and account, and
// nothing else. Method: one rich notice, and one that carries nothing.
#include "adapters/connector/notice_values.h"

#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace chayan::connector {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

template <typename Message>
Message Parse(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

NoticeValues Values(const std::string& text) { return Parse<v1::NoticeStatement>(text).values(); }

const char* const kNotice = R"(
  delivery_id: "018bcfe5-6800-7000-8000-000000000001" notice_kind: "person.move"
  effective_date { era: ERA_ROC year: 115 month: 1 day: 15 }
  accept_time { seconds: 1768435200 }
  subjects { identifier { scheme: IDENTIFIER_SCHEME_NATIONAL_ID value: "A123456789" } name: "王小明"
             birth_date { era: ERA_BEFORE_ROC year: 10 month: 3 day: 2 } }
  subjects { name: "王大明" publisher_key: "k-2" }
  payload { code: "new_address" text: "臺南市善化區" }
  payload { code: "move_date" date { era: ERA_ROC year: 115 month: 1 day: 14 } }
  customer_accounts: "P-1" customer_accounts: "P-2" entry_index: 7
)";

TEST(NoticeValuesTest, OneRowASubject) {
  const auto rows = ValueRows(Values(R"(values { name: "n" part: NOTICE_PART_IDENTIFIER }
                                        values { name: "name" part: NOTICE_PART_NAME }
                                        values { name: "k" part: NOTICE_PART_PUBLISHER_KEY }
                                        values { name: "a" element: "new_address" })"),
                              Parse<v1::DeliveredNotice>(kNotice));
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_THAT(*rows, ElementsAre(ElementsAre("A123456789", "王小明", std::nullopt, "臺南市善化區"),
                                 ElementsAre(std::nullopt, "王大明", "k-2", "臺南市善化區")));
}

TEST(NoticeValuesTest, OneRowAnAccountWhereOneIsAskedFor) {
  v1::DeliveredNotice notice = Parse<v1::DeliveredNotice>(kNotice);
  notice.clear_subjects();  // as a utility gets it
  const auto rows =
      ValueRows(Values(R"(values { name: "account" part: NOTICE_PART_CUSTOMER_ACCOUNT })"), notice);
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_THAT(*rows, ElementsAre(ElementsAre("P-1"), ElementsAre("P-2")));
}

TEST(NoticeValuesTest, WritesDatesInTheFormThatIsAskedFor) {
  const auto rows = ValueRows(Values(R"(values { name: "a" item: NOTICE_ITEM_EFFECTIVE_DATE }
                values { name: "b" element: "move_date" date_form: DATE_FORM_ROC_MINUS }
                values { name: "c" part: NOTICE_PART_BIRTH_DATE date_form: DATE_FORM_ROC_MARK }
                values { name: "d" item: NOTICE_ITEM_ACCEPT_TIME }
                values { name: "e" item: NOTICE_ITEM_ENTRY_INDEX })"),
                              Parse<v1::DeliveredNotice>(kNotice));
  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_THAT(*rows, SizeIs(2));
  EXPECT_THAT((*rows)[0],
              ElementsAre("2026-01-15", "1150114", "前0100302", "2026-01-15T00:00:00.000Z", "7"));
}

TEST(NoticeValuesTest, WhatANoticeDoesNotCarryIsNull) {
  const auto rows = ValueRows(Values(R"(values { name: "a" item: NOTICE_ITEM_SUPERSEDES }
                values { name: "b" element: "none" }
                values { name: "c" part: NOTICE_PART_CUSTOMER_ACCOUNT })"),
                              v1::DeliveredNotice());
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_THAT(*rows, ElementsAre(ElementsAre(std::nullopt, std::nullopt, std::nullopt)));
}

TEST(NoticeValuesTest, ADateThatIsNoneIsAFaultOfTheNotice) {
  v1::DeliveredNotice notice = Parse<v1::DeliveredNotice>(kNotice);
  notice.mutable_effective_date()->set_month(13);
  EXPECT_FALSE(
      ValueRows(Values(R"(values { name: "a" item: NOTICE_ITEM_EFFECTIVE_DATE })"), notice).ok());
}

TEST(NoticeValuesTest, SaysWhichValueSaysNothing) {
  const auto statement = Parse<v1::NoticeStatement>(
      R"(values { name: "a" item: NOTICE_ITEM_NOTICE_ID } values { name: "a" } values { part: NOTICE_PART_NAME })");
  Faults faults("adapter.textproto");
  CheckNoticeValues(Place(statement, nullptr, faults, "", -1), "values", statement.values());
  const std::string said(faults.ToStatus().message());
  EXPECT_THAT(said, HasSubstr("values[1].name: stands twice"));
  EXPECT_THAT(said, HasSubstr("values[1].name: says not what it is"));
  EXPECT_THAT(said, HasSubstr("values[2].name: is missing"));
}

}  // namespace
}  // namespace chayan::connector
