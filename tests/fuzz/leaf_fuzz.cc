// Leaves of the log: no input crashes, and both readers take the same leaves and read the same.
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "gateway/base/check.h"
#include "gateway/log/leaf_view.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace chayan;
  const absl::string_view leaf(reinterpret_cast<const char*>(data), size);
  const auto parsed = log::ParseLeaf(leaf);
  const auto read = log::ReadLeaf(leaf);
  CHAYAN_CHECK(parsed.status() == read.status());
  if (!parsed.ok()) return 0;
  CHAYAN_CHECK(parsed->gateway == read->gateway);
  CHAYAN_CHECK(parsed->type == read->type);
  for (const log::KeyRule& key : log::kKeys) {
    CHAYAN_CHECK(parsed->Get(key.name) == read->Get(key.key));
  }
  return 0;
}
