// What a clerk can do after an outcome, from the catalogue.
#ifndef CHAYAN_GATEWAY_VERIFY_NEXT_STEP_H_
#define CHAYAN_GATEWAY_VERIFY_NEXT_STEP_H_

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "chayan/v1/registry.pb.h"
#include "chayan/v1/verification_service.pb.h"
#include "gateway/registry/calendar.h"

namespace chayan::verify {

// What a question came to.
struct Ending {
  v1::Outcome outcome;
  bool forwarded;
  std::optional<v1::LockState> lock{};  // the gateway's own, of MISMATCH and LOCKED
};

// `holder` may be null. A retry is advised only where it can do no harm: the question had not been
// forwarded, or the kind is repeatable.
v1::NextStep NextStepAfter(const Ending& ending, const v1::DocumentKind& kind,
                           const v1::Member* holder, absl::Time now);
// The same, serialized.
std::string NextStepBytes(const Ending& ending, const v1::DocumentKind& kind,
                          const v1::Member* holder, absl::Time now);

// For kinds that a person answers: by which form, at which desk, and by which day that is due. A
// form handed in on a free day counts from it: the first workday after it is the first of the
// service level's days.
v1::NextStep AskDesk(const v1::DocumentKind& kind, const v1::Member* holder,
                     const registry::Calendar& calendar, absl::Time now);

}  // namespace chayan::verify

#endif  // CHAYAN_GATEWAY_VERIFY_NEXT_STEP_H_
