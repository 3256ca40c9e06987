// The http connector: a question becomes a request, the answer becomes rows or a rule's outcome.
//
// Whatever the system answers, the worst it can do is SOURCE_DOWN (nothing usable came) or
// NOT_COMPARED (it came, and is not what the configuration describes).
#ifndef CHAYAN_ADAPTERS_HTTP_CONNECTOR_H_
#define CHAYAN_ADAPTERS_HTTP_CONNECTOR_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "adapters/connector/connector.h"
#include "adapters/connector/pool.h"
#include "adapters/http/config.h"
#include "gateway/base/clock.h"
#include "gateway/fetch/client.h"

namespace chayan::http_connector {

class HttpConnector final : public connector::Connector {
 public:
  // `clock` outlives the connector.
  static absl::StatusOr<std::unique_ptr<HttpConnector>> Create(const Clock& clock,
                                                               Settings settings);
  // The same over a client that a replay gives.
  HttpConnector(const Clock& clock, Settings settings, std::unique_ptr<fetch::Client> client);

  void Answer(const connector::Inquiry& inquiry, Done done) override;
  connector::SourceHealth Health() const override;
  // Asks for probe_path, or without one for a connection alone.
  absl::Status Probe() override;

 private:
  struct Exchange;
  // What a thread of the pool keeps: nothing, the client has the connections.
  struct Turn {};

  const KindPlan* FindPlan(const std::string& kind) const;
  absl::Status Ask(Exchange& exchange);
  absl::StatusOr<fetch::Request> NewRequest(const Exchange& exchange, std::string& access_token);
  absl::StatusOr<fetch::Response> Send(Exchange& exchange);
  static void Read(Exchange& exchange, const fetch::Response& response, absl::Time asked);

  const Clock& clock_;
  const Settings settings_;
  const std::unique_ptr<fetch::Client> client_;
  std::unique_ptr<OauthTokens> tokens_;
  connector::Pool<Turn> pool_;  // last: its threads use what stands above
};

// The answer to one question from what the system said. Pure; what `check` replays. `asked` is
// when: the data is as of then unless the answer says otherwise.
connector::HolderAnswer AnswerFromResponse(const KindPlan& plan,
                                           const v1::VerifyDocumentRequest& request,
                                           const v1::QuestionPermit& permit,
                                           const fetch::Response& response, absl::Time asked);

}  // namespace chayan::http_connector

#endif  // CHAYAN_ADAPTERS_HTTP_CONNECTOR_H_
