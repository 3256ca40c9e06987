// CSV (RFC 4180), read and written: one record at a time.
#ifndef CHAYAN_ADAPTERS_FILE_CSV_H_
#define CHAYAN_ADAPTERS_FILE_CSV_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace chayan::file {

// Takes the next record off `text`: up to a line end that is not in quotes; CR LF or LF.
// INVALID_ARGUMENT: a quote inside a bare field, text behind a closing quote, an unended quote.
// REQUIRES: text is not empty.
absl::StatusOr<std::vector<std::string>> TakeCsvRecord(absl::string_view& text);

// Appends a record with its line end, CR LF. A field that needs quotes gets them.
void AppendCsvRecord(std::string& out, const std::vector<std::string>& record);

}  // namespace chayan::file

#endif  // CHAYAN_ADAPTERS_FILE_CSV_H_
