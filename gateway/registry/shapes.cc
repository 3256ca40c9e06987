#include "gateway/registry/shapes.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"

namespace chayan::registry {
namespace {

bool IsLowerOrDigit(char c) { return absl::ascii_islower(c) || absl::ascii_isdigit(c); }

template <typename Allowed>
bool Consists(absl::string_view text, size_t size_min, size_t size_max, Allowed allowed) {
  return text.size() >= size_min && text.size() <= size_max &&
         std::all_of(text.begin(), text.end(), allowed);
}

bool IsLowerHex(char c) { return absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f'); }

bool MatchesMemberId(absl::string_view text) {
  return Consists(text, 2, kNameBytesMax, [](char c) { return IsLowerOrDigit(c) || c == '-'; }) &&
         absl::ascii_islower(text[0]);
}

bool MatchesSystemName(absl::string_view text) {
  return Consists(text, 1, kNameBytesMax, [](char c) { return IsLowerOrDigit(c) || c == '-'; });
}

bool MatchesDottedCode(absl::string_view text) {
  return Consists(text, 1, kNameBytesMax,
                  [](char c) { return IsLowerOrDigit(c) || c == '.' || c == '_' || c == '-'; }) &&
         IsLowerOrDigit(text.front()) && IsLowerOrDigit(text.back());
}

bool MatchesElementCode(absl::string_view text) {
  return Consists(text, 1, kNameBytesMax, [](char c) { return IsLowerOrDigit(c) || c == '_'; }) &&
         absl::ascii_islower(text[0]);
}

bool MatchesKindCode(absl::string_view text) {
  if (text.size() > kNameBytesMax) return false;
  for (const absl::string_view word : absl::StrSplit(text, '.')) {
    if (!MatchesElementCode(word)) return false;
  }
  return true;
}

bool MatchesListedCode(absl::string_view text) {
  return Consists(text, 1, kNameBytesMax, [](char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-';
  });
}

bool MatchesTrustDomain(absl::string_view text) {
  return Consists(text, 1, 128, [](char c) { return IsLowerOrDigit(c) || c == '.' || c == '-'; }) &&
         IsLowerOrDigit(text.front()) && IsLowerOrDigit(text.back()) &&
         !absl::StrContains(text, "..");
}

bool MatchesSpkiDigest(absl::string_view text) { return Consists(text, 64, 64, IsLowerHex); }

// RFC 5280 4.1.2.2: at most 20 bytes.
bool MatchesSerial(absl::string_view text) {
  return Consists(text, 1, 40, IsLowerHex) && text[0] != '0';
}

bool MatchesCountyCode(absl::string_view text) {
  return text.size() == 5 && std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

bool MatchesPersonRole(absl::string_view text) {
  return Consists(text, 1, kNameBytesMax, [](char c) { return !absl::ascii_iscntrl(c); }) &&
         absl::StripAsciiWhitespace(text).size() == text.size();
}

bool MatchesFilePath(absl::string_view text) {
  if (!Consists(text, 1, 255,
                [](char c) {
                  return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-' || c == '/';
                }) ||
      !absl::EndsWith(text, ".textproto")) {
    return false;
  }
  for (const absl::string_view part : absl::StrSplit(text, '/')) {
    if (part.empty() || part == "." || part == "..") return false;
  }
  return true;
}

}  // namespace

const Shape kMemberId{MatchesMemberId,
                      "2 to 64 lower-case letters, digits and hyphens, beginning with a letter"};
const Shape kSystemName{MatchesSystemName, "1 to 64 lower-case letters, digits and hyphens"};
const Shape kDottedCode{MatchesDottedCode,
                        "1 to 64 lower-case letters and digits, with dots, hyphens or underscores "
                        "between them, such as \"household.move\""};
const Shape kKindCode{MatchesKindCode,
                      "lower-case words joined by dots, at most 64 characters, such as "
                      "\"land.title\""};
const Shape kElementCode{MatchesElementCode,
                         "1 to 64 lower-case letters, digits and underscores, beginning with a "
                         "letter"};
const Shape kListedCode{MatchesListedCode,
                        "1 to 64 letters, digits, dots, hyphens and underscores"};
const Shape kTrustDomain{MatchesTrustDomain,
                         "lower-case letters, digits, dots and hyphens, such as "
                         "\"chayan.example\""};
const Shape kSpkiDigest{MatchesSpkiDigest, "64 lower-case hexadecimal digits"};
const Shape kSerial{MatchesSerial,
                    "at most 40 lower-case hexadecimal digits without leading zeros"};
const Shape kPersonRole{MatchesPersonRole, "1 to 64 bytes without blanks at the ends"};
const Shape kCountyCode{MatchesCountyCode, "five digits, such as \"67000\""};
const Shape kFilePath{MatchesFilePath,
                      "a path inside the folder of letters, digits, dots, hyphens and underscores "
                      "that ends in .textproto"};

absl::string_view WithoutLeadingZeros(absl::string_view hex) {
  return hex.substr(std::min(hex.find_first_not_of('0'), hex.size()));
}

bool IsReservedName(absl::string_view name) {
  // "gateway" is the gateway's own place in the trust domain's URIs.
  return name == "unknown" || name == "none" || name == "gateway";
}

}  // namespace chayan::registry
