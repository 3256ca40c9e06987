// The file formats of reports. The same document gives the same bytes in every run and on every
// day: a report's digest stands in the log.
#ifndef CHAYAN_GATEWAY_REPORT_FORMATS_H_
#define CHAYAN_GATEWAY_REPORT_FORMATS_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/report/table.h"

namespace chayan::report {

// OpenDocument 1.2 (CNS 15251). A spreadsheet has a sheet of facts and one for each table.
absl::StatusOr<std::string> WriteOds(const Document& document);
absl::StatusOr<std::string> WriteOdt(const Letter& letter);

// The sheets of a spreadsheet, ours or saved by an office program: name as title, and all rows,
// cells as text. Empty rows and cells at the end are left out. INVALID_ARGUMENT when it is none;
// the bounds are those of ods_reader.cc.
absl::StatusOr<std::vector<Table>> ReadOds(absl::string_view bytes);

// RFC 4180 with a byte order mark, without which office programs take UTF-8 for Big5. A cell that
// such a program would compute gets an apostrophe in front: a CSV cannot say that it is text.
std::string WriteCsv(const Table& table);

// One object: title, facts, and for each table its rows as objects by header.
std::string WriteJson(const Document& document);

// Name and bytes of every file a document is delivered as: NAME.ods, NAME.json, NAME-TABLE.csv.
absl::StatusOr<std::vector<std::pair<std::string, std::string>>> WriteAll(const std::string& name,
                                                                          const Document& document);

}  // namespace chayan::report

#endif  // CHAYAN_GATEWAY_REPORT_FORMATS_H_
