// Reads the tables of pairs beside this file. For tests alone.
#ifndef CHAYAN_ADAPTERS_SDK_TESTDATA_PAIRS_H_
#define CHAYAN_ADAPTERS_SDK_TESTDATA_PAIRS_H_

#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "gateway/base/check.h"
#include "gateway/base/file.h"
#include "gateway/ident/fold.h"

namespace chayan::sdk {

// \u{XXXX} to the code point.
inline std::string Unescape(absl::string_view text) {
  std::string out;
  for (;;) {
    const size_t at = text.find("\\u{");
    out.append(text.substr(0, at).data(), text.substr(0, at).size());
    if (at == absl::string_view::npos) return out;
    const size_t end = text.find('}', at);
    uint32_t code_point = 0;
    CHAYAN_CHECK(end != absl::string_view::npos &&
                 absl::SimpleHexAtoi(text.substr(at + 3, end - at - 3), &code_point));
    ident::AppendCodePoint(out, code_point);
    text.remove_prefix(end + 1);
  }
}

// The rows of a table, each of `columns` cells. REQUIRES: the file, run from the source root.
inline std::vector<std::vector<std::string>> ReadTable(const std::string& name, size_t columns) {
  const auto content = ReadFile("adapters/sdk/testdata/" + name);
  CHAYAN_CHECK(content.ok());
  std::vector<std::vector<std::string>> rows;
  for (const absl::string_view line : absl::StrSplit(*content, '\n', absl::SkipEmpty())) {
    if (line[0] == '#') continue;
    std::vector<std::string> row;
    for (const absl::string_view cell : absl::StrSplit(line, '\t')) row.push_back(Unescape(cell));
    CHAYAN_CHECK(row.size() == columns);
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace chayan::sdk

#endif  // CHAYAN_ADAPTERS_SDK_TESTDATA_PAIRS_H_
