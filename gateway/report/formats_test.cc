// Goal: every format says exactly what the document says, as text, in the same bytes each time.
// Method: the bytes of the small formats spelled out; the package's structure read from the raw
// zip; what the spreadsheet writer writes read back; what is no spreadsheet refused.
#include "gateway/report/formats.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "gateway/base/status_matchers.h"
#include "gateway/report/odf.h"
#include "gateway/report/sample_document_for_test.h"

namespace chayan::report {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(CsvTest, IsUtf8WithMarkAndQuotedAsRfc4180Says) {
  const Table table{.name = "t",
                    .title = "",
                    .header = {"代碼", "b"},
                    .rows = {{"a,b", "say \"hi\""}, {"line\nfeed", ""}, {"民國", "plain"}}};
  EXPECT_EQ(WriteCsv(table),
            "\xEF\xBB\xBF"
            "代碼,b\r\n\"a,b\",\"say \"\"hi\"\"\"\r\n\"line\nfeed\",\r\n民國,plain\r\n");
}

TEST(CsvTest, LeavesNothingThatASpreadsheetWouldCompute) {
  for (const char* evil : {"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"}) {
    const std::string csv = WriteCsv({.name = "t", .title = "", .header = {"a"}, .rows = {{evil}}});
    EXPECT_THAT(csv, HasSubstr("\r\n\"'")) << evil;
  }
}

TEST(JsonTest, HasFactsAndRowsByTheirHeaders) {
  Document document;
  document.title = "t";
  document.facts = {{"a", "1"}};
  document.tables = {
      {.name = "x", .title = "X", .header = {"k", "v"}, .rows = {{"one", "\"1\""}, {"two", "=2"}}}};
  EXPECT_EQ(WriteJson(document),
            "{\"title\":\"t\",\n \"facts\":{\"a\":\"1\"},\n \"tables\":{\"x\":[\n"
            "  {\"k\":\"one\",\"v\":\"\\\"1\\\"\"},\n  {\"k\":\"two\",\"v\":\"=2\"}]}}\n");
}

TEST(OdfTest, BeginsWithTheMimetypeStoredUncompressed) {
  const auto ods = WriteOds(SampleDocument());
  ASSERT_OK(ods);
  constexpr absl::string_view kType = "application/vnd.oasis.opendocument.spreadsheet";
  // Local header: signature, version, flags, method at 8, time at 10, date at 12; name at 30.
  EXPECT_EQ(ods->substr(0, 4), "PK\x03\x04");
  EXPECT_EQ((*ods)[8], 0) << "stored";
  EXPECT_EQ(ods->substr(10, 4), std::string("\0\0\x21\0", 4)) << "the fixed time";
  EXPECT_EQ((*ods)[28], 0) << "no extra field between name and content";
  EXPECT_EQ(ods->substr(30, 8), "mimetype");
  EXPECT_EQ(ods->substr(38, kType.size()), kType);
}

TEST(OdfTest, GivesTheSameBytesEachTime) {
  EXPECT_EQ(*WriteOds(SampleDocument()), *WriteOds(SampleDocument()));
  Letter letter;
  letter.title = "查詢紀錄";
  letter.Paragraph("王小明 君");
  EXPECT_EQ(*WriteOdt(letter), *WriteOdt(letter));
}

TEST(OdsTest, IsReadBackCellByCell) {
  const Document document = SampleDocument();
  const auto tables = ReadOds(*WriteOds(document));
  ASSERT_OK(tables);
  ASSERT_EQ(tables->size(), 3u);
  EXPECT_EQ((*tables)[0].rows, document.facts);
  const Table& cells = (*tables)[1];
  EXPECT_EQ(cells.title, document.tables[0].title);
  ASSERT_EQ(cells.rows.size(), 1 + document.tables[0].rows.size());
  EXPECT_EQ(cells.rows[0], document.tables[0].header);
  for (size_t i = 0; i < document.tables[0].rows.size(); ++i) {
    EXPECT_EQ(cells.rows[i + 1], document.tables[0].rows[i]) << i;
  }
  EXPECT_THAT((*tables)[2].rows, ElementsAre(ElementsAre("a", "b")));
}

TEST(OdsTest, WritesATabAsASpaceBecauseOfficeProgramsDropTabs) {
  Document document;
  document.tables = {{.name = "t", .title = "t", .header = {"a\tb"}}};
  EXPECT_EQ((*ReadOds(*WriteOds(document)))[1].rows[0][0], "a b");
}

TEST(OdsTest, RefusesWhatIsNoSpreadsheet) {
  EXPECT_THAT(ReadOds("").status().message(), HasSubstr("save the worksheet as .ods"));
  EXPECT_THAT(ReadOds("code,result\r\n").status().message(), HasSubstr("no zip file"));
  Letter letter;
  letter.title = "a letter";
  EXPECT_THAT(ReadOds(*WriteOdt(letter)).status().message(), HasSubstr("holds no sheet"));
  std::string cut = *WriteOds(SampleDocument());
  cut.resize(cut.size() / 2);
  EXPECT_FALSE(ReadOds(cut).ok());
}

// Any byte that changes is an error or another text, never a crash: the sanitizers watch.
TEST(OdsTest, ReadsDamagedFilesWithoutHarm) {
  const std::string ods = *WriteOds(SampleDocument());
  for (size_t at = 0; at < ods.size(); ++at) {
    std::string damaged = ods;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x41);
    (void)ReadOds(damaged);
  }
}

TEST(PrintableTextTest, ReplacesWhatXmlCannotHold) {
  EXPECT_EQ(PrintableText(std::string("a\0b", 3)),
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(PrintableText("\xFF\xFE"), "\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(PrintableText("\xEF\xBF\xBF"), "\xEF\xBF\xBD");
  EXPECT_EQ(PrintableText("line\nfeed\tand 堃"), "line\nfeed\tand 堃");
}

}  // namespace
}  // namespace chayan::report
