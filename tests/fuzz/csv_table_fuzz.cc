// Files of a register: no input crashes; what is taken has as many values in each record as
// columns.
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "adapters/file/table.h"
#include "gateway/base/check.h"

// The first byte picks form and encoding, the rest is the file.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace chayan;
  if (size == 0) return 0;
  v1::FileTable settings;
  settings.set_form(data[0] == 'j' ? v1::FILE_FORM_JSON_LINES : v1::FILE_FORM_CSV);
  settings.set_encoding(data[0] == 'b' ? v1::FILE_ENCODING_BIG5 : v1::FILE_ENCODING_UTF8);
  settings.set_key_column("n");
  settings.set_count_line("C");
  const absl::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto table = file::Table::Parse(settings, text);
  if (!table.ok()) return 0;
  for (const auto& row : (*table)->Find("A").rows) {
    CHAYAN_CHECK(row.size() == (*table)->columns().size());
  }
  return 0;
}
