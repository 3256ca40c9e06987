#include "adapters/file/csv.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace chayan::file {
namespace {

// Behind a field: what ends it is taken off. True if another field follows.
absl::StatusOr<bool> TakeEnd(absl::string_view& text) {
  if (text.empty()) return false;
  if (text.front() == ',') {
    text.remove_prefix(1);
    return true;
  }
  if (absl::StartsWith(text, "\r\n")) text.remove_prefix(1);
  if (text.front() == '\n') {
    text.remove_prefix(1);
    return false;
  }
  return absl::InvalidArgumentError("text stands behind a closing quote");
}

absl::StatusOr<std::string> TakeQuoted(absl::string_view& text) {
  text.remove_prefix(1);
  std::string field;
  while (true) {
    const size_t quote = text.find('"');
    if (quote == absl::string_view::npos) return absl::InvalidArgumentError("a quote does not end");
    field.append(text.data(), quote);
    text.remove_prefix(quote + 1);
    if (text.empty() || text.front() != '"') return field;
    field += '"';
    text.remove_prefix(1);
  }
}

absl::StatusOr<std::string> TakeBare(absl::string_view& text) {
  const size_t end = text.find_first_of(",\r\n");
  absl::string_view field = text.substr(0, end);
  text.remove_prefix(field.size());
  if (!text.empty() && text.front() == '\r' && !absl::StartsWith(text, "\r\n")) {
    return absl::InvalidArgumentError("a carriage return stands alone");
  }
  if (absl::StrContains(field, '"')) {
    return absl::InvalidArgumentError("a quote stands inside a bare field");
  }
  return std::string(field);
}

}  // namespace

absl::StatusOr<std::vector<std::string>> TakeCsvRecord(absl::string_view& text) {
  std::vector<std::string> fields;
  while (true) {
    absl::StatusOr<std::string> field =
        !text.empty() && text.front() == '"' ? TakeQuoted(text) : TakeBare(text);
    if (!field.ok()) return field.status();
    fields.push_back(*std::move(field));
    const absl::StatusOr<bool> more = TakeEnd(text);
    if (!more.ok()) return more.status();
    if (!*more) return fields;
  }
}

void AppendCsvRecord(std::string& out, const std::vector<std::string>& record) {
  absl::string_view separator;
  for (const std::string& field : record) {
    absl::StrAppend(&out, separator);
    separator = ",";
    if (field.find_first_of("\",\r\n") == std::string::npos) {
      out += field;
    } else {
      absl::StrAppend(&out, "\"", absl::StrReplaceAll(field, {{"\"", "\"\""}}), "\"");
    }
  }
  out += "\r\n";
}

}  // namespace chayan::file
