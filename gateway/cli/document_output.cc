#include "gateway/cli/document_output.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gateway/base/file.h"
#include "gateway/report/formats.h"

namespace chayan::cli {
namespace {

// Columns on a terminal that a text takes: what is not ASCII takes two, near
// enough.
size_t WidthOf(absl::string_view text) {
  size_t width = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) width += 1;
    if (byte >= 0xC0) width += 2;
  }
  return width;
}

// Lines of a cell stand beside each other.
void PrintRows(std::ostream& out, std::vector<report::Row> rows) {
  for (report::Row& row : rows) {
    for (std::string& cell : row) absl::StrReplaceAll({{"\n", "; "}}, &cell);
  }
  std::vector<size_t> widths;
  for (const report::Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], WidthOf(row[i]));
  }
  for (const report::Row& row : rows) {
    std::string line = "  ";
    for (size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - WidthOf(row[i]) + 2, ' ');
    }
    out << line << "\n";
  }
}

}  // namespace

void AddOutputFlags(CLI::App& command, OutputFlags& flags) {
  command.add_flag("--json", flags.json, "print one JSON object");
  command.add_option("--out", flags.file, "write a file: .ods, .csv or .json by its name");
}

Language DocumentLanguage(const Program& program, const OutputFlags& flags) {
  return flags.json || absl::EndsWith(flags.file, ".json") ? Language::kEn : program.language;
}

ExitCode WriteOutput(Program& program, const std::string& path, absl::string_view bytes) {
  const absl::Status written = WriteFile(path, bytes);
  if (!written.ok()) return program.Fail(ExitCode::kCheckFailed, written.message());
  program.out << program.Say("已寫入 ", "wrote ") << path << "\n";
  return ExitCode::kOk;
}

ExitCode PrintDocument(Program& program, const OutputFlags& flags,
                       const report::Document& document) {
  if (absl::EndsWith(flags.file, ".ods")) {
    const auto ods = report::WriteOds(document);
    if (!ods.ok()) return program.Fail(ExitCode::kCheckFailed, ods.status().message());
    return WriteOutput(program, flags.file, *ods);
  }
  if (absl::EndsWith(flags.file, ".csv")) {
    return WriteOutput(program, flags.file, report::WriteCsv(document.tables.back()));
  }
  if (absl::EndsWith(flags.file, ".json")) {
    return WriteOutput(program, flags.file, report::WriteJson(document));
  }
  if (!flags.file.empty()) {
    return program.Fail(ExitCode::kUsage, "--out: the name ends in none of .ods, .csv, .json");
  }
  if (flags.json) {
    program.out << report::WriteJson(document);
    return ExitCode::kOk;
  }
  program.out << document.title << "\n";
  PrintRows(program.out, document.facts);
  for (const report::Table& table : document.tables) {
    program.out << "\n" << table.title << "\n";
    std::vector<report::Row> rows = table.rows;
    rows.insert(rows.begin(), table.header);
    PrintRows(program.out, std::move(rows));
  }
  return ExitCode::kOk;
}

}  // namespace chayan::cli
