#include "adapters/connector/rows.h"

#include "absl/strings/str_cat.h"
#include "gateway/base/encoding.h"

namespace chayan::connector {

absl::Status CheckValue(absl::string_view text) {
  if (text.size() > kValueBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("a value has more than ", kValueBytesMax, " bytes"));
  }
  if (!IsValidUtf8(text)) return absl::InvalidArgumentError("a value is not UTF-8");
  for (const char c : text) {
    const unsigned char byte = static_cast<unsigned char>(c);
    if ((byte < ' ' && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7F) {
      return absl::InvalidArgumentError("a value has a control character");
    }
  }
  return absl::OkStatus();
}

absl::Status Rows::CheckValues() const {
  for (const std::vector<Value>& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      if (!row[i].has_value()) continue;
      if (const absl::Status status = CheckValue(*row[i]); !status.ok()) {
        return absl::InvalidArgumentError(absl::StrCat(columns[i], ": ", status.message()));
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace chayan::connector
