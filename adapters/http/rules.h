// What an answer means before any record is compared: conditions on its status and values, the
// first rule that holds decides. Pure.
#ifndef CHAYAN_ADAPTERS_HTTP_RULES_H_
#define CHAYAN_ADAPTERS_HTTP_RULES_H_

#include <map>
#include <string>

#include "absl/time/time.h"
#include "adapters/connector/answer.h"
#include "adapters/connector/place.h"
#include "adapters/connector/plan.h"
#include "chayan/v1/http_source.pb.h"
#include "chayan/v1/verification_service.pb.h"

namespace chayan::http_connector {

// What conditions look at. A value that is absent is not here.
struct AnswerFacts {
  int status = 0;
  std::map<std::string, std::string> values;
};

bool Holds(const v1::AnswerCondition& condition, const AnswerFacts& facts,
           const connector::KindPlan& plan, const v1::VerifyDocumentRequest& request);

// The first rule that holds; nullptr if none does.
const v1::OutcomeRule* FirstThatHolds(const connector::KindPlan& plan, const AnswerFacts& facts,
                                      const v1::VerifyDocumentRequest& request);

// The answer that a rule with an outcome gives. Where the system compared several claims at once
// and says that they differ, it does not say which: each is then UNCOMPARABLE.
// REQUIRES: rule.outcome() is set and CheckRules() found no fault.
connector::HolderAnswer AnswerByRule(const connector::KindPlan& plan, const v1::OutcomeRule& rule,
                                     const v1::VerifyDocumentRequest& request, absl::Time as_of);

// Tells the faults of an exchange's rules. `place` is that of the exchange.
void CheckRules(const v1::DocumentKind& kind, const v1::HttpExchange& exchange,
                const connector::Place& place);

}  // namespace chayan::http_connector

#endif  // CHAYAN_ADAPTERS_HTTP_RULES_H_
