#include "adapters/program/front.h"

#include <utility>

#include "absl/strings/strip.h"
#include "gateway/base/diag.h"

namespace chayan::adapter {
namespace {

// Offices whose budget is remembered: more than the country has. Beyond it all begin anew.
constexpr size_t kOfficesMax = 10'000;

}  // namespace

void Front::Use(std::unique_ptr<connector::Connector> connector,
                const std::vector<connector::KindPlan>& kinds) {
  absl::MutexLock lock(&mu_);
  connector_ = retired_.Keep(std::move(connector));
  kinds_.clear();
  for (const connector::KindPlan& plan : kinds) {
    const uint32_t max = plan.source.questions_per_minute_max();
    kinds_.try_emplace(plan.kind.code(), Kind{plan.source, connector::Budget(max), {}});
    counts_[plan.kind.code()].paused = plan.source.paused();
  }
}

Front::Gate Front::Pass(const sdk::Question& question) {
  const auto found = kinds_.find(question.request().document_kind());
  if (found == kinds_.end()) return Gate::kPaused;
  Kind& kind = found->second;
  KindCounts& counts = counts_[found->first];
  counts.last = clock_.Now();
  if (kind.source.paused()) {
    ++counts.refused_paused;
    return Gate::kPaused;
  }
  const absl::Duration now = clock_.Elapsed();
  if (kind.source.office_questions_per_minute_max() > 0) {
    if (kind.offices.size() >= kOfficesMax) kind.offices.clear();
    const auto office =
        kind.offices
            .try_emplace(question.caller().acting_for(),
                         connector::Budget(kind.source.office_questions_per_minute_max()))
            .first;
    if (!office->second.Admit(now)) {
      ++counts.refused_office_budget;
      return Gate::kOverBudget;
    }
  }
  if (!kind.budget.Admit(now)) {
    ++counts.refused_budget;
    return Gate::kOverBudget;
  }
  return Gate::kOpen;
}

void Front::Answer(sdk::Question question, sdk::Responder responder) {
  Gate gate = Gate::kPaused;
  std::shared_ptr<connector::Connector> connector;
  {
    absl::MutexLock lock(&mu_);
    gate = Pass(question);
    connector = connector_;
  }
  if (gate == Gate::kPaused)
    return Send(question, responder, connector::NotCompared(question.request()));
  if (gate == Gate::kOverBudget) {
    return Send(question, responder,
                connector::SourceDown(question.request(), /*forwarded=*/false));
  }
  connector->Answer({question.request(), question.permit(), question.time_left(),
                     question.exchange_id().ToText()},
                    [this, question, responder](connector::HolderAnswer given) {
                      Send(question, responder, std::move(given));
                    });
}

void Front::Send(const sdk::Question& question, const sdk::Responder& responder,
                 connector::HolderAnswer given) {
  if (question.cancelled()) return;
  const std::string outcome(
      absl::StripPrefix(v1::Outcome_Name(given.answer.outcome()), "OUTCOME_"));
  const absl::Status status = responder.Send(std::move(given.answer), given.restricted);
  if (!status.ok()) {
    diag::Warning("adapter.answer_not_sent", {{"document_kind", question.request().document_kind()},
                                              {"cause", std::string(status.message())}});
  }
  absl::MutexLock lock(&mu_);
  KindCounts& counts = counts_[question.request().document_kind()];
  if (status.ok()) {
    ++counts.outcomes[outcome];
  } else {
    ++counts.not_sent;
  }
}

std::map<std::string, KindCounts> Front::Counts() const {
  absl::MutexLock lock(&mu_);
  return counts_;
}

std::optional<connector::SourceHealth> Front::Health() const {
  std::shared_ptr<connector::Connector> connector;
  {
    absl::MutexLock lock(&mu_);
    connector = connector_;
  }
  if (connector == nullptr) return std::nullopt;
  return connector->Health();
}

}  // namespace chayan::adapter
