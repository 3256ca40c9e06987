// Identifiers and dates: no input crashes, a normal form is its own normal form, a date that is
// read is written and read again.
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "gateway/base/check.h"
#include "gateway/ident/era_date.h"
#include "gateway/ident/fold.h"
#include "gateway/ident/identifier.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace chayan::ident;
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  for (const IdentifierScheme scheme : AllIdentifierSchemes()) {
    const absl::StatusOr<Normalized> normal = Normalize(scheme, text);
    if (!normal.ok()) continue;
    const absl::StatusOr<Normalized> again = Normalize(scheme, normal->value);
    CHAYAN_CHECK(again.ok() && again->value == normal->value && !again->folding.Any());
  }
  const absl::StatusOr<EraDate> date = ParseStoredDate(text);
  if (date.ok()) {
    CHAYAN_CHECK(Validate(*date).ok());
    CHAYAN_CHECK(*ParseEraDate(DisplayText(*date)) == *date);
    CHAYAN_CHECK(*ParseEraDate(PrintIso(*date)) == *date);
  }
  CHAYAN_CHECK(CountCodePoints(text) <= text.size());
  if (CheckName(text).ok()) CHAYAN_CHECK(FromCodePoints(ToCodePoints(text)) == text);
  return 0;
}
