// The sql connector: a question comes, a SELECT runs on one of the pool's threads, an answer goes.
// It always answers: what cannot be asked of the source is SOURCE_DOWN, what cannot be told is
// NOT_COMPARED. A guess is never an answer.
#ifndef CHAYAN_ADAPTERS_SQL_CONNECTOR_H_
#define CHAYAN_ADAPTERS_SQL_CONNECTOR_H_

#include <functional>
#include <memory>
#include <vector>

#include "absl/time/time.h"
#include "adapters/sql/answer.h"
#include "adapters/sql/config.h"
#include "adapters/sql/pool.h"
#include "chayan/v1/adapter_link_service.pb.h"
#include "chayan/v1/verification_service.pb.h"
#include "gateway/base/clock.h"

namespace chayan::sql {

// Thread-safe.
class SqlConnector {
 public:
  using Done = std::function<void(HolderAnswer)>;

  // `clock` outlives the connector.
  SqlConnector(const Clock& clock, AdapterSettings settings);
  // The same over connections that a test makes.
  SqlConnector(const Clock& clock, AdapterSettings settings, Pool::Connector connector);

  // Returns at once; `done` is called once, on any thread, for good or ill. Nobody waits for it
  // beyond `timeout`.
  void Answer(const v1::VerifyDocumentRequest& request, const v1::QuestionPermit& permit,
              absl::Duration timeout, Done done);

  const std::vector<KindPlan>& kinds() const { return settings_.kinds; }
  bool source_is_down() const { return pool_.source_is_down(); }

 private:
  struct Exchange;
  const KindPlan* FindPlan(const std::string& kind) const;
  absl::CivilDay Today() const;
  absl::Status Ask(Exchange& exchange, Connection& connection) const;
  static void Finish(Exchange& exchange, const absl::Status& status);

  const Clock& clock_;
  const AdapterSettings settings_;
  Pool pool_;  // last: its threads use what stands above
};

}  // namespace chayan::sql

#endif  // CHAYAN_ADAPTERS_SQL_CONNECTOR_H_
