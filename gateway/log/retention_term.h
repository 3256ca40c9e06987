// Until when a month of a retention class is kept.
#ifndef CHAYAN_GATEWAY_LOG_RETENTION_TERM_H_
#define CHAYAN_GATEWAY_LOG_RETENTION_TERM_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace chayan::log {

// When the term of a vault key ("2026-11.five-years") ends: so many years after its month, in
// Taipei, so that its last entry too was kept as long. InfiniteFuture for a permanent one.
// INVALID_ARGUMENT when there is no such key.
absl::StatusOr<absl::Time> TermEnd(absl::string_view key_id);

}  // namespace chayan::log

#endif  // CHAYAN_GATEWAY_LOG_RETENTION_TERM_H_
