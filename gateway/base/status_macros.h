// Early return of absl::Status. Both take an expression once.
#ifndef CHAYAN_GATEWAY_BASE_STATUS_MACROS_H_
#define CHAYAN_GATEWAY_BASE_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

#define CHAYAN_RETURN_IF_ERROR(expression)                                                    \
  do {                                                                                        \
    if (absl::Status chayan_status = (expression); !chayan_status.ok()) return chayan_status; \
  } while (false)

// CHAYAN_ASSIGN_OR_RETURN(auto x, F()): declares or assigns x from a StatusOr, or returns its
// status.
#define CHAYAN_ASSIGN_OR_RETURN(target, expression) \
  CHAYAN_ASSIGN_OR_RETURN_(CHAYAN_CONCAT_(chayan_status_or_, __LINE__), target, expression)
#define CHAYAN_CONCAT_(a, b) CHAYAN_CONCAT_INNER_(a, b)
#define CHAYAN_CONCAT_INNER_(a, b) a##b
#define CHAYAN_ASSIGN_OR_RETURN_(status_or, target, expression) \
  auto status_or = (expression);                                \
  if (!status_or.ok()) return std::move(status_or).status();    \
  target = *std::move(status_or)

namespace chayan {

// The same error with `context` in front, for the wall of a room: "open store: disk full".
inline absl::Status Annotate(const absl::Status& status, absl::string_view context) {
  if (status.ok()) return status;
  return absl::Status(status.code(), absl::StrCat(context, ": ", status.message()));
}

}  // namespace chayan

#endif  // CHAYAN_GATEWAY_BASE_STATUS_MACROS_H_
