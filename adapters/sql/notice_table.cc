#include "adapters/sql/notice_table.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "adapters/connector/notice_values.h"
#include "adapters/sql/config.h"
#include "adapters/sql/outcome_table.h"
#include "gateway/base/status_macros.h"

namespace chayan::sql {
namespace {

using connector::NoticeResult;
using connector::Place;

// A notice waits this long for a connection before the gateway is asked to send it again.
constexpr absl::Duration kWaitMax = absl::Seconds(30);

// The columns of chayan_inbox that a notice fills, in the order of their declaration.
constexpr v1::NoticeItem kInboxItems[] = {
    v1::NOTICE_ITEM_DELIVERY_ID, v1::NOTICE_ITEM_NOTICE_ID,
    v1::NOTICE_ITEM_NOTICE_KIND, v1::NOTICE_ITEM_SUBSCRIPTION,
    v1::NOTICE_ITEM_PUBLISHER,   v1::NOTICE_ITEM_ACTING_FOR,
    v1::NOTICE_ITEM_LEGAL_BASIS, v1::NOTICE_ITEM_EFFECTIVE_DATE,
    v1::NOTICE_ITEM_ACCEPT_TIME, v1::NOTICE_ITEM_ACKNOWLEDGE_BY_TIME,
    v1::NOTICE_ITEM_SUPERSEDES,  v1::NOTICE_ITEM_REVERSES,
    v1::NOTICE_ITEM_ENTRY_INDEX, v1::NOTICE_ITEM_EARLIER_MISSING,
};
constexpr v1::NoticePart kSubjectParts[] = {
    v1::NOTICE_PART_IDENTIFIER, v1::NOTICE_PART_FORMER_IDENTIFIER, v1::NOTICE_PART_NAME,
    v1::NOTICE_PART_BIRTH_DATE, v1::NOTICE_PART_PUBLISHER_KEY,
};

Statement Fixed(const std::string& text) {
  Statement statement{text, {}};
  // Values are bound by their place; the names are for whoever reads the settings.
  statement.parameters.resize(static_cast<size_t>(std::count(text.begin(), text.end(), '?')));
  return statement;
}

const Statement& FindInInbox() {
  static const Statement statement =
      Fixed("SELECT delivery_id FROM chayan_inbox WHERE delivery_id = ?");
  return statement;
}

const Statement& InsertIntoInbox() {
  static const Statement statement = Fixed(
      "INSERT INTO chayan_inbox (delivery_id, notice_id, notice_kind, subscription, "
      "publisher, acting_for, legal_basis, effective_date, accept_time, "
      "acknowledge_by_time, supersedes, reverses, entry_index, earlier_missing, test) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  return statement;
}

const Statement& InsertSubject() {
  static const Statement statement = Fixed(
      "INSERT INTO chayan_inbox_subject (delivery_id, place, number, former_number, name, "
      "birth_date, publisher_key) VALUES (?, ?, ?, ?, ?, ?, ?)");
  return statement;
}

const Statement& InsertElement() {
  static const Statement statement =
      Fixed("INSERT INTO chayan_inbox_element (delivery_id, code, value) VALUES (?, ?, ?)");
  return statement;
}

const Statement& InsertAccount() {
  static const Statement statement =
      Fixed("INSERT INTO chayan_inbox_account (delivery_id, account) VALUES (?, ?)");
  return statement;
}

absl::Status InsertParts(Connection& connection, const v1::DeliveredNotice& notice) {
  const Value id = notice.delivery_id();
  for (int i = 0; i < notice.subjects_size(); ++i) {
    std::vector<Value> values = {id, absl::StrCat(i)};
    for (const v1::NoticePart part : kSubjectParts) {
      CHAYAN_ASSIGN_OR_RETURN(values.emplace_back(),
                              connector::PartValue(part, notice.subjects(i), v1::DATE_FORM_ISO));
    }
    CHAYAN_RETURN_IF_ERROR(connection.Execute(InsertSubject(), values).status());
  }
  for (const v1::Claim& element : notice.payload()) {
    CHAYAN_ASSIGN_OR_RETURN(const Value value, connector::ElementValue(element, v1::DATE_FORM_ISO));
    const std::vector<Value> values = {id, element.code(), value};
    CHAYAN_RETURN_IF_ERROR(connection.Execute(InsertElement(), values).status());
  }
  for (const std::string& account : notice.customer_accounts()) {
    const std::vector<Value> values = {id, account};
    CHAYAN_RETURN_IF_ERROR(connection.Execute(InsertAccount(), values).status());
  }
  return absl::OkStatus();
}

absl::Status InsertNotice(Connection& connection, const v1::DeliveredNotice& notice) {
  std::vector<Value> values;
  for (const v1::NoticeItem item : kInboxItems) {
    CHAYAN_ASSIGN_OR_RETURN(values.emplace_back(),
                            connector::ItemValue(item, notice, v1::DATE_FORM_ISO));
  }
  values.emplace_back(notice.test() ? "1" : "0");
  CHAYAN_RETURN_IF_ERROR(connection.Execute(InsertIntoInbox(), values).status());
  return notice.test() ? absl::OkStatus() : InsertParts(connection, notice);
}

bool IsFor(const v1::NoticeStatement& statement, const std::string& kind) {
  const auto& kinds = statement.notice_kinds();
  return kinds.empty() || std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

void LoadStatement(const Place& place, const v1::NoticeStatement& settings,
                   NoticeTableSettings& table) {
  connector::CheckNoticeValues(place, "values", settings.values());
  if (settings.rejected_without_row() == v1::REJECTION_REASON_OTHER) {
    place.Fault("rejected_without_row", "OTHER needs words, write one of the other reasons");
  }
  if (!place.Require("statement", "\"UPDATE person SET … WHERE number = :number\"")) return;
  absl::StatusOr<Statement> statement = ParseWrite(settings.statement());
  if (!statement.ok()) return place.Fault("statement", statement.status().message());
  std::set<std::string> unused;
  for (const v1::NoticeValue& value : settings.values()) unused.insert(value.name());
  const std::set<std::string> defined = unused;
  for (const std::string& name : statement->parameters) {
    unused.erase(name);
    if (defined.contains(name)) continue;
    place.Fault("statement", absl::StrCat(":", name, " is not defined, add `values { name: \"",
                                          name, "\" … }`"));
  }
  for (const std::string& name : unused) {
    place.Fault("values", absl::StrCat("the statement has no :", name, ", remove it"));
  }
  table.statements.push_back({settings, *std::move(statement)});
}

}  // namespace

NoticeTableSettings LoadNoticeTable(connector::ConfigFile& file) {
  v1::NoticeSettings& notices = *file.config().mutable_notices();
  v1::NoticeDatabase& database = *notices.mutable_database();
  const Place place = file.place().Nested("notices", notices).Nested("database", database);
  NoticeTableSettings settings;
  settings.connect = LoadSource(file, place.Nested("source", database.source()),
                                *database.mutable_source(), /*writable=*/true);
  for (int i = 0; i < database.statements_size(); ++i) {
    LoadStatement(place.Nested("statements", database.statements(i), i), database.statements(i),
                  settings);
  }
  if (database.statements_acknowledge() && database.statements().empty()) {
    place.Fault("statements_acknowledge", "there is no statement, add one or remove it");
  }
  settings.database = database;
  return settings;
}

absl::StatusOr<std::vector<BoundStatement>> StatementsFor(const NoticeTableSettings& settings,
                                                          const v1::DeliveredNotice& notice) {
  std::vector<BoundStatement> bound;
  if (notice.test()) return bound;
  for (const NoticeStatement& statement : settings.statements) {
    if (!IsFor(statement.settings, notice.notice_kind())) continue;
    // In the order in which the statement names them.
    connector::NoticeValues values;
    for (const std::string& name : statement.statement.parameters) {
      for (const v1::NoticeValue& value : statement.settings.values()) {
        if (value.name() == name) *values.Add() = value;
      }
    }
    CHAYAN_ASSIGN_OR_RETURN(const auto rows, connector::ValueRows(values, notice));
    for (const std::vector<Value>& row : rows) bound.push_back({&statement, row});
  }
  return bound;
}

NoticeTable::NoticeTable(const Clock& clock, NoticeTableSettings settings)
    : clock_(clock),
      settings_(std::move(settings)),
      pool_(clock, PoolOptions(settings_.database.source()),
            [options = settings_.connect] { return Connect(options); }) {}

connector::SourceHealth NoticeTable::Health() const {
  return {pool_.source_is_down(), pool_.source_is_down() ? "the database counts as down" : ""};
}

absl::Status NoticeTable::Probe() {
  CHAYAN_ASSIGN_OR_RETURN(const auto connection, Connect(settings_.connect));
  const auto of = [](absl::string_view table, const absl::Status& status) {
    return status.ok()
               ? status
               : Annotate(status, absl::StrCat(table, " (adapters/sql/inbox.sql makes it)"));
  };
  const std::vector<Value> nobody = {std::nullopt};
  CHAYAN_RETURN_IF_ERROR(of("chayan_inbox", connection->Select(FindInInbox(), nobody).status()));
  CHAYAN_RETURN_IF_ERROR(of("chayan_none_today", ProbeNone(*connection)));
  if (!settings_.database.outcomes()) return absl::OkStatus();
  return of("chayan_outcome", ReadOutcomes(*connection).status());
}

absl::Status NoticeTable::Write(Connection& connection, const v1::DeliveredNotice& notice,
                                NoticeResult& result) const {
  // A value that cannot be bound is a fault of this notice, whatever the database.
  CHAYAN_ASSIGN_OR_RETURN(const std::vector<BoundStatement> statements,
                          StatementsFor(settings_, notice));
  bool known = false;
  const absl::Status status = connection.Transact([&]() -> absl::Status {
    const std::vector<Value> key = {notice.delivery_id()};
    CHAYAN_ASSIGN_OR_RETURN(const Rows found, connection.Select(FindInInbox(), key));
    known = !found.rows.empty();
    // Another adapter that inserts it at this moment makes one of the two fail; its retry finds it.
    if (!known) CHAYAN_RETURN_IF_ERROR(InsertNotice(connection, notice));
    for (const BoundStatement& bound : statements) {
      if (known) break;
      CHAYAN_ASSIGN_OR_RETURN(const int64_t touched,
                              connection.Execute(bound.of->statement, bound.values));
      const v1::RejectionReason reason = bound.of->settings.rejected_without_row();
      if (touched == 0 && reason != v1::REJECTION_REASON_UNSPECIFIED) {
        result = connector::Rejected(reason);
        return absl::NotFoundError("a statement touched no row");
      }
    }
    return absl::OkStatus();
  });
  if (result.settlement.state() == v1::DELIVERY_STATE_REJECTED) return absl::OkStatus();
  CHAYAN_RETURN_IF_ERROR(status);
  result = settings_.database.statements_acknowledge() && !statements.empty()
               ? connector::Acknowledged()
               : connector::Received();
  return absl::OkStatus();
}

void NoticeTable::Take(const v1::DeliveredNotice& notice, Done done) {
  const auto result = std::make_shared<NoticeResult>();
  pool_.Submit(
      clock_.Elapsed() + kWaitMax,
      [this, notice, result](Connection& connection) {
        *result = {};
        return Write(connection, notice, *result);
      },
      [result, done = std::move(done)](const absl::Status& status) {
        if (status.ok()) return done(std::move(*result));
        done(connector::NotTaken(connector::MeansSourceDown(status) || absl::IsCancelled(status)
                                     ? v1::NOT_TAKEN_REASON_SYSTEM_DOWN
                                     : v1::NOT_TAKEN_REASON_SYSTEM_REFUSED,
                                 status.message()));
      });
}

absl::Status NoticeTable::Run(connector::Pool<Connection>::Work work) {
  struct Ended {
    absl::Status status;
    absl::Notification notification;
  };
  const auto ended = std::make_shared<Ended>();
  pool_.Submit(clock_.Elapsed() + kWaitMax, std::move(work), [ended](const absl::Status& status) {
    ended->status = status;
    ended->notification.Notify();
  });
  // A driver that hangs never comes back.
  if (!ended->notification.WaitForNotificationWithTimeout(kWaitMax)) {
    return absl::DeadlineExceededError("the database does not answer");
  }
  return ended->status;
}

absl::StatusOr<std::vector<connector::Outcome>> NoticeTable::Outcomes() {
  // One that is down is asked no more for a while, then again: without notices nobody else would
  // find that it is back.
  if (!settings_.database.outcomes() || pool_.source_rests()) {
    return std::vector<connector::Outcome>();
  }
  const auto outcomes = std::make_shared<std::vector<connector::Outcome>>();
  CHAYAN_RETURN_IF_ERROR(Run([outcomes](Connection& connection) -> absl::Status {
    CHAYAN_ASSIGN_OR_RETURN(*outcomes, ReadOutcomes(connection));
    return absl::OkStatus();
  }));
  return std::move(*outcomes);
}

absl::Status NoticeTable::OutcomeTold(const connector::Outcome& outcome, const std::string& told) {
  return Run(
      [outcome, told](Connection& connection) { return WriteTold(connection, outcome, told); });
}

absl::Status NoticeTable::NoneToday(const v1::NoneToday& none) {
  return Run([none](Connection& connection) { return WriteNone(connection, none); });
}

}  // namespace chayan::sql
