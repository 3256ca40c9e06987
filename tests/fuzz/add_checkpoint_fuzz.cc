// What a log sends a witness: no input crashes, and what is accepted has one spelling.
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "gateway/base/check.h"
#include "gateway/tlog/add_checkpoint.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace chayan::tlog;
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  const absl::StatusOr<AddCheckpoint> request = ParseAddCheckpoint(bytes);
  if (request.ok()) CHAYAN_CHECK(FormatAddCheckpoint(*request) == bytes);
  return 0;
}
