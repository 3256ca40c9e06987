#include "adapters/sql/outcome_table.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/base/clock.h"
#include "gateway/base/status_macros.h"

namespace chayan::sql {
namespace {

// Of chayan_outcome.told.
constexpr size_t kToldCharactersMax = 200;

const Statement& SelectUntold() {
  static const Statement statement = {
      "SELECT delivery_id, state, case_number, reason, words FROM chayan_outcome "
      "WHERE told IS NULL ORDER BY delivery_id",
      {}};
  return statement;
}

// Values are bound by their place; the names are for whoever reads this.
const Statement& UpdateTold() {
  static const Statement statement = {"UPDATE chayan_outcome SET told = ? WHERE delivery_id = ?",
                                      {"told", "delivery_id"}};
  return statement;
}

const Statement& FindNone() {
  static const Statement statement = {
      "SELECT entry_index FROM chayan_none_today WHERE subscription = ? AND period_end_time = ?",
      {"subscription", "period_end_time"}};
  return statement;
}

const Statement& InsertNone() {
  static const Statement statement = {
      "INSERT INTO chayan_none_today (subscription, period_end_time, entry_index) VALUES (?, ?, ?)",
      {"subscription", "period_end_time", "entry_index"}};
  return statement;
}

connector::Outcome OutcomeFrom(const std::vector<Value>& row) {
  const auto text = [&row](size_t column) { return row[column].value_or(""); };
  connector::Outcome outcome;
  v1::DeliveryReceipt& settlement = outcome.settlement;
  settlement.set_delivery_id(text(0));
  settlement.set_recipient_case_number(text(2));
  if (text(1) == "ACKNOWLEDGED") {
    settlement.set_state(v1::DELIVERY_STATE_ACKNOWLEDGED);
    return outcome;
  }
  if (text(1) != "REJECTED") {
    outcome.fault = "state: write ACKNOWLEDGED or REJECTED";
    return outcome;
  }
  settlement.set_state(v1::DELIVERY_STATE_REJECTED);
  v1::RejectionReason reason = v1::REJECTION_REASON_UNSPECIFIED;
  if (!v1::RejectionReason_Parse(absl::StrCat("REJECTION_REASON_", text(3)), &reason) ||
      reason == v1::REJECTION_REASON_UNSPECIFIED) {
    outcome.fault =
        "reason: write NOT_OURS, NO_SUCH_PERSON, DATA_DOUBT, DUPLICATE or OTHER with words";
  }
  settlement.set_rejection_reason(reason);
  settlement.set_rejection_text(text(4));
  return outcome;
}

}  // namespace

absl::StatusOr<std::vector<connector::Outcome>> ReadOutcomes(Connection& connection) {
  CHAYAN_ASSIGN_OR_RETURN(const Rows rows, connection.Select(SelectUntold(), {}));
  std::vector<connector::Outcome> outcomes;
  for (const std::vector<Value>& row : rows.rows) outcomes.push_back(OutcomeFrom(row));
  return outcomes;
}

absl::Status WriteTold(Connection& connection, const std::string& delivery_id,
                       const std::string& told) {
  const std::vector<Value> values = {told.substr(0, kToldCharactersMax), delivery_id};
  return connection.Transact([&] { return connection.Execute(UpdateTold(), values).status(); });
}

absl::Status WriteNone(Connection& connection, const v1::NoneToday& none) {
  const Value end = FormatTimestamp(absl::FromUnixSeconds(none.period_end_time().seconds()));
  return connection.Transact([&]() -> absl::Status {
    const std::vector<Value> key = {none.subscription(), end};
    CHAYAN_ASSIGN_OR_RETURN(const Rows found, connection.Select(FindNone(), key));
    if (!found.rows.empty()) return absl::OkStatus();
    const std::vector<Value> row = {none.subscription(), end, absl::StrCat(none.entry_index())};
    return connection.Execute(InsertNone(), row).status();
  });
}

}  // namespace chayan::sql
