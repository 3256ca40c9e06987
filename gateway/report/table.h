// What a report is before it has a file format: facts and tables in which every cell is text.
// Numbers are text too: a program that opens the file finds nothing to compute, so no cell of ours
// or of a findings sheet can become a formula.
#ifndef CHAYAN_GATEWAY_REPORT_TABLE_H_
#define CHAYAN_GATEWAY_REPORT_TABLE_H_

#include <string>
#include <vector>

namespace chayan::report {

using Row = std::vector<std::string>;

struct Table {
  std::string name;   // of the file and of JSON: lower-case letters, digits and hyphens
  std::string title;  // of the sheet, in the reader's language
  Row header = {};
  std::vector<Row> rows = {};
};

struct Document {
  std::string title;
  std::vector<Row> facts;  // what it is about: name and value each
  std::vector<Table> tables;
};

// A letter: paragraphs in order, some of which are tables.
struct Letter {
  struct Part {
    enum class Kind { kHeading, kParagraph, kTable };
    Kind kind = Kind::kParagraph;
    std::string text;
    Table table = {};
  };
  std::string title;
  std::vector<Part> parts;

  void Heading(std::string text) { parts.push_back({Part::Kind::kHeading, std::move(text)}); }
  void Paragraph(std::string text) { parts.push_back({Part::Kind::kParagraph, std::move(text)}); }
  void Add(Table table) { parts.push_back({Part::Kind::kTable, "", std::move(table)}); }
};

}  // namespace chayan::report

#endif  // CHAYAN_GATEWAY_REPORT_TABLE_H_
