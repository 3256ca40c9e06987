// Numbers of the land registry: lot 地號, building 建號, office and section 地所/段代碼.
// Stored forms are digits without separators; people write 母號-子號.
#ifndef CHAYAN_GATEWAY_IDENT_LAND_NUMBER_H_
#define CHAYAN_GATEWAY_IDENT_LAND_NUMBER_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace chayan::ident {

// All of these REQUIRE text that is trimmed, width-folded and upper-cased.

// "48", "48地號", "179-1065", "179之1065", "00480000" → eight digits, four and four.
absl::StatusOr<std::string> NormalizeLotNumber(absl::string_view text);
// "173", "173-2", "173建號", "00173000" → eight digits, five and three.
absl::StatusOr<std::string> NormalizeBuildingNumber(absl::string_view text);
// "AD" → "AD".
absl::StatusOr<std::string> NormalizeLandOffice(absl::string_view text);
// "0863" → "0863".
absl::StatusOr<std::string> NormalizeLandSection(absl::string_view text);
// "AD-0863", "AD0863" → "AD-0863".
absl::StatusOr<std::string> NormalizeLandSectionKey(absl::string_view text);
// "QD-0863-00173000" → the same. The number must be in its stored form: in the key alone nothing
// says whether it counts a lot or a building.
absl::StatusOr<std::string> NormalizeLandKey(absl::string_view text);

// "00480000" → "48", "01791065" → "179-1065". REQUIRES: a normal lot number.
std::string LotNumberText(absl::string_view normal);
// "00173000" → "173". REQUIRES: a normal building number.
std::string BuildingNumberText(absl::string_view normal);

}  // namespace chayan::ident

#endif  // CHAYAN_GATEWAY_IDENT_LAND_NUMBER_H_
