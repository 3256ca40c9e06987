#include "adapters/http/rules.h"

#include <cstdint>
#include <set>

#include "absl/algorithm/container.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "adapters/connector/compare.h"
#include "adapters/connector/kind.h"

namespace chayan::http_connector {
namespace {

using connector::Place;

const std::string* Find(const AnswerFacts& facts, const std::string& value) {
  const auto found = facts.values.find(value);
  return found == facts.values.end() ? nullptr : &found->second;
}

bool Matches(const v1::ValueMatch& match, const AnswerFacts& facts, const connector::KindPlan& plan,
             const v1::VerifyDocumentRequest& request) {
  const std::string* held = Find(facts, match.value());
  const v1::Element* element = connector::FindClaim(plan.kind, match.claim());
  if (held == nullptr || element == nullptr) return false;
  for (const v1::Claim& claim : request.claims()) {
    if (claim.code() != match.claim()) continue;
    return connector::Compare(element->type(), v1::COMPARISON_RULE_UNSPECIFIED, claim, *held)
               .verdict == sdk::Verdict::kMatch;
  }
  return false;
}

bool InRange(const v1::ValueRange& range, const AnswerFacts& facts) {
  const std::string* text = Find(facts, range.value());
  int64_t number = 0;
  return text != nullptr && absl::SimpleAtoi(*text, &number) && range.min() <= number &&
         number <= range.max();
}

bool IsCompared(v1::Outcome outcome) {
  return outcome == v1::OUTCOME_MATCH || outcome == v1::OUTCOME_MISMATCH;
}

void AddVerdict(const std::string& code, v1::Verdict verdict, v1::MatchLevel level,
                v1::VerificationAnswer& answer) {
  v1::ClaimVerdict& added = *answer.add_verdicts();
  added.set_code(code);
  added.set_verdict(verdict);
  added.set_match_level(level);
}

// The verdicts that follow from what the system says of the claims it compares.
connector::HolderAnswer Compared(const v1::HttpExchange& exchange, v1::Outcome outcome,
                                 const v1::VerifyDocumentRequest& request, absl::Time as_of) {
  connector::HolderAnswer result = connector::NewAnswer(request, outcome);
  v1::VerificationAnswer& answer = result.answer;
  answer.mutable_as_of_time()->set_seconds(absl::ToUnixSeconds(as_of));
  const auto covered = [&](const v1::Claim& claim) {
    return absl::c_linear_search(exchange.compared_claims(), claim.code());
  };
  const auto count = absl::c_count_if(request.claims(), covered);
  if (count == 0) return connector::NotCompared(request);
  for (const v1::Claim& claim : request.claims()) {
    if (!covered(claim)) {
      AddVerdict(claim.code(), v1::VERDICT_NOT_COMPARED, v1::MATCH_LEVEL_UNSPECIFIED, answer);
      answer.mutable_verdicts(answer.verdicts_size() - 1)
          ->set_not_compared_reason(v1::NOT_COMPARED_REASON_CLAIM_UNKNOWN);
    } else if (outcome == v1::OUTCOME_MATCH) {
      AddVerdict(claim.code(), v1::VERDICT_MATCH, v1::MATCH_LEVEL_EQUIVALENT, answer);
    } else if (count == 1) {
      AddVerdict(claim.code(), v1::VERDICT_MISMATCH, v1::MATCH_LEVEL_MISMATCH, answer);
    } else {
      AddVerdict(claim.code(), v1::VERDICT_UNCOMPARABLE, v1::MATCH_LEVEL_UNCOMPARABLE, answer);
    }
  }
  // A claim that nobody compared keeps the answer from being a match.
  if (outcome == v1::OUTCOME_MATCH && count != request.claims_size()) {
    answer.set_outcome(v1::OUTCOME_UNCOMPARABLE);
  }
  return result;
}

// Conditions a file may nest: a person still reads them.
constexpr int kConditionDepthMax = 8;

class RuleCheck {
 public:
  RuleCheck(const v1::DocumentKind& kind, const v1::HttpExchange& exchange) : kind_(kind) {
    for (const v1::AnswerValue& value : exchange.values()) names_.insert(value.name());
  }

  void Check(const v1::AnswerCondition& condition, const Place& place, int depth) const {
    if (depth > kConditionDepthMax) {
      return place.Fault("all", absl::StrCat("is nested deeper than ", kConditionDepthMax));
    }
    switch (condition.test_case()) {
      case v1::AnswerCondition::kAll:
        return CheckAll(condition.all(), place.Nested("all", condition.all()), depth);
      case v1::AnswerCondition::kAny:
        return CheckAll(condition.any(), place.Nested("any", condition.any()), depth);
      case v1::AnswerCondition::kNot:
        return Check(condition.not_(), place.Nested("not", condition.not_()), depth + 1);
      case v1::AnswerCondition::kEq:
        CheckValue(condition.eq().value(), place.Nested("eq", condition.eq()), "value");
        if (condition.eq().texts_size() != 1) {
          place.Nested("eq", condition.eq()).Fault("texts", "write one text, or use `in`");
        }
        return;
      case v1::AnswerCondition::kIn:
        CheckValue(condition.in().value(), place.Nested("in", condition.in()), "value");
        place.Nested("in", condition.in()).Require("texts", "\"…\"");
        return;
      case v1::AnswerCondition::kExists:
        return CheckValue(condition.exists(), place, "exists");
      case v1::AnswerCondition::kRange:
        return CheckValue(condition.range().value(), place.Nested("range", condition.range()),
                          "value");
      case v1::AnswerCondition::kMatch: {
        const Place here = place.Nested("match", condition.match());
        CheckValue(condition.match().value(), here, "value");
        if (connector::FindClaim(kind_, condition.match().claim()) == nullptr) {
          here.Fault("claim", "the kind has no such claim, write one of its codes");
        }
        return;
      }
      case v1::AnswerCondition::kStatus:
        return;
      case v1::AnswerCondition::TEST_NOT_SET:
        return place.Fault("eq",
                           "the condition says nothing, write one such as `eq { value: \"…\" "
                           "texts: \"…\" }`");
    }
  }

 private:
  void CheckAll(const v1::AnswerConditions& conditions, const Place& place, int depth) const {
    place.Require("conditions", "{ … }");
    for (int i = 0; i < conditions.conditions_size(); ++i) {
      Check(conditions.conditions(i), place.Nested("conditions", conditions.conditions(i), i),
            depth + 1);
    }
  }
  void CheckValue(const std::string& name, const Place& place, const std::string& field) const {
    if (names_.contains(name)) return;
    place.Fault(field, absl::StrCat("there is no value \"", name, "\", add `values { name: \"",
                                    name, "\" selector: \"…\" }`"));
  }

  const v1::DocumentKind& kind_;
  std::set<std::string> names_;
};

}  // namespace

bool Holds(const v1::AnswerCondition& condition, const AnswerFacts& facts,
           const connector::KindPlan& plan, const v1::VerifyDocumentRequest& request) {
  const auto holds = [&](const v1::AnswerCondition& nested) {
    return Holds(nested, facts, plan, request);
  };
  switch (condition.test_case()) {
    case v1::AnswerCondition::kAll:
      return absl::c_all_of(condition.all().conditions(), holds);
    case v1::AnswerCondition::kAny:
      return absl::c_any_of(condition.any().conditions(), holds);
    case v1::AnswerCondition::kNot:
      return !holds(condition.not_());
    case v1::AnswerCondition::kEq:
    case v1::AnswerCondition::kIn: {
      const v1::ValueTest& test = condition.has_eq() ? condition.eq() : condition.in();
      const std::string* value = Find(facts, test.value());
      return value != nullptr && absl::c_linear_search(test.texts(), *value);
    }
    case v1::AnswerCondition::kExists: {
      const std::string* value = Find(facts, condition.exists());
      return value != nullptr && !value->empty();
    }
    case v1::AnswerCondition::kRange:
      return InRange(condition.range(), facts);
    case v1::AnswerCondition::kMatch:
      return Matches(condition.match(), facts, plan, request);
    case v1::AnswerCondition::kStatus: {
      const int max =
          condition.status().max() == 0 ? condition.status().min() : condition.status().max();
      return condition.status().min() <= facts.status && facts.status <= max;
    }
    case v1::AnswerCondition::TEST_NOT_SET:
      return false;
  }
  return false;
}

const v1::OutcomeRule* FirstThatHolds(const connector::KindPlan& plan, const AnswerFacts& facts,
                                      const v1::VerifyDocumentRequest& request) {
  for (const v1::OutcomeRule& rule : plan.source.http().rules()) {
    if (Holds(rule.when(), facts, plan, request)) return &rule;
  }
  return nullptr;
}

connector::HolderAnswer AnswerByRule(const connector::KindPlan& plan, const v1::OutcomeRule& rule,
                                     const v1::VerifyDocumentRequest& request, absl::Time as_of) {
  if (rule.restricted() || rule.outcome() == v1::OUTCOME_NOT_COMPARED) {
    connector::HolderAnswer answer = connector::NotCompared(request);
    answer.restricted = rule.restricted();
    return answer;
  }
  if (rule.outcome() == v1::OUTCOME_SOURCE_DOWN) {
    return connector::SourceDown(request, /*forwarded=*/true);
  }
  connector::HolderAnswer result =
      IsCompared(rule.outcome()) ? Compared(plan.source.http(), rule.outcome(), request, as_of)
                                 : connector::NewAnswer(request, rule.outcome());
  if (rule.outcome() == v1::OUTCOME_VOID || rule.outcome() == v1::OUTCOME_NOT_FOUND) {
    result.answer.mutable_as_of_time()->set_seconds(absl::ToUnixSeconds(as_of));
  }
  if (rule.attempts_left_plus_one() > 0) {
    result.answer.set_attempts_left(static_cast<int>(rule.attempts_left_plus_one()) - 1);
  }
  return result;
}

void CheckRules(const v1::DocumentKind& kind, const v1::HttpExchange& exchange,
                const Place& place) {
  const RuleCheck check(kind, exchange);
  for (int i = 0; i < exchange.rules_size(); ++i) {
    const v1::OutcomeRule& rule = exchange.rules(i);
    const Place here = place.Nested("rules", rule, i);
    if (!rule.has_when()) {
      here.Fault("when", "is missing, add a line `when { eq { value: \"…\" texts: \"…\" } }`");
    } else {
      check.Check(rule.when(), here.Nested("when", rule.when()), 0);
    }
    if (IsCompared(rule.outcome()) && exchange.compared_claims().empty()) {
      here.Fault("outcome", "needs compared_claims: say which claims the system compares");
    }
    if (rule.outcome() == v1::OUTCOME_VARIANT || rule.outcome() == v1::OUTCOME_UNCOMPARABLE ||
        rule.outcome() == v1::OUTCOME_PENDING) {
      here.Fault("outcome",
                 "no rule gives it: write MATCH, MISMATCH, NOT_FOUND, LOCKED, VOID, "
                 "NOT_COMPARED or SOURCE_DOWN");
    }
    if (rule.attempts_left_plus_one() > 0 && rule.outcome() != v1::OUTCOME_MISMATCH &&
        rule.outcome() != v1::OUTCOME_LOCKED) {
      here.Fault("attempts_left_plus_one", "stands with MISMATCH or LOCKED alone, remove it");
    }
  }
  for (int i = 0; i < exchange.compared_claims_size(); ++i) {
    if (connector::FindClaim(kind, exchange.compared_claims(i)) == nullptr) {
      place.Fault("compared_claims", "the kind has no such claim, write one of its codes", i);
    }
  }
}

}  // namespace chayan::http_connector
