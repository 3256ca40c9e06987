// Goal: the office programs that agencies use read our files as we meant them. Method: LibreOffice
// without a window converts spreadsheet and letter to text, which is compared cell by cell; odfpy
// reads the spreadsheet a second time. Both are optional packages: without them the test skips and
// says so.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gateway/base/check.h"
#include "gateway/base/file.h"
#include "gateway/base/status_matchers.h"
#include "gateway/report/formats.h"
#include "gateway/report/sample_document_for_test.h"

namespace chayan::report {
namespace {

// A conversion takes some seconds; a machine under load takes more. One that hangs must end.
constexpr int kConversionSecondsMax = 200;

class OfficeTest : public ::testing::Test {
 protected:
  OfficeTest() : directory_(::testing::TempDir() + "/office_XXXXXX") {
    CHAYAN_CHECK(mkdtemp(directory_.data()) != nullptr);
  }
  ~OfficeTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  static bool Has(const char* command) {
    return system(absl::StrCat("command -v ", command, " >/dev/null 2>&1").c_str()) == 0;
  }
  void Write(const std::string& name, const std::string& bytes) {
    CHAYAN_CHECK(WriteFile(directory_ + "/" + name, bytes).ok());
  }
  std::string Read(const std::string& name) {
    auto content = ReadFile(directory_ + "/" + name);
    CHAYAN_CHECK(content.ok());
    return *std::move(content);
  }
  int Run(const std::string& command) {
    return system(absl::StrCat("cd ", directory_, " && HOME=", directory_, " timeout ",
                               kConversionSecondsMax, " ", command, " >out.txt 2>&1")
                      .c_str());
  }
  // Its own profile, so that two runs do not wait for each other.
  int Convert(const std::string& to, const std::string& file) {
    return Run(absl::StrCat("soffice -env:UserInstallation=file://", directory_,
                            "/profile --headless --convert-to '", to, "' ", file));
  }

  std::string directory_;
};

// The fields of RFC 4180 text, as LibreOffice writes it.
std::vector<Row> ParseCsv(const std::string& text) {
  std::vector<Row> rows;
  std::string cell;
  Row row;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '"' && i + 1 < text.size() && text[i + 1] == '"') {
      cell.push_back(text[++i]);
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && (c == ',' || c == '\n')) {
      row.push_back(std::exchange(cell, ""));
      if (c == '\n') rows.push_back(std::exchange(row, {}));
    } else {
      cell.push_back(c);
    }
  }
  return rows;
}

TEST_F(OfficeTest, LibreOfficeReadsEveryCellOfASpreadsheetAsText) {
  if (!Has("soffice")) {
    GTEST_SKIP() << "soffice is not installed (libreoffice-calc-nogui): no conversion was tried";
  }
  const Document document = SampleDocument();
  Write("report.ods", *WriteOds(document));
  // Filter options: comma, quote, UTF-8, from line 1, formats by column none, language, quote all
  // text cells, cells as shown, every sheet into a file of its own.
  ASSERT_EQ(Convert("csv:Text - txt - csv (StarCalc):44,34,76,1,,0,true,true,false,false,false,-1",
                    "report.ods"),
            0)
      << Read("out.txt");
  for (const Table& table : document.tables) {
    const std::string csv = Read(absl::StrCat("report-", table.title, ".csv"));
    std::vector<Row> expected = table.rows;
    expected.insert(expected.begin(), table.header);
    EXPECT_EQ(ParseCsv(csv), expected) << csv;
    // Quoted by LibreOffice means: text to it, not a number, date or formula.
    if (table.name != "cells") continue;
    EXPECT_TRUE(absl::StrContains(csv, "\"007\",\"1.5\"")) << csv;
  }
}

TEST_F(OfficeTest, LibreOfficeReadsALetter) {
  if (!Has("soffice")) {
    GTEST_SKIP() << "soffice is not installed (libreoffice-writer-nogui): no conversion was tried";
  }
  Letter letter;
  letter.title = "查詢紀錄 Access record";
  letter.Heading("一、說明");
  letter.Paragraph("王小明 君:  two spaces & <tags>");
  letter.Add({.name = "accesses",
              .title = "",
              .header = {"日期", "機關"},
              .rows = {{"民國115年1月15日", "善化戶政事務所"}, {"=1+1", "𠮷"}}});
  letter.Paragraph("the end");
  Write("letter.odt", *WriteOdt(letter));
  ASSERT_EQ(Convert("txt:Text (encoded):UTF8", "letter.odt"), 0) << Read("out.txt");
  std::string text = Read("letter.txt");
  if (absl::StartsWith(text, "\xEF\xBB\xBF")) text.erase(0, 3);
  EXPECT_EQ(text,
            "查詢紀錄 Access record\n一、說明\n王小明 君:  two spaces & <tags>\n日期\n機關\n"
            "民國115年1月15日\n善化戶政事務所\n=1+1\n𠮷\nthe end\n");
}

// What a person saves from LibreOffice comes back as it was filled in.
TEST_F(OfficeTest, ReadsBackWhatLibreOfficeSaved) {
  if (!Has("soffice")) {
    GTEST_SKIP() << "soffice is not installed (libreoffice-calc-nogui): no conversion was tried";
  }
  Write("report.ods", *WriteOds(SampleDocument()));
  ASSERT_EQ(Convert("fods", "report.ods"), 0) << Read("out.txt");
  ASSERT_EQ(Run("rm report.ods"), 0);
  ASSERT_EQ(Convert("ods", "report.fods"), 0) << Read("out.txt");
  const auto saved = ReadOds(Read("report.ods"));
  ASSERT_OK(saved);
  const auto written = ReadOds(*WriteOds(SampleDocument()));
  ASSERT_EQ(saved->size(), written->size());
  for (size_t i = 0; i < saved->size(); ++i) EXPECT_EQ((*saved)[i].rows, (*written)[i].rows) << i;
}

TEST_F(OfficeTest, OdfpyReadsTheSameCells) {
  if (Run("/usr/bin/python3 -c 'import odf'") != 0) {
    GTEST_SKIP() << "python3-odf is not installed: no second reader was tried";
  }
  const Document document = SampleDocument();
  Write("report.ods", *WriteOds(document));
  Write("read.py", R"(
from odf import opendocument, table, teletype, text
sheet = opendocument.load("report.ods").spreadsheet.getElementsByType(table.Table)[1]
for row in sheet.getElementsByType(table.TableRow):
    cells = row.getElementsByType(table.TableCell)
    assert all(cell.getAttribute("valuetype") == "string" for cell in cells)
    print("|".join("~".join(teletype.extractText(line) for line in cell.getElementsByType(text.P))
                   for cell in cells))
)");
  ASSERT_EQ(Run("/usr/bin/python3 read.py"), 0) << Read("out.txt");
  std::string expected = absl::StrJoin(document.tables[0].header, "|") + "\n";
  for (const Row& row : document.tables[0].rows) {
    for (const char c : absl::StrJoin(row, "|")) expected.push_back(c == '\n' ? '~' : c);
    expected.push_back('\n');
  }
  EXPECT_EQ(Read("out.txt"), expected);
}

}  // namespace
}  // namespace chayan::report
