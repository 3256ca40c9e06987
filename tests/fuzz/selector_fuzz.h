// What holds of every answer that a format of the http connector takes.
#ifndef CHAYAN_TESTS_FUZZ_SELECTOR_FUZZ_H_
#define CHAYAN_TESTS_FUZZ_SELECTOR_FUZZ_H_

#include "absl/strings/string_view.h"
#include "adapters/http/document.h"
#include "gateway/base/check.h"
#include "gateway/base/encoding.h"

namespace chayan::http_connector {

// A value that is read is text as promised, and records keep their bound.
inline void CheckAnswer(const Format& format, absl::string_view text) {
  const auto document = format.Parse(text);
  if (!document.ok()) return;
  const auto values = (*document)->Values();
  if (values.ok() && values->front().has_value()) {
    CHAYAN_CHECK(IsValidUtf8(*values->front()));
    CHAYAN_CHECK(values->front()->size() <= connector::kValueBytesMax);
  }
  const auto records = (*document)->ReadRecords();
  if (records.ok()) CHAYAN_CHECK(records->rows.size() <= connector::kRowsMax);
}

}  // namespace chayan::http_connector

#endif  // CHAYAN_TESTS_FUZZ_SELECTOR_FUZZ_H_
