// Operational output for the people who run the gateway: one JSON object a line on stderr. It
// carries event names, counts and registry values; no personal data: there is no field type for
// free text of callers.
#ifndef CHAYAN_GATEWAY_BASE_DIAG_H_
#define CHAYAN_GATEWAY_BASE_DIAG_H_

#include <initializer_list>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace chayan::diag {

enum class Level { kInfo, kWarning, kError };

// One key with its value: text from our own code, the registry or the system, or a number.
struct Field {
  Field(absl::string_view k, absl::string_view v) : key(k), value(v), quoted(true) {}
  Field(absl::string_view k, const char* v) : key(k), value(v), quoted(true) {}
  Field(absl::string_view k, const std::string& v) : key(k), value(v), quoted(true) {}
  template <typename Number>
  requires std::is_arithmetic_v<Number> Field(absl::string_view k, Number v)
      : key(k), value(absl::StrCat(v)), quoted(false) {}

  std::string key;
  std::string value;
  bool quoted;
};

// Writes {"time":…,"level":…,"event":event,…fields} in one system call. Thread-safe.
void Write(Level level, absl::string_view event, std::initializer_list<Field> fields = {});

inline void Info(absl::string_view event, std::initializer_list<Field> fields = {}) {
  Write(Level::kInfo, event, fields);
}
inline void Warning(absl::string_view event, std::initializer_list<Field> fields = {}) {
  Write(Level::kWarning, event, fields);
}
inline void Error(absl::string_view event, std::initializer_list<Field> fields = {}) {
  Write(Level::kError, event, fields);
}

}  // namespace chayan::diag

#endif  // CHAYAN_GATEWAY_BASE_DIAG_H_
