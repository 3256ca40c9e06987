// What the codes of entries are called, for readers who know no code: as a registry set names them.
#ifndef CHAYAN_GATEWAY_CLI_CODE_NAMES_H_
#define CHAYAN_GATEWAY_CLI_CODE_NAMES_H_

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "chayan/v1/registry.pb.h"
#include "gateway/base/language.h"
#include "gateway/registry/snapshot.h"

namespace chayan::cli {

// Immutable. A code that the set does not name stays as it is.
class CodeNames {
 public:
  // Names nothing.
  CodeNames() = default;
  CodeNames(Language language, const registry::Files& files);

  std::string Member(absl::string_view id) const { return NameOf(members_, id); }
  std::string Kind(absl::string_view code) const { return NameOf(kinds_, code); }
  std::string Purpose(absl::string_view code) const { return NameOf(purposes_, code); }
  std::string LegalBasis(absl::string_view code) const { return NameOf(legal_bases_, code); }
  // A claim or a released field of a kind; an element of a notice is a field of its kind.
  std::string Claim(absl::string_view kind, absl::string_view code) const;
  std::string Field(absl::string_view kind, absl::string_view code) const;

 private:
  using Names = absl::flat_hash_map<std::string, std::string>;
  static std::string NameOf(const Names& names, absl::string_view code);
  void Add(Language language, const v1::RegistryFile& file);

  Names members_, kinds_, purposes_, legal_bases_;
  Names claims_, fields_;  // by "KIND/CODE"
};

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_CODE_NAMES_H_
