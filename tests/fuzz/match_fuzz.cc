// The matcher: no input crashes; a level is the same in both directions; a text is never unlike
// itself; a match key is its own key.
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "adapters/sdk/match_address.h"
#include "adapters/sdk/match_key.h"
#include "adapters/sdk/match_land.h"
#include "adapters/sdk/match_name.h"
#include "adapters/sdk/match_text.h"
#include "gateway/base/check.h"
#include "gateway/ident/fold.h"

// The input is two texts with a line end between them.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace chayan;
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  const size_t end = bytes.find('\n');
  const absl::string_view a = bytes.substr(0, end);
  const absl::string_view b =
      end == absl::string_view::npos ? absl::string_view() : bytes.substr(end + 1);
  using Matcher = sdk::Comparison (*)(absl::string_view, absl::string_view);
  for (const Matcher match :
       {sdk::MatchName, sdk::MatchAddress, sdk::MatchText, sdk::MatchNumber, sdk::MatchCode,
        sdk::MatchShare, sdk::MatchLotNumber, sdk::MatchBuildingNumber}) {
    CHAYAN_CHECK(match(a, b) == match(b, a));
    const sdk::MatchLevel self = match(a, a).level;
    CHAYAN_CHECK(self == sdk::MatchLevel::kExact || self == sdk::MatchLevel::kUncomparable);
  }
  const std::u32string key = sdk::MatchKey(a);
  CHAYAN_CHECK(sdk::MatchKey(ident::FromCodePoints(key)) == key);
  return 0;
}
