#include "gateway/cli/code_names.h"

#include <google/protobuf/text_format.h>

#include "absl/strings/str_cat.h"
#include "gateway/cli/language.h"

namespace chayan::cli {

CodeNames::CodeNames(Language language, const registry::Files& files) {
  for (const auto& [path, content] : files) {
    v1::RegistryFile file;
    // What does not parse names nothing; the gateway takes no such set.
    if (google::protobuf::TextFormat::ParseFromString(content, &file)) Add(language, file);
  }
}

void CodeNames::Add(Language language, const v1::RegistryFile& file) {
  const auto add = [language](Names& names, std::string code, const v1::LocalizedText& text) {
    const absl::string_view name = Say(language, text);
    if (!name.empty()) names.insert_or_assign(std::move(code), std::string(name));
  };
  for (const v1::Member& member : file.members()) add(members_, member.id(), member.name());
  for (const v1::PurposeCode& code : file.purposes()) add(purposes_, code.code(), code.title());
  for (const v1::LegalBasis& basis : file.legal_bases()) {
    add(legal_bases_, basis.code(), basis.title());
  }
  for (const v1::DocumentKind& kind : file.document_kinds()) {
    add(kinds_, kind.code(), kind.title());
    for (const v1::Element& claim : kind.claims()) {
      add(claims_, absl::StrCat(kind.code(), "/", claim.code()), claim.title());
    }
    for (const v1::Element& field : kind.fields()) {
      add(fields_, absl::StrCat(kind.code(), "/", field.code()), field.title());
    }
  }
  for (const v1::NoticeKind& kind : file.notice_kinds()) {
    add(kinds_, kind.code(), kind.title());
    for (const v1::Element& element : kind.payload()) {
      add(fields_, absl::StrCat(kind.code(), "/", element.code()), element.title());
    }
  }
}

std::string CodeNames::NameOf(const Names& names, absl::string_view code) {
  const auto found = names.find(code);
  return found == names.end() ? std::string(code) : found->second;
}

std::string CodeNames::Claim(absl::string_view kind, absl::string_view code) const {
  const auto found = claims_.find(absl::StrCat(kind, "/", code));
  return found == claims_.end() ? std::string(code) : found->second;
}

std::string CodeNames::Field(absl::string_view kind, absl::string_view code) const {
  const auto found = fields_.find(absl::StrCat(kind, "/", code));
  return found == fields_.end() ? std::string(code) : found->second;
}

}  // namespace chayan::cli
