// Answers in JSON and their selectors: no input crashes.
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "tests/fuzz/selector_fuzz.h"

// The input is a selector, a line end, and an answer.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  const size_t end = bytes.find('\n');
  if (end == absl::string_view::npos) return 0;
  const std::string selector(bytes.substr(0, end));
  const auto format =
      chayan::http_connector::NewJsonFormat({{selector}, selector, {selector, "/a"}});
  if (format.ok()) chayan::http_connector::CheckAnswer(**format, bytes.substr(end + 1));
  return 0;
}
