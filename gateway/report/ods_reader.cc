// Reads spreadsheets that people filled in. The file comes from outside: every size in it is
// bounded before it is believed.
#include <zip.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <pugixml.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/base/status_macros.h"
#include "gateway/report/formats.h"

namespace chayan::report {
namespace {

// A worksheet of ten thousand samples has a tenth of these.
constexpr zip_uint64_t kContentBytesMax = 64 << 20;
constexpr size_t kRowsMax = 100'000;
constexpr unsigned kColumnsMax = 256;
// Office programs write nested groups a few deep.
constexpr int kDepthMax = 16;

absl::Status NoSpreadsheet(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("not an OpenDocument spreadsheet: ", what,
                                                 "; save the worksheet as .ods and try again"));
}

absl::StatusOr<std::string> ContentOf(absl::string_view bytes) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* const source =
      zip_source_buffer_create(bytes.data(), bytes.size(), /*freep=*/0, &error);
  if (source == nullptr) return NoSpreadsheet("no zip file");
  zip_t* const opened = zip_open_from_source(source, ZIP_RDONLY, &error);
  if (opened == nullptr) {
    zip_source_free(source);
    return NoSpreadsheet("no zip file");
  }
  const std::unique_ptr<zip_t, decltype(&zip_discard)> archive(opened, &zip_discard);
  zip_stat_t stat;
  if (zip_stat(opened, "content.xml", 0, &stat) != 0 || (stat.valid & ZIP_STAT_SIZE) == 0) {
    return NoSpreadsheet("it has no content.xml");
  }
  if (stat.size > kContentBytesMax) return NoSpreadsheet("content.xml is larger than 64 MiB");
  const std::unique_ptr<zip_file_t, decltype(&zip_fclose)> file(zip_fopen(opened, "content.xml", 0),
                                                                &zip_fclose);
  std::string content(stat.size, '\0');
  if (file == nullptr || zip_fread(file.get(), content.data(), content.size()) !=
                             static_cast<zip_int64_t>(content.size())) {
    return NoSpreadsheet("content.xml cannot be read");
  }
  return content;
}

// The text of a paragraph, with the spaces, tabs and line feeds that elements stand for.
void AppendText(pugi::xml_node node, int depth, std::string& out) {
  if (depth > kDepthMax) return;
  for (const pugi::xml_node child : node.children()) {
    const char* const name = child.name();
    if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) {
      out.append(child.value());
    } else if (std::strcmp(name, "text:s") == 0) {
      out.append(std::min(child.attribute("text:c").as_uint(1), 1024u), ' ');
    } else if (std::strcmp(name, "text:tab") == 0) {
      out.push_back('\t');
    } else if (std::strcmp(name, "text:line-break") == 0) {
      out.push_back('\n');
    } else if (std::strcmp(name, "office:annotation") != 0) {
      AppendText(child, depth + 1, out);
    }
  }
}

std::string CellText(pugi::xml_node cell) {
  std::string text;
  const char* separator = "";
  for (const pugi::xml_node paragraph : cell.children("text:p")) {
    text.append(std::exchange(separator, "\n"));
    AppendText(paragraph, 0, text);
  }
  return text;
}

absl::StatusOr<Row> RowOf(pugi::xml_node node) {
  Row row;
  unsigned empty = 0;  // cells at the end that may be padding
  for (const pugi::xml_node cell : node.children()) {
    const unsigned repeated = cell.attribute("table:number-columns-repeated").as_uint(1);
    const std::string text = CellText(cell);
    if (text.empty()) {
      empty += std::min(repeated, kColumnsMax);
      continue;
    }
    if (row.size() + empty + repeated > kColumnsMax) {
      return NoSpreadsheet("a row has more than 256 columns");
    }
    row.resize(row.size() + empty);
    empty = 0;
    row.insert(row.end(), repeated, text);
  }
  return row;
}

absl::Status AppendRows(pugi::xml_node node, int depth, std::vector<Row>& rows, size_t& empty) {
  if (depth > kDepthMax) return NoSpreadsheet("it is nested too deeply");
  for (const pugi::xml_node child : node.children()) {
    if (std::strcmp(child.name(), "table:table-row") != 0) {
      CHAYAN_RETURN_IF_ERROR(AppendRows(child, depth + 1, rows, empty));
      continue;
    }
    CHAYAN_ASSIGN_OR_RETURN(const Row row, RowOf(child));
    const size_t repeated = child.attribute("table:number-rows-repeated").as_uint(1);
    if (row.empty()) {
      empty = std::min(empty + repeated, kRowsMax + 1);
      continue;
    }
    if (rows.size() + empty + repeated > kRowsMax) {
      return NoSpreadsheet("a sheet has more than 100000 rows");
    }
    rows.resize(rows.size() + empty);
    empty = 0;
    rows.insert(rows.end(), repeated, row);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<Table>> ReadOds(absl::string_view bytes) {
  CHAYAN_ASSIGN_OR_RETURN(const std::string content, ContentOf(bytes));
  pugi::xml_document document;
  // No DTD, no entities of the file's own: pugixml has neither.
  if (!document.load_buffer(content.data(), content.size(),
                            pugi::parse_default | pugi::parse_ws_pcdata, pugi::encoding_utf8)) {
    return NoSpreadsheet("content.xml is no XML");
  }
  const pugi::xml_node sheet =
      document.child("office:document-content").child("office:body").child("office:spreadsheet");
  if (!sheet) return NoSpreadsheet("it holds no sheet");
  std::vector<Table> tables;
  for (const pugi::xml_node node : sheet.children("table:table")) {
    Table table;
    table.title = node.attribute("table:name").value();
    size_t empty = 0;
    CHAYAN_RETURN_IF_ERROR(AppendRows(node, 0, table.rows, empty));
    tables.push_back(std::move(table));
  }
  return tables;
}

}  // namespace chayan::report
