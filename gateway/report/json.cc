#include "gateway/base/encoding.h"
#include "gateway/report/formats.h"
#include "gateway/report/odf.h"

namespace chayan::report {
namespace {

void AppendMember(std::string& out, absl::string_view key, absl::string_view value) {
  AppendJsonString(out, key);
  out.push_back(':');
  AppendJsonString(out, PrintableText(value));
}

void AppendTable(std::string& out, const Table& table) {
  AppendJsonString(out, table.name);
  out.append(":[");
  for (size_t r = 0; r < table.rows.size(); ++r) {
    out.append(r > 0 ? ",\n  {" : "\n  {");
    for (size_t c = 0; c < table.header.size() && c < table.rows[r].size(); ++c) {
      if (c > 0) out.push_back(',');
      AppendMember(out, table.header[c], table.rows[r][c]);
    }
    out.push_back('}');
  }
  out.push_back(']');
}

}  // namespace

std::string WriteJson(const Document& document) {
  std::string out = "{";
  AppendMember(out, "title", document.title);
  out.append(",\n \"facts\":{");
  for (size_t i = 0; i < document.facts.size(); ++i) {
    if (i > 0) out.push_back(',');
    AppendMember(out, document.facts[i].at(0), document.facts[i].at(1));
  }
  out.append("},\n \"tables\":{");
  for (size_t i = 0; i < document.tables.size(); ++i) {
    if (i > 0) out.append(",\n ");
    AppendTable(out, document.tables[i]);
  }
  out.append("}}\n");
  return out;
}

absl::StatusOr<std::vector<std::pair<std::string, std::string>>> WriteAll(
    const std::string& name, const Document& document) {
  std::vector<std::pair<std::string, std::string>> files;
  auto ods = WriteOds(document);
  if (!ods.ok()) return ods.status();
  files.emplace_back(name + ".ods", *std::move(ods));
  files.emplace_back(name + ".json", WriteJson(document));
  for (const Table& table : document.tables) {
    files.emplace_back(name + "-" + table.name + ".csv", WriteCsv(table));
  }
  return files;
}

}  // namespace chayan::report
