#include "adapters/http/template.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "adapters/connector/json_tree.h"
#include "gateway/base/check.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_macros.h"
#include "pugixml.hpp"

namespace chayan::http_connector {
namespace {

using connector::JsonNode;
using connector::ParseJson;

// A template is written by hand: far above what one needs.
constexpr int kTemplateDepthMax = 64;
constexpr size_t kTemplateNodesMax = 100'000;

bool IsNameCharacter(char c) {
  return absl::ascii_islower(static_cast<unsigned char>(c)) ||
         absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == '_';
}

// The length of "{name}" at the beginning of `text`; 0 if there is none.
size_t PlaceholderLength(absl::string_view text) {
  if (text.size() < 3 || text[0] != '{' ||
      !absl::ascii_islower(static_cast<unsigned char>(text[1])))
    return 0;
  size_t end = 1;
  while (end < text.size() && IsNameCharacter(text[end])) ++end;
  return end < text.size() && text[end] == '}' ? end + 1 : 0;
}

std::string PercentEncoded(absl::string_view value) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : value) {
    const unsigned char byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte) || c == '-' || c == '.' || c == '_' || c == '~') {
      out += c;
    } else {
      out += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return out;
}

std::string JsonEscaped(absl::string_view value) {
  std::string quoted;
  AppendJsonString(quoted, value);
  return quoted.substr(1, quoted.size() - 2);
}

absl::StatusOr<std::string> XmlEscaped(absl::string_view value) {
  std::string out;
  for (const char c : value) {
    const unsigned char byte = static_cast<unsigned char>(c);
    if (byte < ' ' && c != '\t' && c != '\n' && c != '\r') {
      return absl::InvalidArgumentError("has a control character, which XML cannot carry");
    }
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&apos;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

absl::StatusOr<std::string> Escaped(Context context, absl::string_view value) {
  if (!IsValidUtf8(value)) return absl::InvalidArgumentError("is not UTF-8");
  switch (context) {
    case Context::kUrl:
    case Context::kForm:
      return PercentEncoded(value);
    case Context::kJson:
      return JsonEscaped(value);
    case Context::kXml:
      return XmlEscaped(value);
    case Context::kHeader:
      for (const char c : value) {
        if (!absl::ascii_isprint(static_cast<unsigned char>(c))) {
          return absl::InvalidArgumentError("has a character that no header carries");
        }
      }
      return std::string(value);
  }
  CHAYAN_CHECK(false);
}

// Every text of the tree, keys included, has none of `mark` left outside.
size_t CountInTexts(const JsonNode& node, absl::string_view mark) {
  size_t count = 0;
  for (size_t at = node.text.find(mark.data(), 0, mark.size());
       node.type == JsonNode::Type::kText && at != std::string::npos;
       at = node.text.find(mark.data(), at + mark.size(), mark.size())) {
    ++count;
  }
  for (const JsonNode& child : node.children) count += CountInTexts(child, mark);
  return count;
}

}  // namespace

absl::StatusOr<Template> Template::Create(absl::string_view text, Context context) {
  Template result(context);
  std::string literal;
  while (!text.empty()) {
    const size_t length = PlaceholderLength(text);
    if (length == 0) {
      literal += text.front();
      text.remove_prefix(1);
      continue;
    }
    result.names_.emplace_back(text.substr(1, length - 2));
    result.literals_.push_back(std::move(literal));
    literal.clear();
    text.remove_prefix(length);
  }
  result.literals_.push_back(std::move(literal));
  CHAYAN_RETURN_IF_ERROR(result.Check());
  return result;
}

// Filled with values that would break out anywhere but where escaping holds, the text must still be
// what it is.
absl::Status Template::Check() const {
  Bindings hostile;
  constexpr absl::string_view kHostile = "\"x y'<\\&>";
  for (const std::string& name : names_) hostile[name] = std::string(kHostile);
  if (context_ == Context::kJson) {
    CHAYAN_ASSIGN_OR_RETURN(const std::string text, Fill(hostile));
    const absl::StatusOr<JsonNode> tree = ParseJson(text, kTemplateDepthMax, kTemplateNodesMax);
    if (!tree.ok() || CountInTexts(*tree, kHostile) != names_.size()) {
      return absl::InvalidArgumentError(
          "is no JSON, or has a placeholder outside a string: write \"{name}\", in quotes");
    }
  }
  if (context_ == Context::kXml) {
    CHAYAN_ASSIGN_OR_RETURN(const std::string text, Fill(hostile));
    pugi::xml_document document;
    if (!document.load_string(text.c_str())) {
      return absl::InvalidArgumentError(
          "is no XML, or has a placeholder outside text and quoted attribute values");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Template::Fill(const Bindings& bindings) const {
  std::string out = literals_.front();
  for (size_t i = 0; i < names_.size(); ++i) {
    const auto found = bindings.find(names_[i]);
    CHAYAN_CHECK(found != bindings.end());
    const absl::StatusOr<std::string> escaped = Escaped(context_, found->second);
    if (!escaped.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("{", names_[i], "} ", escaped.status().message()));
    }
    absl::StrAppend(&out, *escaped, literals_[i + 1]);
  }
  return out;
}

}  // namespace chayan::http_connector
