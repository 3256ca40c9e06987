#include "absl/strings/str_cat.h"
#include "gateway/report/formats.h"

namespace chayan::report {
namespace {

constexpr absl::string_view kByteOrderMark = "\xEF\xBB\xBF";

void AppendCell(std::string& out, absl::string_view cell) {
  // What a spreadsheet takes for the beginning of a formula.
  const bool computes =
      !cell.empty() && absl::string_view("=+-@\t\r").find(cell[0]) != absl::string_view::npos;
  const bool quote = computes || cell.find_first_of(",\"\r\n") != absl::string_view::npos;
  if (!quote) {
    out.append(cell.data(), cell.size());
    return;
  }
  out.push_back('"');
  if (computes) out.push_back('\'');
  for (const char c : cell) {
    if (c == '"') out.push_back('"');
    out.push_back(c);
  }
  out.push_back('"');
}

void AppendRow(std::string& out, const Row& row) {
  for (size_t i = 0; i < row.size(); ++i) {
    if (i > 0) out.push_back(',');
    AppendCell(out, row[i]);
  }
  out.append("\r\n");
}

}  // namespace

std::string WriteCsv(const Table& table) {
  std::string out(kByteOrderMark);
  AppendRow(out, table.header);
  for (const Row& row : table.rows) AppendRow(out, row);
  return out;
}

}  // namespace chayan::report
