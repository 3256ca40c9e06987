// A configured statement with named parameters, turned into the question marks that ODBC knows.
// Values are bound and never become part of the text; the text is fixed when the configuration is
// read.
#ifndef CHAYAN_ADAPTERS_SQL_STATEMENT_H_
#define CHAYAN_ADAPTERS_SQL_STATEMENT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace chayan::sql {

struct Statement {
  std::string text;                     // with ? for each parameter
  std::vector<std::string> parameters;  // their names in order; one that stands twice is here twice
};

// `:name` is a parameter (a letter, then letters, digits, underscores) unless it stands in quotes
// or a comment; `::` is PostgreSQL's cast. INVALID_ARGUMENT, with a remedy, for anything that is
// not one SELECT (or WITH … SELECT): a second statement, a bare question mark, an unended quote.
absl::StatusOr<Statement> ParseStatement(absl::string_view text);
// The same for one INSERT, UPDATE or DELETE.
absl::StatusOr<Statement> ParseWrite(absl::string_view text);

}  // namespace chayan::sql

#endif  // CHAYAN_ADAPTERS_SQL_STATEMENT_H_
