// Files of a registry set: no input crashes; what is refused names file, line and remedy, and what
// is taken differs in nothing from itself.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "gateway/base/check.h"
#include "gateway/registry/describe.h"
#include "gateway/registry/snapshot.h"

// The input is a file beside a small sound one.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace chayan;
  const std::string input(reinterpret_cast<const char*>(data), size);
  std::vector<std::string> faults;
  const auto set = registry::Snapshot::Create({{"base.textproto",
                                                R"(deployment { trust_domain: "chayan.example" }
           members { id: "operator" name { zh_tw: "x" en: "x" } }
           purposes { code: "move" title { zh_tw: "x" en: "x" } }
           legal_bases { code: "act-68" title { zh_tw: "x" en: "x" } })"},
                                               {"input.textproto", input}},
                                              &faults);
  if (!set.ok()) {
    CHAYAN_CHECK(!faults.empty());
    for (const std::string& fault : faults) {
      CHAYAN_CHECK(absl::StartsWith(fault, "base.textproto:") ||
                   absl::StartsWith(fault, "input.textproto:") || absl::StartsWith(fault, "…"));
    }
    return 0;
  }
  CHAYAN_CHECK(faults.empty());
  CHAYAN_CHECK(registry::Differences(**set, **set).empty());
  CHAYAN_CHECK(registry::ChangesToApprove(**set, **set).empty());
  for (const registry::Kind& kind : (*set)->kinds()) registry::Describe(**set, kind);
  for (const v1::NoticeKind* kind : (*set)->notice_kinds()) registry::Describe(**set, *kind);
  return 0;
}
