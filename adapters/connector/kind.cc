#include "adapters/connector/kind.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace chayan::connector {
namespace {

const v1::Element* Find(const google::protobuf::RepeatedPtrField<v1::Element>& elements,
                        absl::string_view code) {
  for (const v1::Element& element : elements) {
    if (absl::string_view(element.code()) == code) return &element;
  }
  return nullptr;
}

}  // namespace

std::vector<std::string> KindElements(const v1::DocumentKind& kind) {
  std::vector<std::string> lines;
  for (const auto* elements : {&kind.claims(), &kind.fields()}) {
    for (const v1::Element& element : *elements) {
      lines.push_back(
          absl::StrCat(element.code(), ":",
                       absl::StripPrefix(v1::ValueType_Name(element.type()), "VALUE_TYPE_")));
    }
  }
  // A line feed sorts before everything that a line holds: sorted without it is sorted with it.
  std::sort(lines.begin(), lines.end());
  return lines;
}

crypto::Digest KindDigest(const v1::DocumentKind& kind) {
  std::string text = kind.code();
  for (const std::string& line : KindElements(kind)) absl::StrAppend(&text, line, "\n");
  return crypto::Sha256(text);
}

const v1::Element* FindClaim(const v1::DocumentKind& kind, absl::string_view code) {
  return Find(kind.claims(), code);
}

const v1::Element* FindField(const v1::DocumentKind& kind, absl::string_view code) {
  return Find(kind.fields(), code);
}

}  // namespace chayan::connector
