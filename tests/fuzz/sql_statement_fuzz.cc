// A configured SELECT: no input crashes; what is taken has a question mark for each parameter and
// is one statement.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "adapters/sql/statement.h"
#include "gateway/base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace chayan;
  const auto parsed =
      sql::ParseStatement(absl::string_view(reinterpret_cast<const char*>(data), size));
  if (!parsed.ok()) return 0;
  const auto marks = std::count(parsed->text.begin(), parsed->text.end(), '?');
  CHAYAN_CHECK(static_cast<size_t>(marks) >= parsed->parameters.size());
  for (const std::string& name : parsed->parameters) CHAYAN_CHECK(!name.empty());
  return 0;
}
