// Goal: a file is taken whole or not at all. Method: small files, each with one thing wrong.
#include "adapters/file/table.h"

#include "absl/strings/str_cat.h"
#include "adapters/file/csv.h"
#include "gateway/base/status_matchers.h"
#include "google/protobuf/text_format.h"

namespace chayan::file {
namespace {

using connector::Value;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Code = absl::StatusCode;

v1::FileTable Settings(v1::FileForm form = v1::FILE_FORM_CSV) {
  v1::FileTable settings;
  settings.set_form(form);
  settings.set_key_column("Number");
  settings.set_count_line("COUNT");
  return settings;
}

TEST(TableTest, FindsRecordsByNumberWhateverItsSpelling) {
  const auto table = Table::Parse(Settings(),
                                  "\xEF\xBB\xBFNumber,Name,Note\r\n"
                                  "A123456789,王小明,\"a,\"\"b\"\"\nc\"\r\n"
                                  "ａ123456789 ,王大明,\r\nB100000001,x,y\r\nCOUNT,3\r\n");
  ASSERT_OK(table);
  const connector::Rows rows = (*table)->Find("a123456789");
  EXPECT_THAT(rows.columns, ElementsAre("number", "name", "note"));
  ASSERT_EQ(rows.rows.size(), 2u);
  EXPECT_EQ(rows.rows[0][2], Value("a,\"b\"\nc"));
  EXPECT_EQ(rows.rows[1][1], Value("王大明"));
  EXPECT_THAT((*table)->Find("C100000001").rows, IsEmpty());
}

TEST(TableTest, ReadsJsonLines) {
  const auto table = Table::Parse(Settings(v1::FILE_FORM_JSON_LINES),
                                  "{\"number\":\"A1\",\"n\":1.50,\"note\":null}\n"
                                  "{\"number\":\"A2\"}\n{\"COUNT\":2}\n");
  ASSERT_OK(table);
  EXPECT_THAT((*table)->Find("A1").rows,
              ElementsAre(ElementsAre(Value("A1"), Value("1.50"), Value())));
  EXPECT_THAT((*table)->Find("A2").rows, ElementsAre(ElementsAre(Value("A2"), Value(), Value())));
}

TEST(TableTest, ReadsBig5) {
  v1::FileTable settings = Settings();
  settings.set_encoding(v1::FILE_ENCODING_BIG5);
  // 王小明, the euro sign and a user-defined character of code page 950.
  const auto table =
      Table::Parse(settings, "Number,Name\nA1,\xA4\xFD\xA4\x70\xA9\xFA\nA2,\xFA\x40\nCOUNT,2\n");
  ASSERT_OK(table);
  EXPECT_EQ((*table)->Find("A1").rows[0][1], Value("王小明"));
  EXPECT_EQ((*table)->Find("A2").rows[0][1], Value("\xEE\x80\x80"));  // U+E000
  EXPECT_THAT(Table::Parse(settings, "Number,Name\nA1,\xA4\nCOUNT,1\n"),
              StatusIs(Code::kInvalidArgument, HasSubstr("Big5")));
}

TEST(TableTest, RefusesAFileThatIsNotWholeOrNotSound) {
  const std::pair<const char*, const char*> cases[] = {
      {"Number,Name\nA1,x\n", "no count line"},
      {"Number,Name\nA1,x\nCOUNT,2\n", "not whole"},
      {"Number,Name\nA1,x\nCOUNT,0\n", "not whole"},
      {"Number,Name\nA1,x\nCOUNT,1\nA2,y\n", "behind the count line"},
      {"Number,Name\nA1,x,y\nCOUNT,1\n", "line 2: has other columns"},
      {"Number,Name\nA1,\"x\nCOUNT,1\n", "line 2: a quote does not end"},
      {"Number,Name\nA1,x\"y\nCOUNT,1\n", "bare field"},
      {"Number,Name\nA1,\"x\"y\nCOUNT,1\n", "closing quote"},
      {"Number,Name\nA1,\xC3\x28\nCOUNT,1\n", "UTF-8"},
      {"Number,Name\nA1,x\x07\nCOUNT,1\n", "line 2: a value has a control character"},
      {"No,Name\nA1,x\nCOUNT,1\n", "key_column"},
      {"Number,number\nCOUNT,0\n", "twice"},
      {"Number,Name\nA1,x\nCOUNT,one\n", "count line"},
      {"", "no count line"}};
  for (const auto& [text, fault] : cases) {
    EXPECT_THAT(Table::Parse(Settings(), text), StatusIs(Code::kInvalidArgument, HasSubstr(fault)))
        << text;
  }
  const std::pair<const char*, const char*> lines[] = {
      {"[]\n", "no JSON object"},
      {"{\"number\":{}}\n", "no plain value"},
      {"{\"number\":\"1\"}\n{\"x\":1}\n", "line 2: has a member"},
      {"{\"number\":\"1\",\"number\":\"2\"}\n", "twice"},
      {"{\"number\":\"1\"}\n{\"COUNT\":2}\n", "not whole"}};
  for (const auto& [text, fault] : lines) {
    EXPECT_THAT(Table::Parse(Settings(v1::FILE_FORM_JSON_LINES), text),
                StatusIs(Code::kInvalidArgument, HasSubstr(fault)))
        << text;
  }
}

TEST(TableTest, EveryPrefixOfAFileIsRefused) {
  const std::string whole = "Number,Name\nA1,x\nA2,\"y\"\nCOUNT,2";
  ASSERT_OK(Table::Parse(Settings(), whole));
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(Table::Parse(Settings(), whole.substr(0, size)).ok()) << size;
  }
}

TEST(TableTest, KnowsAsOfWhenItIsAndAgreesWithItself) {
  v1::FileTable settings = Settings();
  settings.set_as_of_column("day");
  const auto table = Table::Parse(settings, "Number,Day\nA1,2026-01-15\nA2,2026-01-15\nCOUNT,2\n");
  ASSERT_OK(table);
  EXPECT_EQ(absl::ToUnixSeconds(*(*table)->as_of()), 1'768'406'400);
  EXPECT_THAT(Table::Parse(settings, "Number,Day\nA1,2026-01-15\nA2,2026-01-16\nCOUNT,2\n"),
              StatusIs(Code::kInvalidArgument, HasSubstr("differs")));
}

TEST(TableTest, StopsAtTheBoundOfRecords) {
  v1::FileTable settings = Settings();
  settings.set_records_max(1);
  EXPECT_THAT(Table::Parse(settings, "Number\nA1\nA2\nCOUNT,2\n"),
              StatusIs(Code::kInvalidArgument, HasSubstr("beyond 1")));
}

}  // namespace
}  // namespace chayan::file
