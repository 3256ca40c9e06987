#include <algorithm>

#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "gateway/report/formats.h"
#include "gateway/report/odf.h"

namespace chayan::report {
namespace {

// Characters that office programs refuse in a sheet's name, and its longest there.
constexpr absl::string_view kRefusedInNames = "[]*?:/\\'";
constexpr size_t kSheetNameBytesMax = 90;

std::string SheetName(absl::string_view title) {
  std::string name = PrintableText(title);
  std::replace_if(
      name.begin(), name.end(),
      [](char c) { return kRefusedInNames.find(c) != absl::string_view::npos; }, ' ');
  while (name.size() > kSheetNameBytesMax) name.pop_back();
  return name;
}

// Office programs take each paragraph of a cell for a line, and drop tabs.
void AppendLines(pugi::xml_node node, const std::string& cell) {
  for (const absl::string_view line : absl::StrSplit(cell, '\n')) {
    AppendParagraph(node, absl::StrReplaceAll(line, {{"\t", " "}}));
  }
}

void AppendRow(pugi::xml_node table, const Row& row) {
  pugi::xml_node line = table.append_child("table:table-row");
  for (const std::string& cell : row) {
    pugi::xml_node node = line.append_child("table:table-cell");
    // Declared text: never computed, whatever it begins with.
    node.append_attribute("office:value-type") = "string";
    AppendLines(node, cell);
  }
}

void AppendSheet(pugi::xml_node body, const std::string& title, const Row& header,
                 const std::vector<Row>& rows) {
  pugi::xml_node table = body.append_child("table:table");
  table.append_attribute("table:name") = SheetName(title).c_str();
  size_t columns = header.size();
  for (const Row& row : rows) columns = std::max(columns, row.size());
  table.append_child("table:table-column").append_attribute("table:number-columns-repeated") =
      static_cast<unsigned>(std::max<size_t>(columns, 1));
  if (!header.empty()) AppendRow(table.append_child("table:table-header-rows"), header);
  for (const Row& row : rows) AppendRow(table, row);
  // A sheet has a row.
  if (header.empty() && rows.empty()) AppendRow(table, {""});
}

}  // namespace

absl::StatusOr<std::string> WriteOds(const Document& document) {
  pugi::xml_document content;
  pugi::xml_node body = NewContent(content, "office:spreadsheet");
  AppendSheet(body, document.title, {}, document.facts);
  for (const Table& table : document.tables) {
    AppendSheet(body, table.title, table.header, table.rows);
  }
  return WritePackage("application/vnd.oasis.opendocument.spreadsheet", document.title, content);
}

}  // namespace chayan::report
