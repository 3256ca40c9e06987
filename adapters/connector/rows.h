// What a source has on a question: records as rows of text, whatever the source is.
#ifndef CHAYAN_ADAPTERS_CONNECTOR_ROWS_H_
#define CHAYAN_ADAPTERS_CONNECTOR_ROWS_H_

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace chayan::connector {

// More rows than this are no answer to a question about one document: the rest is not fetched.
inline constexpr size_t kRowsMax = 1000;
// Longer than any name, address or reference that an answer may carry.
inline constexpr size_t kValueBytesMax = 16 << 10;

using Value = std::optional<std::string>;  // nullopt: the source has none

// Whether a source's text can be compared and released: UTF-8, no control characters but white
// space, at most kValueBytesMax. What is not text would differ from every claim, which is no
// finding. INVALID_ARGUMENT repeats nothing of it.
absl::Status CheckValue(absl::string_view text);

struct Rows {
  std::vector<std::string> columns;  // lower-cased
  std::vector<std::vector<Value>> rows;
  bool truncated = false;  // there were more than kRowsMax

  // The index of a column, if the result has it. `name` is lower-case.
  std::optional<size_t> Column(absl::string_view name) const {
    const auto found = std::find(columns.begin(), columns.end(), name);
    if (found == columns.end()) return std::nullopt;
    return static_cast<size_t>(found - columns.begin());
  }
  // CheckValue of them all; names the column.
  absl::Status CheckValues() const;
};

}  // namespace chayan::connector

#endif  // CHAYAN_ADAPTERS_CONNECTOR_ROWS_H_
