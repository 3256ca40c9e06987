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

// Of the row as SelectUntold read it: an office that corrects it meanwhile is not told what came of
// the words before. Values are bound by their place; the names are for whoever reads this.
const Statement& UpdateTold() {
  static const Statement statement = {
      "UPDATE chayan_outcome SET told = ? WHERE told IS NULL AND delivery_id = ? AND state = ? "
      "AND COALESCE(case_number, '') = ? AND COALESCE(reason, '') = ? "
      "AND COALESCE(words, '') = ?",
      {"told", "delivery_id", "state", "case_number", "reason", "words"}};
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

// At most so many characters of UTF-8, each of them whole.
std::string FirstCharacters(const std::string& text, size_t count_max) {
  size_t count = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool begins = (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80;
    if (begins && ++count > count_max) return text.substr(0, i);
  }
  return text;
}

connector::Outcome OutcomeFrom(const std::vector<Value>& row) {
  const auto text = [&row](size_t column) { return row[column].value_or(""); };
  connector::Outcome outcome;
  outcome.row = row;
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

absl::Status WriteTold(Connection& connection, const connector::Outcome& outcome,
                       const std::string& told) {
  std::vector<Value> values = {FirstCharacters(told, kToldCharactersMax)};
  for (const Value& value : outcome.row) values.emplace_back(value.value_or(""));
  return connection.Transact([&] { return connection.Execute(UpdateTold(), values).status(); });
}

absl::Status ProbeNone(Connection& connection) {
  const std::vector<Value> nobody = {std::nullopt, std::nullopt};
  return connection.Select(FindNone(), nobody).status();
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
