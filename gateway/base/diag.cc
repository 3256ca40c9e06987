#include "gateway/base/diag.h"

#include <unistd.h>

#include "gateway/base/clock.h"
#include "gateway/base/encoding.h"

namespace chayan::diag {
namespace {

absl::string_view Name(Level level) {
  switch (level) {
    case Level::kInfo:
      return "info";
    case Level::kWarning:
      return "warning";
    case Level::kError:
      return "error";
  }
  return "error";
}

}  // namespace

void Write(Level level, absl::string_view event, std::initializer_list<Field> fields) {
  std::string line = absl::StrCat("{\"time\":\"", FormatTimestamp(SystemClock().Now()),
                                  "\",\"level\":\"", Name(level), "\",\"event\":");
  AppendJsonString(line, event);
  for (const Field& field : fields) {
    line += ',';
    AppendJsonString(line, field.key);
    line += ':';
    if (!field.quoted) {
      line += field.value;
    } else if (IsValidUtf8(field.value)) {
      AppendJsonString(line, field.value);
    } else {
      AppendJsonString(line, absl::StrCat("hex:", HexEncode(field.value)));
    }
  }
  line += "}\n";
  // A full or closed stderr must not stop the gateway: there is nowhere left to say so.
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace chayan::diag
