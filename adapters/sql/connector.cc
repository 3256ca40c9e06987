#include "adapters/sql/connector.h"

#include <optional>
#include <utility>

#include "gateway/base/diag.h"
#include "gateway/base/status_macros.h"

namespace chayan::sql {
namespace {

using connector::HolderAnswer;
using connector::NotCompared;

// Registers change by the day or, at best, by the transaction; a second more or less of "as of" is
// nothing, and asking each time was half of what a question cost the database.
constexpr absl::Duration kAsOfLife = absl::Seconds(1);

}  // namespace

// A question on its way through the pool.
struct SqlConnector::Exchange {
  const KindPlan* plan;
  v1::VerifyDocumentRequest request;
  v1::QuestionPermit permit;
  std::vector<Value> values;
  Done done;
  bool asked = false;
  std::optional<HolderAnswer> answer;
};

SqlConnector::SqlConnector(const Clock& clock, AdapterSettings settings)
    : SqlConnector(clock, settings, [options = settings.connect] { return Connect(options); }) {}

SqlConnector::SqlConnector(const Clock& clock, AdapterSettings settings, Pool::Connector connect)
    : clock_(clock),
      settings_(std::move(settings)),
      connect_(std::move(connect)),
      pool_(clock, PoolOptions(settings_.config.source()), connect_) {}

const KindPlan* SqlConnector::FindPlan(const std::string& kind) const {
  for (const KindPlan& plan : settings_.kinds) {
    if (plan.kind.code() == kind) return &plan;
  }
  return nullptr;
}

absl::CivilDay SqlConnector::Today() const {
  return absl::ToCivilDay(clock_.Now(), TaipeiTimeZone());
}

connector::SourceHealth SqlConnector::Health() const {
  return connector::HealthOf(pool_, settings_.kinds, "the database counts as down");
}

absl::Status SqlConnector::Probe() { return connect_().status(); }

void SqlConnector::Answer(const connector::Inquiry& inquiry, Done done) {
  const v1::VerifyDocumentRequest& request = inquiry.request;
  const KindPlan* plan = FindPlan(request.document_kind());
  const auto refuse = [&] { done(NotCompared(request)); };
  if (plan == nullptr || !connector::CanAnswerFor(*plan, request, Today())) return refuse();
  absl::StatusOr<std::vector<Value>> values =
      connector::BindValues(*plan, plan->query.parameters, request, Today());
  if (!values.ok()) {
    diag::Warning("sql.question_not_bindable", {{"document_kind", plan->kind.code()}});
    return refuse();
  }
  auto exchange = std::make_shared<Exchange>(Exchange{
      plan, request, inquiry.permit, *std::move(values), std::move(done), false, std::nullopt});
  pool_.Submit(
      clock_.Elapsed() + inquiry.timeout,
      [this, exchange](Connection& connection) { return Ask(*exchange, connection); },
      [exchange](const absl::Status& status) { Finish(*exchange, status); });
}

absl::StatusOr<absl::Time> SqlConnector::AsOf(const KindPlan& plan, Connection& connection) {
  if (!plan.as_of_query.has_value()) return clock_.Now();
  const absl::Duration now = clock_.Elapsed();
  {
    absl::MutexLock lock(&mu_);
    const auto found = as_of_.find(plan.kind.code());
    if (found != as_of_.end() && now - found->second.read < kAsOfLife) return found->second.as_of;
  }
  CHAYAN_ASSIGN_OR_RETURN(const Rows rows, connection.Select(*plan.as_of_query, {}));
  if (rows.rows.empty() || rows.rows.front().empty() || !rows.rows.front().front().has_value()) {
    return absl::InternalError("the as_of_query returned no value");
  }
  CHAYAN_ASSIGN_OR_RETURN(const absl::Time as_of, connector::ParseAsOf(*rows.rows.front().front()));
  absl::MutexLock lock(&mu_);
  as_of_[plan.kind.code()] = {now, as_of};
  return as_of;
}

absl::Status SqlConnector::Ask(Exchange& exchange, Connection& connection) {
  const KindPlan& plan = *exchange.plan;
  exchange.asked = true;
  // Before the data: an answer may be newer than it says, never older.
  CHAYAN_ASSIGN_OR_RETURN(const absl::Time as_of, AsOf(plan, connection));
  CHAYAN_ASSIGN_OR_RETURN(const Rows rows, connection.Select(plan.query, exchange.values));
  CHAYAN_RETURN_IF_ERROR(connector::CheckColumns(plan, rows));
  if (const absl::Status fault = rows.CheckValues(); !fault.ok()) {
    diag::Warning("sql.answer_not_readable",
                  {{"document_kind", plan.kind.code()}, {"cause", std::string(fault.message())}});
    exchange.answer = NotCompared(exchange.request);
    return absl::OkStatus();
  }
  exchange.answer = connector::AnswerFromRows(plan, exchange.request, exchange.permit, rows, as_of);
  return absl::OkStatus();
}

void SqlConnector::Finish(Exchange& exchange, const absl::Status& status) {
  if (!status.ok()) {
    diag::Warning("sql.not_answered", {{"document_kind", exchange.plan->kind.code()},
                                       {"status", absl::StatusCodeToString(status.code())},
                                       {"cause", std::string(status.message())}});
    exchange.answer = connector::SourceDown(exchange.request, exchange.asked);
  }
  exchange.done(*std::move(exchange.answer));
}

}  // namespace chayan::sql
