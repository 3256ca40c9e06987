// Notices into a database: one transaction each, its row in the inbox (inbox.sql) and the agency's
// own statements. The key of that row makes a notice once, whatever comes twice.
#ifndef CHAYAN_ADAPTERS_SQL_NOTICE_TABLE_H_
#define CHAYAN_ADAPTERS_SQL_NOTICE_TABLE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "adapters/connector/config.h"
#include "adapters/connector/notice_sink.h"
#include "adapters/connector/pool.h"
#include "adapters/sql/odbc.h"
#include "chayan/v1/notice_sink.pb.h"
#include "gateway/base/clock.h"

namespace chayan::sql {

// One of the agency's own statements.
struct NoticeStatement {
  v1::NoticeStatement settings;
  Statement statement;
};

struct NoticeTableSettings {
  v1::NoticeDatabase database;  // paths absolute, defaults filled in
  ConnectOptions connect;       // holds secrets: never print it
  std::vector<NoticeStatement> statements;
};

// The part `notices.database` of a file; faults go to it. REQUIRES: it is there.
NoticeTableSettings LoadNoticeTable(connector::ConfigFile& file);

// A statement with the values that are bound to it.
struct BoundStatement {
  const NoticeStatement* of;
  std::vector<Value> values;
};
// What the agency's own statements do about this notice, in order; none for a trial.
absl::StatusOr<std::vector<BoundStatement>> StatementsFor(const NoticeTableSettings& settings,
                                                          const v1::DeliveredNotice& notice);

class NoticeTable final : public connector::NoticeSink {
 public:
  // `clock` outlives it.
  NoticeTable(const Clock& clock, NoticeTableSettings settings);

  void Take(const v1::DeliveredNotice& notice, Done done) override;
  absl::Status NoneToday(const v1::NoneToday& none) override;
  absl::StatusOr<std::vector<connector::Outcome>> Outcomes() override;
  absl::Status OutcomeTold(const connector::Outcome& outcome, const std::string& told) override;
  connector::SourceHealth Health() const override;
  // Asks for the tables of inbox.sql that it writes into, by name.
  absl::Status Probe() override;

 private:
  absl::Status Write(Connection& connection, const v1::DeliveredNotice& notice,
                     connector::NoticeResult& result) const;
  // Waits for its end, but not for a driver that hangs: `work` must own what it uses.
  absl::Status Run(connector::Pool<Connection>::Work work);

  const Clock& clock_;
  const NoticeTableSettings settings_;
  connector::Pool<Connection> pool_;  // last: its threads use what stands above
};

}  // namespace chayan::sql

#endif  // CHAYAN_ADAPTERS_SQL_NOTICE_TABLE_H_
