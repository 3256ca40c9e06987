#include "gateway/report/formats.h"
#include "gateway/report/odf.h"

namespace chayan::report {
namespace {

void AppendTable(pugi::xml_node body, const Table& table) {
  pugi::xml_node node = body.append_child("table:table");
  node.append_attribute("table:name") = table.name.c_str();
  node.append_child("table:table-column").append_attribute("table:number-columns-repeated") =
      static_cast<unsigned>(table.header.size());
  const auto append = [](pugi::xml_node parent, const Row& row) {
    pugi::xml_node line = parent.append_child("table:table-row");
    for (const std::string& cell : row) {
      pugi::xml_node at = line.append_child("table:table-cell");
      at.append_attribute("office:value-type") = "string";
      AppendParagraph(at, cell);
    }
  };
  append(node.append_child("table:table-header-rows"), table.header);
  for (const Row& row : table.rows) append(node, row);
}

void AppendHeading(pugi::xml_node body, const std::string& text, unsigned level) {
  AppendParagraph(body, text, "text:h").append_attribute("text:outline-level") = level;
}

}  // namespace

absl::StatusOr<std::string> WriteOdt(const Letter& letter) {
  pugi::xml_document content;
  pugi::xml_node body = NewContent(content, "office:text");
  AppendHeading(body, letter.title, 1);
  for (const Letter::Part& part : letter.parts) {
    switch (part.kind) {
      case Letter::Part::Kind::kHeading:
        AppendHeading(body, part.text, 2);
        break;
      case Letter::Part::Kind::kParagraph:
        AppendParagraph(body, part.text);
        break;
      case Letter::Part::Kind::kTable:
        AppendTable(body, part.table);
        break;
    }
  }
  return WritePackage("application/vnd.oasis.opendocument.text", letter.title, content);
}

}  // namespace chayan::report
