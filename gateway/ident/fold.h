// Code points and width folding. What people type (full-width digits, stray blanks, lower case) is
// folded before it is checked or compared; the text that is signed or logged is never changed here.
// No function of this room echoes a value in an error: identifiers and names are personal data.
#ifndef CHAYAN_GATEWAY_IDENT_FOLD_H_
#define CHAYAN_GATEWAY_IDENT_FOLD_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace chayan::ident {

// Field size of the household registration system: 50 code points, not bytes or UTF-16 units (more
// than half of the state character set lies outside the basic plane).
inline constexpr size_t kNameCodePointsMax = 50;

inline constexpr char32_t kReplacementCharacter = 0xFFFD;
inline constexpr char32_t kIdeographicSpace = 0x3000;

// Takes the first code point off `text`. A byte that belongs to no well-formed sequence counts as
// one U+FFFD, so every loop over every input ends. REQUIRES: text is not empty.
char32_t TakeCodePoint(absl::string_view& text);

void AppendCodePoint(std::string& out, char32_t code_point);
std::u32string ToCodePoints(absl::string_view text);
std::string FromCodePoints(std::u32string_view code_points);
size_t CountCodePoints(absl::string_view text);

// U+FF01–FF5E to ASCII and U+3000 to a space; every other code point stays.
char32_t FoldWidth(char32_t code_point);
std::string FoldWidth(absl::string_view text);

// Without ASCII white space and U+3000 at both ends. The view points into `text`.
absl::string_view Trim(absl::string_view text);

// U+E000–F8FF and planes 15 and 16: each agency assigns them differently.
bool IsPrivateUse(char32_t code_point);
// U+FDD0–FDEF and the last two of each plane: never text.
bool IsNoncharacter(char32_t code_point);
// ■ □ U+FFFD: what old systems show for a character they do not have.
bool IsMissingGlyphMark(char32_t code_point);
// The text holds a code point of one of the three kinds above, so it cannot be compared across
// agencies.
bool HasUnknownCharacter(absl::string_view text);

// OK if `text` can be a name in a question: valid UTF-8, 1 to kNameCodePointsMax code points, no
// control character and no noncharacter. Private-use and missing characters pass: whether they can
// be compared is the holder's answer (UNCOMPARABLE), not an error.
absl::Status CheckName(absl::string_view text);

}  // namespace chayan::ident

#endif  // CHAYAN_GATEWAY_IDENT_FOLD_H_
