// The sql connector: a question comes, a SELECT runs on one of the pool's threads, an answer goes.
#ifndef CHAYAN_ADAPTERS_SQL_CONNECTOR_H_
#define CHAYAN_ADAPTERS_SQL_CONNECTOR_H_

#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "adapters/connector/connector.h"
#include "adapters/connector/pool.h"
#include "adapters/sql/config.h"
#include "gateway/base/clock.h"

namespace chayan::sql {

class SqlConnector final : public connector::Connector {
 public:
  using Pool = connector::Pool<Connection>;

  // `clock` outlives the connector.
  SqlConnector(const Clock& clock, AdapterSettings settings);
  // The same over connections that a test makes.
  SqlConnector(const Clock& clock, AdapterSettings settings, Pool::Connector connector);

  void Answer(const connector::Inquiry& inquiry, Done done) override;
  connector::SourceHealth Health() const override;
  // Opens a connection and closes it.
  absl::Status Probe() override;

  bool source_is_down() const { return pool_.source_is_down(); }

 private:
  struct Exchange;
  const KindPlan* FindPlan(const std::string& kind) const;
  absl::CivilDay Today() const;
  absl::Status Ask(Exchange& exchange, Connection& connection);
  // As of when the kind's data is; asked of the database once in a while.
  absl::StatusOr<absl::Time> AsOf(const KindPlan& plan, Connection& connection);
  static void Finish(Exchange& exchange, const absl::Status& status);

  const Clock& clock_;
  const AdapterSettings settings_;
  const Pool::Connector connect_;
  struct AsOfReading {
    absl::Duration read;  // by the clock's Elapsed()
    absl::Time as_of;
  };
  absl::Mutex mu_;
  std::map<std::string, AsOfReading> as_of_ ABSL_GUARDED_BY(mu_);  // by kind
  Pool pool_;  // last: its threads use what stands above
};

}  // namespace chayan::sql

#endif  // CHAYAN_ADAPTERS_SQL_CONNECTOR_H_
