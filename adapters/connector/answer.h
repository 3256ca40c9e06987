// From rows to an answer: which row is meant, what each claim comes to, what may be released. Pure:
// no source, no clock, no key.
//
// An answer never says more than was asked: fields are released only when no claim differs, and a
// protected person's answer is the same whatever the row holds.
#ifndef CHAYAN_ADAPTERS_CONNECTOR_ANSWER_H_
#define CHAYAN_ADAPTERS_CONNECTOR_ANSWER_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "adapters/connector/plan.h"
#include "adapters/connector/rows.h"
#include "chayan/v1/adapter_link_service.pb.h"
#include "chayan/v1/verification_service.pb.h"

namespace chayan::connector {

struct HolderAnswer {
  v1::VerificationAnswer answer;
  bool restricted = false;
};

// OK if the result has every column that the plan names; else INTERNAL with the missing ones.
absl::Status CheckColumns(const KindPlan& plan, const Rows& rows);

// REQUIRES: CheckColumns() is OK.
HolderAnswer AnswerFromRows(const KindPlan& plan, const v1::VerifyDocumentRequest& request,
                            const v1::QuestionPermit& permit, const Rows& rows, absl::Time as_of);

// An answer of this outcome, to be filled in.
HolderAnswer NewAnswer(const v1::VerifyDocumentRequest& request, v1::Outcome outcome);
// Nothing was compared; ask the holder. It takes no reason: were there one for "several rows" or
// "no value", a protected person would be known by the reason of hers. All such answers to one
// question are the same bytes.
HolderAnswer NotCompared(const v1::VerifyDocumentRequest& request);
// The source could not be asked. `forwarded`: whether it may have seen the question.
HolderAnswer SourceDown(const v1::VerifyDocumentRequest& request, bool forwarded);

// The values of the kind's parameters of these names, in this order. INVALID_ARGUMENT if one has no
// normal form or holds a zero byte. `today` is the day in Taipei.
absl::StatusOr<std::vector<Value>> BindValues(const KindPlan& plan,
                                              const std::vector<std::string>& names,
                                              const v1::VerifyDocumentRequest& request,
                                              absl::CivilDay today);

// Whether the plan can answer for the day that the question names.
bool CanAnswerFor(const KindPlan& plan, const v1::VerifyDocumentRequest& request,
                  absl::CivilDay today);

// "2026-01-15T08:30:00Z" or "2026-01-15" (the beginning of that day in Taipei).
absl::StatusOr<absl::Time> ParseAsOf(absl::string_view text);

}  // namespace chayan::connector

#endif  // CHAYAN_ADAPTERS_CONNECTOR_ANSWER_H_
