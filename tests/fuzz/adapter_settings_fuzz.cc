// Settings of an adapter, of whichever connector they name: no input crashes, and what is refused
// is refused with a place or a reason.
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "adapters/connector/testing_folder.h"
#include "adapters/program/loaded.h"
#include "gateway/base/check.h"
#include "gateway/base/file.h"

// The input is the file, `kinds.textproto` beside it defines land.title.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace chayan;
  static const connector::TestingFolder& folder = *[] {
    const auto* made = new connector::TestingFolder();
    const auto kinds = ReadFile("adapters/agencies/registry/land.textproto");
    CHAYAN_CHECK(kinds.ok());  // run it from the source root
    made->Write("kinds.textproto", *kinds);
    return made;
  }();
  folder.Write("adapter.textproto", absl::string_view(reinterpret_cast<const char*>(data), size));
  const auto loaded = adapter::Load(folder.File("adapter.textproto"));
  if (!loaded.ok()) {
    CHAYAN_CHECK(!loaded.status().message().empty());
    return 0;
  }
  CHAYAN_CHECK(!loaded->kinds.empty());
  CHAYAN_CHECK(!loaded->connector_name.empty());
  return 0;
}
