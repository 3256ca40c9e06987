// What the vault is searched by: the normal forms of a subject's number, of a person of a member's
// directory and of an office's case. Whoever seals and whoever searches makes them here.
#ifndef CHAYAN_GATEWAY_LOG_SEARCH_KEY_H_
#define CHAYAN_GATEWAY_LOG_SEARCH_KEY_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "chayan/v1/verification_service.pb.h"

namespace chayan::log {

// Label of a search tag, as log-format 2.2 names it.
inline constexpr absl::string_view kSubjectLabel = "subject";
inline constexpr absl::string_view kPersonLabel = "person";
inline constexpr absl::string_view kCaseLabel = "case";

// The number's normal form by its scheme. Errors say what to write and repeat no value.
absl::StatusOr<std::string> SubjectKey(const v1::Identifier& identifier);
// Empty when `person_id` is.
std::string PersonKey(absl::string_view member, absl::string_view person_id);
// Empty when `case_number` is.
std::string CaseKey(absl::string_view office, absl::string_view case_number);

}  // namespace chayan::log

#endif  // CHAYAN_GATEWAY_LOG_SEARCH_KEY_H_
