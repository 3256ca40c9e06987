#include "gateway/ident/fold.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/ascii.h"
#include "gateway/base/encoding.h"

namespace chayan::ident {
namespace {

constexpr char32_t kFullWidthFirst = 0xFF01;
constexpr char32_t kFullWidthLast = 0xFF5E;
constexpr char32_t kFullWidthOffset = 0xFF01 - U'!';
constexpr char32_t kBlackSquare = 0x25A0;
constexpr char32_t kWhiteSquare = 0x25A1;
constexpr absl::string_view kIdeographicSpaceUtf8 = "\xE3\x80\x80";

// Length by the lead byte; 0 for a byte that cannot lead.
size_t SequenceSize(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return 2;
  if (lead >= 0xE0 && lead <= 0xEF) return 3;
  if (lead >= 0xF0 && lead <= 0xF4) return 4;
  return 0;
}

}  // namespace

char32_t TakeCodePoint(absl::string_view& text) {
  const size_t size = SequenceSize(static_cast<unsigned char>(text[0]));
  if (size == 1) {
    const char32_t ascii = static_cast<unsigned char>(text[0]);
    text.remove_prefix(1);
    return ascii;
  }
  char32_t code_point = static_cast<unsigned char>(text[0]) & (0xFFu >> (size + 1));
  bool well_formed = size != 0 && size <= text.size();
  for (size_t i = 1; well_formed && i < size; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    well_formed = (next & 0xC0) == 0x80;
    code_point = code_point << 6 | (next & 0x3Fu);
  }
  constexpr char32_t kFirstOfSize[] = {0, 0, 0x80, 0x800, 0x10000};
  well_formed = well_formed && code_point >= kFirstOfSize[size] && code_point <= 0x10FFFF &&
                !(code_point >= 0xD800 && code_point <= 0xDFFF);
  text.remove_prefix(well_formed ? size : 1);
  return well_formed ? code_point : kReplacementCharacter;
}

void AppendCodePoint(std::string& out, char32_t code_point) {
  const auto append = [&out](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code_point < 0x80) {
    append(code_point);
  } else if (code_point < 0x800) {
    append(0xC0 | code_point >> 6);
    append(0x80 | (code_point & 0x3F));
  } else if (code_point < 0x10000) {
    append(0xE0 | code_point >> 12);
    append(0x80 | (code_point >> 6 & 0x3F));
    append(0x80 | (code_point & 0x3F));
  } else {
    append(0xF0 | code_point >> 18);
    append(0x80 | (code_point >> 12 & 0x3F));
    append(0x80 | (code_point >> 6 & 0x3F));
    append(0x80 | (code_point & 0x3F));
  }
}

std::u32string ToCodePoints(absl::string_view text) {
  std::u32string code_points;
  code_points.reserve(text.size());
  while (!text.empty()) code_points.push_back(TakeCodePoint(text));
  return code_points;
}

std::string FromCodePoints(std::u32string_view code_points) {
  std::string text;
  for (const char32_t code_point : code_points) AppendCodePoint(text, code_point);
  return text;
}

size_t CountCodePoints(absl::string_view text) {
  if (IsAscii(text)) return text.size();
  size_t count = 0;
  for (; !text.empty(); ++count) TakeCodePoint(text);
  return count;
}

char32_t FoldWidth(char32_t code_point) {
  if (code_point >= kFullWidthFirst && code_point <= kFullWidthLast) {
    return code_point - kFullWidthOffset;
  }
  return code_point == kIdeographicSpace ? U' ' : code_point;
}

std::string FoldWidth(absl::string_view text) {
  if (IsAscii(text)) return std::string(text);
  std::string folded;
  folded.reserve(text.size());
  while (!text.empty()) AppendCodePoint(folded, FoldWidth(TakeCodePoint(text)));
  return folded;
}

absl::string_view Trim(absl::string_view text) {
  for (;;) {
    const size_t size_before = text.size();
    text = absl::StripAsciiWhitespace(text);
    if (text.substr(0, kIdeographicSpaceUtf8.size()) == kIdeographicSpaceUtf8) {
      text.remove_prefix(kIdeographicSpaceUtf8.size());
    }
    if (text.size() >= kIdeographicSpaceUtf8.size() &&
        text.substr(text.size() - kIdeographicSpaceUtf8.size()) == kIdeographicSpaceUtf8) {
      text.remove_suffix(kIdeographicSpaceUtf8.size());
    }
    if (text.size() == size_before) return text;
  }
}

bool IsPrivateUse(char32_t code_point) {
  return (code_point >= 0xE000 && code_point <= 0xF8FF) ||
         (code_point >= 0xF0000 && code_point <= 0x10FFFF && !IsNoncharacter(code_point));
}

bool IsNoncharacter(char32_t code_point) {
  return (code_point >= 0xFDD0 && code_point <= 0xFDEF) || (code_point & 0xFFFE) == 0xFFFE;
}

bool IsMissingGlyphMark(char32_t code_point) {
  return code_point == kBlackSquare || code_point == kWhiteSquare ||
         code_point == kReplacementCharacter;
}

bool HasUnknownCharacter(absl::string_view text) {
  while (!text.empty()) {
    const char32_t code_point = TakeCodePoint(text);
    if (IsPrivateUse(code_point) || IsNoncharacter(code_point) || IsMissingGlyphMark(code_point)) {
      return true;
    }
  }
  return false;
}

absl::Status CheckName(absl::string_view text) {
  if (!IsValidUtf8(text)) {
    return absl::InvalidArgumentError("the name is not valid UTF-8; send it as UTF-8");
  }
  if (Trim(text).empty()) {
    return absl::InvalidArgumentError("the name is empty; write the registered name");
  }
  size_t count = 0;
  for (absl::string_view rest = text; !rest.empty(); ++count) {
    const char32_t code_point = TakeCodePoint(rest);
    if (code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0)) {
      return absl::InvalidArgumentError(
          "the name holds a control character; write only the characters of the name");
    }
    if (IsNoncharacter(code_point)) {
      return absl::InvalidArgumentError(
          "the name holds a code point that is never text; write ■ for a character that your "
          "system does not have");
    }
  }
  if (count > kNameCodePointsMax) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the name has ", count, " characters; the registry takes at most ", kNameCodePointsMax));
  }
  return absl::OkStatus();
}

}  // namespace chayan::ident
