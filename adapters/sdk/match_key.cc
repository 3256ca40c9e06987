#include "adapters/sdk/match_key.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/uscript.h>

#include <cstddef>

#include "adapters/sdk/variants.h"
#include "gateway/base/check.h"
#include "gateway/ident/fold.h"

namespace chayan::sdk {
namespace {

constexpr char32_t kMiddleDot = U'\u00B7';
constexpr char32_t kApostrophe = U'\u2019';  // as the household registry writes the glottal stop
constexpr char32_t kHyphen = U'-';

// What one Big5 code becomes under different tables, and what people type instead.
constexpr std::u32string_view kDots = U".\u00B7\u2022\u2027\u30FB\uFF65";
constexpr std::u32string_view kApostrophes = U"'\u00B4\u02BC\u2018\u2019";
constexpr std::u32string_view kHyphens = U"-\u2010\u2011\u2012\u2013\u2212";

const icu::Normalizer2& Nfc() {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* nfc = icu::Normalizer2::getNFCInstance(error);
  // Built into the library: it fails only where the installation is broken.
  CHAYAN_CHECK(U_SUCCESS(error) && nfc != nullptr);
  return *nfc;
}

bool IsBlank(char32_t code_point) {
  constexpr char32_t kZeroWidthSpace = 0x200B;
  constexpr char32_t kZeroWidthNoBreakSpace = 0xFEFF;
  return u_isUWhiteSpace(static_cast<UChar32>(code_point)) || code_point == kZeroWidthSpace ||
         code_point == kZeroWidthNoBreakSpace;
}

bool IsVariationSelector(char32_t code_point) {
  return (code_point >= 0xFE00 && code_point <= 0xFE0F) ||
         (code_point >= 0xE0100 && code_point <= 0xE01EF);
}

char32_t FoldMark(char32_t code_point) {
  if (kDots.find(code_point) != kDots.npos) return kMiddleDot;
  if (kApostrophes.find(code_point) != kApostrophes.npos) return kApostrophe;
  if (kHyphens.find(code_point) != kHyphens.npos) return kHyphen;
  return code_point;
}

icu::UnicodeString ToNfc(const icu::UnicodeString& text) {
  UErrorCode error = U_ZERO_ERROR;
  icu::UnicodeString normal = Nfc().normalize(text, error);
  CHAYAN_CHECK(U_SUCCESS(error));
  return normal;
}

// Step 5. A capital may fold to letter and mark, hence NFC before and after.
icu::UnicodeString FoldLatin(const icu::UnicodeString& text) {
  const icu::UnicodeString normal = ToNfc(text);
  icu::UnicodeString folded;
  for (int32_t i = 0; i < normal.length(); i = normal.moveIndex32(i, 1)) {
    const UChar32 code_point = normal.char32At(i);
    UErrorCode error = U_ZERO_ERROR;
    const bool latin = uscript_getScript(code_point, &error) == USCRIPT_LATIN;
    icu::UnicodeString one(code_point);
    folded.append(latin ? one.foldCase() : one);
  }
  return ToNfc(folded);
}

}  // namespace

char32_t CanonicalIdeograph(char32_t code_point) {
  const bool compatibility = (code_point >= 0xF900 && code_point <= 0xFAFF) ||
                             (code_point >= 0x2F800 && code_point <= 0x2FA1F);
  icu::UnicodeString canonical;
  // Twelve of the block are ideographs in their own right and have no decomposition.
  if (!compatibility || !Nfc().getDecomposition(static_cast<UChar32>(code_point), canonical)) {
    return code_point;
  }
  return static_cast<char32_t>(canonical.char32At(0));
}

std::u32string MatchKey(absl::string_view text) {
  icu::UnicodeString marked;
  bool ideographs_alone = true;
  std::u32string plain;
  while (!text.empty()) {
    const char32_t folded = ident::FoldWidth(ident::TakeCodePoint(text));
    if (IsBlank(folded) || IsVariationSelector(folded)) continue;
    const char32_t code_point = FoldMark(CanonicalIdeograph(folded));
    ideographs_alone = ideographs_alone &&
                       u_hasBinaryProperty(static_cast<UChar32>(code_point), UCHAR_IDEOGRAPHIC);
    plain.push_back(code_point);
    marked.append(static_cast<UChar32>(code_point));
  }
  // Most names are ideographs alone, which step 5 leaves as they are.
  if (ideographs_alone) return plain;
  const icu::UnicodeString folded = FoldLatin(marked);
  std::u32string key;
  for (int32_t i = 0; i < folded.length(); i = folded.moveIndex32(i, 1)) {
    key.push_back(static_cast<char32_t>(folded.char32At(i)));
  }
  return key;
}

MatchLevel CompareKeys(std::u32string_view a, std::u32string_view b) {
  if (a == b) return MatchLevel::kEquivalent;
  if (a.size() != b.size()) return MatchLevel::kMismatch;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i] && !IsVariantPair(a[i], b[i])) return MatchLevel::kMismatch;
  }
  return MatchLevel::kVariant;
}

}  // namespace chayan::sdk
