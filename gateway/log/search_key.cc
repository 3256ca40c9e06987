#include "gateway/log/search_key.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/answer/identifier_scheme.h"
#include "gateway/ident/identifier.h"

namespace chayan::log {
namespace {

std::string Joined(absl::string_view scope, absl::string_view value) {
  if (value.empty()) return {};
  return absl::StrCat(scope, absl::string_view("\0", 1), value);
}

}  // namespace

absl::StatusOr<std::string> SubjectKey(const v1::Identifier& identifier) {
  const std::optional<ident::IdentifierScheme> scheme = answer::SchemeOf(identifier.scheme());
  if (!scheme.has_value()) return absl::InvalidArgumentError("the scheme is not known");
  absl::StatusOr<ident::Normalized> normalized = ident::Normalize(*scheme, identifier.value());
  if (!normalized.ok()) return normalized.status();
  return std::move(normalized->value);
}

std::string PersonKey(absl::string_view member, absl::string_view person_id) {
  return Joined(member, person_id);
}

std::string CaseKey(absl::string_view office, absl::string_view case_number) {
  return Joined(office, case_number);
}

}  // namespace chayan::log
